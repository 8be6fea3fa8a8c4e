use filigrane_signal::Complex32;
use nalgebra::{DMatrix, DVector};

use crate::fold::{AROUND, Observation};

/// Share of the mean noise power that is added to every segment's own: keeps the weights finite and smooth.
const RIDGE: f64 = 0.03;
/// Segments below which there is nothing to weigh.
const FEWEST: usize = 3;

/// The sum of all observations, each with its weight.
pub(crate) fn weighted(observations: &[Observation], weights: &[f32]) -> Observation {
    let (Some(first), true) = (observations.first(), observations.len() == weights.len()) else {
        return Observation { values: Vec::new(), around: Vec::new() };
    };
    let zero = Complex32::default();
    let mut sum =
        Observation { values: vec![zero; first.values.len()], around: vec![zero; first.around.len()] };
    for (observation, &weight) in observations.iter().zip(weights) {
        for (sum, value) in sum.values.iter_mut().zip(&observation.values) {
            *sum += value * weight;
        }
        for (sum, value) in sum.around.iter_mut().zip(&observation.around) {
            *sum += value * weight;
        }
    }
    sum
}

/// Weights of the segments that make the lines stand out most from the noise around them, whatever the lines' phases:
/// the leading generalised eigenvector of the covariances over time of lines and of noise (the beamformer of maximum
/// signal-to-noise ratio; Van Veen, Buckley 1988, §II.D). Standing content is subtracted where it outlasts the mark.
///
/// Phases are not looked at, so the choice costs nothing of the stated false-alarm rate. `None` with too few segments.
pub(crate) fn best_weights(observations: &[Observation]) -> Option<Vec<f32>> {
    let count = observations.len();
    if count < FEWEST {
        return None;
    }
    let plain = weighted(observations, &vec![1.0; count]);
    // Each line counts by its own noise, or the coarsest would decide alone.
    let gains: Vec<f32> =
        plain.around.chunks(AROUND).map(|around| 1.0 / power(around).max(f32::MIN_POSITIVE)).collect();
    let lines = covariance(observations, |observation| &observation.values, |line| gains[line], count);
    let noise =
        covariance(observations, |observation| &observation.around, |place| gains[place / AROUND], count);
    let ridge = RIDGE * noise.trace() / count as f64;
    let root = (noise + DMatrix::identity(count, count) * ridge).cholesky()?.l();
    let half = root.solve_lower_triangular(&lines)?;
    let white = root.solve_lower_triangular(&half.transpose())?;
    let eigen = white.symmetric_eigen();
    let leading = (0..count).max_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]))?;
    let vector: DVector<f64> = eigen.eigenvectors.column(leading).into_owned();
    // The course of the mark's strength that these weights fit; more of it is there than is missing.
    let sign = if (&root * &vector).sum() < 0.0 { -1.0 } else { 1.0 };
    let weights = root.transpose().solve_upper_triangular(&vector)? * sign;
    let largest = weights.amax();
    (largest.is_finite() && largest > 0.0)
        .then(|| weights.iter().map(|weight| (weight / largest) as f32).collect())
}

/// Mean over the places of the products of two segments' values.
fn covariance<'a>(
    observations: &'a [Observation],
    places: impl Fn(&'a Observation) -> &'a Vec<Complex32>,
    gain: impl Fn(usize) -> f32,
    count: usize,
) -> DMatrix<f64> {
    let scaled: Vec<Vec<Complex32>> = observations
        .iter()
        .map(|observation| {
            places(observation).iter().enumerate().map(|(place, value)| value * gain(place).sqrt()).collect()
        })
        .collect();
    let mut matrix = DMatrix::zeros(count, count);
    for (row, one) in scaled.iter().enumerate() {
        for (column, other) in scaled.iter().enumerate().take(row + 1) {
            let product: f32 = one.iter().zip(other).map(|(a, b)| a.re * b.re + a.im * b.im).sum();
            let mean = f64::from(product) / one.len().max(1) as f64;
            matrix[(row, column)] = mean;
            matrix[(column, row)] = mean;
        }
    }
    matrix
}

fn power(values: &[Complex32]) -> f32 {
    values.iter().map(|value| value.norm_sqr()).sum::<f32>() / values.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(state: &mut u64) -> f32 {
        let mut sum = 0.0;
        for _ in 0..4 {
            *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            sum += (*state >> 40) as f32 / (1u64 << 24) as f32 - 0.5;
        }
        sum
    }

    /// A mark in the first segment alone, under content that stays: the rest must be subtracted.
    #[test]
    fn standing_content_is_subtracted_where_it_outlasts_the_mark() {
        let mut state = 7;
        let lines = 120;
        let mut draw = |count: usize| -> Vec<Complex32> {
            (0..count).map(|_| Complex32::new(noise(&mut state), noise(&mut state))).collect()
        };
        let (standing, standing_around) = (draw(lines), draw(lines * AROUND));
        let mark = draw(lines);
        let observations: Vec<Observation> = (0..6)
            .map(|segment| {
                let (own, own_around) = (draw(lines), draw(lines * AROUND));
                let strength = if segment == 0 { 1.5 } else { 0.0 };
                Observation {
                    values: (0..lines)
                        .map(|i| standing[i] * 3.0 + own[i] * 0.3 + mark[i] * strength)
                        .collect(),
                    around: (0..lines * AROUND)
                        .map(|i| standing_around[i] * 3.0 + own_around[i] * 0.3)
                        .collect(),
                }
            })
            .collect();
        let weights = best_weights(&observations).expect("enough segments");
        assert!(weights[0] > 0.0 && weights[1..].iter().all(|weight| *weight < 0.0), "{weights:?}");
        let likeness = |weights: &[f32]| {
            let sum = weighted(&observations, weights);
            let product: f32 = sum.values.iter().zip(&mark).map(|(a, b)| (a * b.conj()).re).sum();
            product / (power(&sum.values) * power(&mark)).sqrt() / lines as f32
        };
        assert!(likeness(&weights) > 0.8 && likeness(&[1.0; 6]) < 0.4, "{}", likeness(&weights));
    }

    #[test]
    fn few_or_silent_segments_have_no_weights_of_their_own() {
        let silent =
            Observation { values: vec![Complex32::default(); 4], around: vec![Complex32::default(); 32] };
        assert!(best_weights(&[silent.clone(), silent.clone()]).is_none());
        assert!(best_weights(&vec![silent; 5]).is_none());
    }
}
