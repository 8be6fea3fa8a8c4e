use crate::fingerprint::Fingerprint;
use crate::grid::{Bits, CELLS, bits};
use crate::sampler::Samples;
use crate::view::View;

/// Blocks of 2 x 2 cells along each axis.
const BLOCKS: usize = CELLS / 2;
/// Keys of one picture, each of blocks of its own.
const BANDS: usize = 8;
/// Bits of a key, beside the number of its band.
const WIDTH: usize = BLOCKS * BLOCKS / BANDS;
/// Most pictures of a registered clip that it is found by.
const REGISTERED: usize = 8;
/// Most pictures of the clip at hand that are looked up.
const ASKED: usize = 12;
/// Fewest sure cells of a picture that tells clips apart: black, fades and titles are alike everywhere.
const FEWEST: u32 = 256;
/// Bits of a key, the least sure ones, that are tried both ways for clips that are not turned.
const DOUBTS: usize = 2;

impl Fingerprint {
    /// Keys that a registry finds the clip by (SPEC.md section 7).
    pub fn keys(&self) -> Vec<u64> {
        let telling: Vec<&Bits> =
            self.hashes.iter().map(|hash| &hash.bits).filter(|bits| is_telling(bits)).collect();
        let step = telling.len().div_ceil(REGISTERED).max(1);
        let keys = telling.iter().step_by(step).flat_map(|bits| {
            let votes = votes(bits);
            (0..BANDS).map(move |band| key(&votes, band))
        });
        sorted(keys.collect())
    }
}

/// Keys to look a clip up by; those of the unturned and mirrored clip first, since most copies are found by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probes {
    /// As the clip is, and mirrored left to right.
    pub upright: Vec<u64>,
    /// In the other six orientations.
    pub turned: Vec<u64>,
}

impl Probes {
    /// Of the pictures kept of a clip.
    pub fn of(samples: &Samples) -> Self {
        let step = samples.pictures.len().div_ceil(ASKED).max(1);
        Self::seen(samples.pictures.iter().step_by(step).map(|(_, picture)| bits(picture, View::WHOLE)))
    }

    /// Of a fingerprint of the clip, where its pictures are not at hand.
    pub fn of_fingerprint(fingerprint: &Fingerprint) -> Self {
        let step = fingerprint.hashes.len().div_ceil(ASKED).max(1);
        Self::seen(fingerprint.hashes.iter().step_by(step).map(|hash| hash.bits))
    }

    fn seen(bits: impl Iterator<Item = Bits>) -> Self {
        let seen: Vec<Votes> = bits.filter(is_telling).map(|bits| votes(&bits)).collect();
        let probes = |views: &[View], doubts: usize| {
            let votes = views.iter().flat_map(|view| seen.iter().map(|votes| turned(votes, *view)));
            let keys = votes.flat_map(|votes| (0..BANDS).flat_map(move |band| doubted(&votes, band, doubts)));
            sorted(keys.collect())
        };
        let views = View::orientations();
        let (upright, turned) = views.split_at(2);
        Self { upright: probes(upright, DOUBTS), turned: probes(turned, 0) }
    }
}

/// For each block, how many of its cells are brighter than their neighbourhood less those that are not; sure cells
/// count double.
type Votes = [i8; BLOCKS * BLOCKS];

fn is_telling(bits: &Bits) -> bool {
    bits.sure.iter().map(|word| word.count_ones()).sum::<u32>() >= FEWEST
}

fn votes(bits: &Bits) -> Votes {
    let mut votes = [0; BLOCKS * BLOCKS];
    for cell in 0..CELLS * CELLS {
        let bit = |words: &[u64]| words[cell / 64] >> (cell % 64) & 1 == 1;
        let weight = if bit(&bits.sure) { 2 } else { 1 };
        let block = cell / CELLS / 2 * BLOCKS + cell % CELLS / 2;
        votes[block] += if bit(&bits.brighter) { weight } else { -weight };
    }
    votes
}

/// The votes of the original, of which the clip is seen in this orientation.
fn turned(votes: &Votes, view: View) -> Votes {
    let Some(inverse) = view.inverse() else { return *votes };
    std::array::from_fn(|block| {
        let centre = |index: usize| (index as f64 + 0.5) / BLOCKS as f64;
        let (x, y) = inverse.apply(centre(block % BLOCKS), centre(block / BLOCKS));
        let place = |value: f64| ((value * BLOCKS as f64) as usize).min(BLOCKS - 1);
        votes[place(y) * BLOCKS + place(x)]
    })
}

/// The blocks of a band. Half of the bands are spread over the whole picture (11 has no factor in common with the number
/// of blocks); the others are every second block of a quarter of the picture, from top to bottom: what is laid over one
/// part of it leaves the rest alone.
fn band_blocks(band: usize) -> impl Iterator<Item = usize> {
    (0..WIDTH).map(move |bit| match band.checked_sub(BANDS / 2) {
        None => (bit * BANDS + band) * 11 % (BLOCKS * BLOCKS),
        Some(strip) => {
            let (row, column) = (bit / (BLOCKS / 2), bit % (BLOCKS / 2) * 2);
            (strip * WIDTH * 2 / BLOCKS + row) * BLOCKS + column + row % 2
        }
    })
}

fn key(votes: &Votes, band: usize) -> u64 {
    band_blocks(band).fold(band as u64, |key, block| key << 1 | u64::from(votes[block] > 0))
}

/// The key of a band, and what it would be with its `doubts` least sure bits the other way.
fn doubted(votes: &Votes, band: usize, doubts: usize) -> impl Iterator<Item = u64> + use<> {
    let key = key(votes, band);
    let mut blocks: Vec<(u8, usize)> = band_blocks(band)
        .enumerate()
        .map(|(bit, block)| (votes[block].unsigned_abs(), WIDTH - 1 - bit))
        .collect();
    blocks.sort_unstable();
    let doubts: Vec<usize> = blocks.iter().take(doubts).map(|(_, bit)| *bit).collect();
    (0..1_u64 << doubts.len()).map(move |which| {
        doubts.iter().enumerate().fold(key, |key, (index, bit)| key ^ (which >> index & 1) << bit)
    })
}

fn sorted(mut keys: Vec<u64>) -> Vec<u64> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_band_has_blocks_of_its_own_and_keys_tell_bands_apart() {
        for half in [0..BANDS / 2, BANDS / 2..BANDS] {
            let mut seen: Vec<usize> = half.clone().flat_map(band_blocks).collect();
            assert_eq!(seen.len(), WIDTH * BANDS / 2);
            seen.sort_unstable();
            seen.dedup();
            assert_eq!((seen.len(), seen.last().is_some_and(|last| *last < 256)), (WIDTH * BANDS / 2, true));
        }
        let votes = [1; BLOCKS * BLOCKS];
        let keys = sorted((0..BANDS).map(|band| key(&votes, band)).collect());
        assert_eq!(keys.len(), BANDS);
        assert_eq!(keys[0], 0xffff_ffff);
    }

    #[test]
    fn doubts_turn_the_least_sure_bits_and_no_others() {
        let mut votes = [8; BLOCKS * BLOCKS];
        let blocks: Vec<usize> = band_blocks(3).collect();
        votes[blocks[0]] = -1;
        votes[blocks[31]] = 2;
        let first = key(&votes, 3);
        assert_eq!(first, 3 << 32 | 0x7fff_ffff);
        let keys = sorted(doubted(&votes, 3, 2).collect());
        assert_eq!(keys, [0x7fff_fffe, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff].map(|key| 3 << 32 | key));
        assert_eq!(doubted(&votes, 3, 0).collect::<Vec<_>>(), [first]);
    }

    #[test]
    fn turning_votes_is_turning_the_picture() {
        let votes: Votes = std::array::from_fn(|block| if block == 1 { 7 } else { 0 });
        let at = |view: usize| turned(&votes, View::orientations()[view]).iter().position(|vote| *vote == 7);
        assert_eq!((at(0), at(1), at(2)), (Some(1), Some(14), Some(241)));
        assert_eq!(at(4), Some(16));
    }
}
