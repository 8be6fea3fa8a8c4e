//! How often a small difference of neighbours follows another one: the subtractive pixel adjacency matrix (SPAM) of Pevny,
//! Bas and Fridrich (2010), first order, cut at 2.
//!
//! Pairs that a mirror, a turn or a negative of the picture would swap are counted as one, which leaves 9 of 25.

use filigrane_frame::Plane;

pub(super) const NAMES: [&str; 27] = [
    "transitions_across_0_0",
    "transitions_across_0_1",
    "transitions_across_0_2",
    "transitions_across_1_1",
    "transitions_across_1_back_1",
    "transitions_across_1_2",
    "transitions_across_1_back_2",
    "transitions_across_2_2",
    "transitions_across_2_back_2",
    "transitions_down_0_0",
    "transitions_down_0_1",
    "transitions_down_0_2",
    "transitions_down_1_1",
    "transitions_down_1_back_1",
    "transitions_down_1_2",
    "transitions_down_1_back_2",
    "transitions_down_2_2",
    "transitions_down_2_back_2",
    "transitions_diagonal_0_0",
    "transitions_diagonal_0_1",
    "transitions_diagonal_0_2",
    "transitions_diagonal_1_1",
    "transitions_diagonal_1_back_1",
    "transitions_diagonal_1_2",
    "transitions_diagonal_1_back_2",
    "transitions_diagonal_2_2",
    "transitions_diagonal_2_back_2",
];

/// Kinds of pairs; values of a difference; pairs of them.
const KINDS: usize = 9;
const VALUES: usize = 5;
const PAIRS: usize = VALUES * VALUES;

pub(super) fn measure(picture: &Plane<f32>, out: &mut Vec<f64>) {
    for directions in [&[(1, 0)][..], &[(0, 1)], &[(1, 1), (-1, 1)]] {
        let mut counts = [0_u32; PAIRS];
        for &(dx, dy) in directions {
            count(&quantised(picture, dx, dy), dx, dy, &mut counts);
        }
        let all: u32 = counts.iter().sum();
        let mut kinds = [0_u32; KINDS];
        for (pair, count) in counts.into_iter().enumerate() {
            kinds[kind(pair)] += count;
        }
        out.extend(kinds.map(|count| f64::from(count) / f64::from(all.max(1))));
    }
}

/// The kind of a pair of differences, in the order of the names.
fn kind(pair: usize) -> usize {
    let (first, second) = ((pair / VALUES) as i32 - 2, (pair % VALUES) as i32 - 2);
    let (small, large) = (first.abs().min(second.abs()), first.abs().max(second.abs()));
    let back = usize::from(first * second < 0);
    match (small, large) {
        (0, 0) => 0,
        (0, 1) => 1,
        (0, _) => 2,
        (1, 1) => 3 + back,
        (1, _) => 5 + back,
        _ => 7 + back,
    }
}

/// The columns of a plane of that width from which a step of `dx` stays inside: the first, and how many.
fn inside(width: usize, dx: isize) -> (usize, usize) {
    (if dx < 0 { dx.unsigned_abs() } else { 0 }, width - dx.unsigned_abs())
}

/// `f(x + dx, y + dy) - f(x, y)`, rounded half towards zero and cut to -2 to 2, plus 2.
fn quantised(picture: &Plane<f32>, dx: isize, dy: usize) -> Plane<u8> {
    let (from, width) = inside(picture.width(), dx);
    let to = from.saturating_add_signed(dx);
    let mut out = Plane::new(width, picture.height() - dy);
    for y in 0..out.height() {
        let (here, there) = (&picture.row(y)[from..][..width], &picture.row(y + dy)[to..][..width]);
        for ((out, here), there) in out.row_mut(y).iter_mut().zip(here).zip(there) {
            let change = there - here;
            let up = u8::from(change > 0.5) + u8::from(change > 1.5);
            *out = 2 + up - u8::from(change < -0.5) - u8::from(change < -1.5);
        }
    }
    out
}

fn count(values: &Plane<u8>, dx: isize, dy: usize, counts: &mut [u32; PAIRS]) {
    let (from, width) = inside(values.width(), dx);
    let to = from.saturating_add_signed(dx);
    // Two tables: equal pairs in turn would wait for each other.
    let mut tables = [[0_u32; 32]; 2];
    for y in 0..values.height() - dy {
        let (here, there) = (&values.row(y)[from..][..width], &values.row(y + dy)[to..][..width]);
        for (index, (here, there)) in here.iter().zip(there).enumerate() {
            tables[index % 2][usize::from((here * VALUES as u8 + there) & 31)] += 1;
        }
    }
    for (pair, count) in counts.iter_mut().enumerate() {
        *count += tables[0][pair] + tables[1][pair];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(picture: &Plane<f32>) -> Vec<f64> {
        let mut found = Vec::new();
        measure(picture, &mut found);
        found
    }

    #[test]
    fn shares_of_each_direction_add_up_to_one() {
        let picture = Plane::from_fn(128, 160, |x, y| ((x * x + 3 * y * y) % 17) as f32);
        for shares in measured(&picture).chunks(KINDS) {
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_slope_and_a_zigzag_are_told_apart() {
        let of =
            |found: &[f64], name: &str| found[NAMES.iter().position(|known| *known == name).expect(name)];
        let slope = measured(&Plane::from_fn(128, 128, |x, _| x as f32));
        assert_eq!(of(&slope, "transitions_across_1_1"), 1.0);
        assert_eq!(of(&slope, "transitions_down_0_0"), 1.0);
        assert_eq!(of(&slope, "transitions_diagonal_1_1"), 1.0);
        let zigzag = measured(&Plane::from_fn(128, 128, |x, _| (x % 2) as f32 * 40.0));
        assert_eq!(of(&zigzag, "transitions_across_2_back_2"), 1.0);
    }

    #[test]
    fn a_negative_and_a_turned_picture_give_the_same_shares() {
        let picture = Plane::from_fn(128, 128, |x, y| ((x * 7 + y * y * 3 + x * y) % 11) as f32);
        let found = measured(&picture);
        let negative = Plane::from_fn(128, 128, |x, y| 255.0 - picture.row(y)[x]);
        let turned = Plane::from_fn(128, 128, |x, y| picture.row(127 - y)[127 - x]);
        assert_eq!(measured(&negative), found);
        assert_eq!(measured(&turned), found);
    }
}
