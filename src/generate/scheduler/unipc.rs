use std::collections::VecDeque;

use crate::Error;

/// UniPC (Zhao et al. 2023) with B(h) = e^h - 1 on a flow: a predictor of up to third order, and a corrector that looks
/// once more at the step before. Reckoned in floats, operation for operation as diffusers does.
pub(super) struct UniPc {
    order: usize,
    without_corrector: Vec<u32>,
    /// Clean clips predicted at the last steps, the newest last.
    clean: VecDeque<Vec<f32>>,
    /// Where the last prediction started.
    before: Vec<f32>,
    /// Order of the last prediction.
    last_order: usize,
}

/// Coefficients of one update from a noise level to the next.
struct Update {
    /// Of the sample.
    keep: f32,
    /// Of the newest clean clip.
    clean: f32,
    /// Of the differences.
    differences: f32,
    /// Place of each older clean clip relative to the step, then 1.
    ratios: Vec<f32>,
    /// Right side of the equations for the weights.
    rights: Vec<f32>,
}

fn half_logarithm(sigma: f32) -> f32 {
    (1.0 - sigma).ln() - sigma.ln()
}

impl Update {
    /// From level `from` to level `to`; `older` are the levels of older clean clips.
    fn new(from: f32, to: f32, older: &[f32]) -> Self {
        let alpha = 1.0 - to;
        let start = half_logarithm(from);
        let h = half_logarithm(to) - start;
        let mut ratios: Vec<f32> = older.iter().map(|sigma| (half_logarithm(*sigma) - start) / h).collect();
        ratios.push(1.0);
        let growth = (-h).exp_m1();
        let mut phi = growth / -h - 1.0;
        let mut factorial = 1.0;
        let mut rights = Vec::with_capacity(ratios.len());
        for index in 1..=ratios.len() {
            rights.push(phi * factorial / growth);
            factorial *= (index + 1) as f32;
            phi = phi / -h - 1.0 / factorial;
        }
        Self { keep: to / from, clean: alpha * growth, differences: alpha * growth, ratios, rights }
    }

    /// Weights of the differences, the last for the newest, solved from the Vandermonde system of the ratios.
    fn weights(&self, unknowns: usize) -> Option<Vec<f32>> {
        let mut rows: Vec<Vec<f32>> = (0..unknowns)
            .map(|power| {
                let row = self.ratios.iter().take(unknowns).map(|ratio| ratio.powi(power as i32));
                row.chain(self.rights.get(power).copied()).collect()
            })
            .collect();
        solve(&mut rows)
    }
}

/// Gauss with the largest pivot of each column; `None` for a singular system.
fn solve(rows: &mut [Vec<f32>]) -> Option<Vec<f32>> {
    let size = rows.len();
    for column in 0..size {
        let pivot = (column..size).max_by(|a, b| {
            let size = |row: &usize| rows.get(*row).and_then(|row| row.get(column)).map_or(0.0, |x| x.abs());
            size(a).total_cmp(&size(b))
        })?;
        rows.swap(column, pivot);
        let (above, below) = rows.split_at_mut(column + 1);
        let top = above.last()?;
        let divisor = *top.get(column)?;
        if divisor == 0.0 || !divisor.is_finite() {
            return None;
        }
        for row in below {
            let factor = row.get(column)? / divisor;
            for (value, top) in row.iter_mut().zip(top.iter()).skip(column) {
                *value -= factor * top;
            }
        }
    }
    let mut answer = vec![0f32; size];
    for index in (0..size).rev() {
        let row = rows.get(index)?;
        let known: f32 = row.iter().zip(&answer).skip(index + 1).map(|(a, x)| a * x).sum();
        *answer.get_mut(index)? = (row.last()? - known) / row.get(index)?;
    }
    Some(answer)
}

impl UniPc {
    pub(super) fn new(order: u32, without_corrector: Vec<u32>) -> Self {
        let order = order as usize;
        Self { order, without_corrector, clean: VecDeque::new(), before: Vec::new(), last_order: 0 }
    }

    pub(super) fn step(
        &mut self,
        sigmas: &[f32],
        step: usize,
        velocity: &[f32],
        sample: &mut Vec<f32>,
    ) -> Result<(), Error> {
        let level = |index: usize| {
            sigmas
                .get(index)
                .copied()
                .ok_or_else(|| Error::Internal(format!("the schedule has no level {index}")))
        };
        let sigma = level(step)?;
        let clean: Vec<f32> = sample.iter().zip(velocity).map(|(x, v)| x - sigma * v).collect();
        let corrected = step.checked_sub(1).filter(|before| {
            !self.without_corrector.contains(&(*before as u32)) && self.before.len() == sample.len()
        });
        if let Some(before) = corrected {
            let older =
                (2..=self.last_order).map(|back| level(step - back)).collect::<Result<Vec<_>, _>>()?;
            *sample = self.correct(&Update::new(level(before)?, sigma, &older), &clean)?;
        }
        if self.clean.len() == self.order {
            self.clean.pop_front();
        }
        self.clean.push_back(clean);
        // Low orders at both ends: nothing is known before the first step, and the last ends at no noise at all.
        self.last_order = self.order.min(sigmas.len() - 1 - step).min(self.clean.len());
        let older = (1..self.last_order).map(|back| level(step - back)).collect::<Result<Vec<_>, _>>()?;
        let next = self.predict(&Update::new(sigma, level(step + 1)?, &older), sample)?;
        self.before = std::mem::replace(sample, next);
        Ok(())
    }

    /// The sample at the next level.
    fn predict(&self, update: &Update, sample: &[f32]) -> Result<Vec<f32>, Error> {
        let weights = match self.last_order {
            1 => Vec::new(),
            // Half is the closed form that diffusers takes.
            2 => vec![0.5],
            order => update.weights(order - 1).ok_or_else(singular)?,
        };
        self.combine(update, sample, &weights, None)
    }

    /// The sample at this level once more, now that the clean clip seen from it is known.
    fn correct(&self, update: &Update, clean: &[f32]) -> Result<Vec<f32>, Error> {
        let mut weights = match self.last_order {
            1 => vec![0.5],
            order => update.weights(order).ok_or_else(singular)?,
        };
        let newest = weights.pop().ok_or_else(singular)?;
        self.combine(update, &self.before, &weights, Some((newest, clean)))
    }

    fn combine(
        &self,
        update: &Update,
        from: &[f32],
        weights: &[f32],
        newest: Option<(f32, &[f32])>,
    ) -> Result<Vec<f32>, Error> {
        let mut history = self.clean.iter().rev();
        let base = history.next().ok_or_else(singular)?;
        let mut sums = vec![0f32; base.len()];
        for ((older, weight), ratio) in history.zip(weights).zip(&update.ratios) {
            for ((sum, older), base) in sums.iter_mut().zip(older).zip(base) {
                *sum += weight * ((older - base) / ratio);
            }
        }
        if let Some((weight, clean)) = newest {
            for ((sum, clean), base) in sums.iter_mut().zip(clean).zip(base) {
                *sum += weight * (clean - base);
            }
        }
        let terms = from.iter().zip(base).zip(&sums);
        Ok(terms
            .map(|((from, base), sum)| update.keep * from - update.clean * base - update.differences * sum)
            .collect())
    }
}

fn singular() -> Error {
    Error::Internal("two noise levels of the schedule are equal".to_owned())
}
