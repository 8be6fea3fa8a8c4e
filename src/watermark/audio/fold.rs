use crate::audio::features::{PHASES, Row};
use crate::audio::grid::{BANDS, SLOTS};

/// Rows of one period of the pattern.
pub(crate) const ROWS: usize = SLOTS * PHASES;
/// Segments kept; when they are used up, neighbours are joined.
const MOST: usize = 64;

/// Features folded at the length of the pattern: the sum of all periods.
#[derive(Clone)]
pub(crate) struct Fold(pub Vec<Row>);

impl Fold {
    pub fn new() -> Self {
        Self(vec![[0.0; BANDS]; ROWS])
    }

    /// Adds another, its rows `shift` later.
    pub fn add(&mut self, other: &Self, shift: i64) {
        let shift = shift.rem_euclid(ROWS as i64) as usize;
        for (index, row) in other.0.iter().enumerate() {
            let place = &mut self.0[(index + shift) % ROWS];
            place.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
    }
}

/// Folds, stretch by stretch, in bounded memory.
pub(crate) struct Segments {
    /// Periods in a segment.
    pub periods: u64,
    pub folds: Vec<Fold>,
}

impl Segments {
    pub fn new() -> Self {
        Self { periods: 1, folds: Vec::new() }
    }

    /// Adds a row by its number.
    pub fn add(&mut self, number: u64, row: &Row) {
        let segment = loop {
            let segment = (number / ROWS as u64 / self.periods) as usize;
            if segment < MOST {
                break segment;
            }
            self.join();
        };
        while self.folds.len() <= segment {
            self.folds.push(Fold::new());
        }
        let place = &mut self.folds[segment].0[(number % ROWS as u64) as usize];
        place.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }

    fn join(&mut self) {
        self.periods *= 2;
        self.folds = self
            .folds
            .chunks(2)
            .map(|pair| {
                let mut sum = Fold::new();
                pair.iter().for_each(|fold| sum.add(fold, 0));
                sum
            })
            .collect();
    }
}
