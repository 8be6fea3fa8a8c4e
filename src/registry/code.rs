//! Perceptual codes of 256 bits, found by codes that differ from them in a few bits (SPEC.md section 10).

/// A code: the body of an ISCC Video-Code, or any other of its length.
pub type Code = [u8; 32];

/// Bits of a part by which codes are found; a code has eight.
const PART: u32 = 32;
/// Fewest bits set in a code that is found by its parts. Those of blank and still pictures have fewer, and are alike
/// everywhere.
const FEWEST: u32 = 32;

/// A registered code that lies near the one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Name of the manifest.
    pub urn: crate::Urn,
    /// Bits that differ, of those asked for.
    pub distance: u32,
}

/// Its parts, each with its number in the upper half.
fn parts(code: &Code) -> impl Iterator<Item = u64> {
    let numbered = (0_u64..).zip(code.as_chunks::<4>().0);
    numbered.map(|(number, part)| number << PART | u64::from(u32::from_be_bytes(*part)))
}

/// The parts that a code is registered under.
pub(crate) fn registered(code: &Code) -> Vec<u64> {
    let set: u32 = code.iter().map(|byte| byte.count_ones()).sum();
    if set < FEWEST { Vec::new() } else { parts(code).collect() }
}

/// The parts that codes near the first `bits` of this one have: each part as it is, and with any one bit turned. Of eight
/// parts at least one comes so near whenever at most 15 of 256 bits differ.
pub(crate) fn probes(code: &Code, bits: u32) -> Vec<u64> {
    let whole = parts(code).take((bits / PART) as usize);
    let exact: Vec<u64> = whole.collect();
    let turned = exact.iter().flat_map(|part| (0..PART).map(move |bit| part ^ 1 << bit));
    exact.iter().copied().chain(turned).collect()
}

/// Of the first `bits` bits of two codes, how many differ.
pub(crate) fn distance(one: &Code, other: &Code, bits: u32) -> u32 {
    let bytes = one.iter().zip(other).take((bits / 8) as usize);
    bytes.map(|(a, b)| (a ^ b).count_ones()).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_that_differs_in_fifteen_bits_shares_a_probed_part() {
        let code: Code = std::array::from_fn(|index| (index * 37 + 11) as u8);
        let probes: BTreeSet<u64> = probes(&code, 256).into_iter().collect();
        assert_eq!(probes.len(), 8 * 33);
        let mut state = 5_u32;
        for _ in 0..500 {
            let mut other = code;
            for _ in 0..15 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                other[(state >> 8) as usize % 32] ^= 1 << (state >> 16 & 7);
            }
            assert!(distance(&code, &other, 256) <= 15);
            assert!(registered(&other).iter().any(|part| probes.contains(part)));
        }
    }

    #[test]
    fn blank_codes_are_not_registered_and_short_ones_are_compared_as_far_as_they_go() {
        assert_eq!(registered(&[0; 32]), Vec::<u64>::new());
        let code = [0xa5; 32];
        assert_eq!(registered(&code)[7], 7 << 32 | 0xa5a5_a5a5);
        let mut other = code;
        other[0] ^= 3;
        other[9] ^= 1;
        assert_eq!((distance(&code, &other, 64), distance(&code, &other, 256)), (2, 3));
        assert_eq!(probes(&code, 64).len(), 2 * 33);
    }
}
