use crate::payload::{MESSAGE_BITS, Payload};
use crate::polar::PolarCode;

/// Bits of a code word.
pub(crate) const CODE_BITS: usize = 256;
/// Candidates that the decoder keeps at every hypothesis worth decoding: 2 ms.
pub(crate) const LIST: usize = 32;
/// Candidates kept where a mark surely is, but its bits were not read: 0.6 dB nearer to the likeliest word of all, 100 ms.
pub(crate) const LONG_LIST: usize = 2048;

fn polar() -> PolarCode {
    PolarCode::new(CODE_BITS.ilog2(), MESSAGE_BITS)
}

/// The code bits of a payload (SPEC.md §4).
pub(crate) fn encode(payload: Payload) -> Vec<bool> {
    polar().encode(&payload.message())
}

/// The payloads whose checksum holds among the `list` likeliest messages found, best first; `likelihoods` as
/// log-likelihood ratios, positive for 0.
pub(crate) fn decode(likelihoods: &[f32], list: usize) -> impl Iterator<Item = Payload> {
    polar().decode(likelihoods, list).into_iter().filter_map(|message| Payload::from_message(&message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_word_is_the_one_of_the_specification() {
        let bits = encode(Payload(0x0123_4567_89ab_cdef));
        let bytes: String = bits
            .chunks_exact(8)
            .map(|byte| format!("{:02x}", byte.iter().fold(0u8, |byte, &bit| byte << 1 | u8::from(bit))))
            .collect();
        assert!(include_str!("../../SPEC.md").contains(&format!("\n{bytes}\n")), "{bytes}");
        let check = Payload(0x0123_4567_89ab_cdef).message()[64..]
            .iter()
            .fold(0u32, |n, &bit| n << 1 | u32::from(bit));
        assert!(
            include_str!("../../SPEC.md").contains(&format!("`0123456789abcdef` is `{check:04x}`")),
            "{check:04x}"
        );
    }
}
