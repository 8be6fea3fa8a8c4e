use crate::{Burst, Crop, Views, crops, statistics};

/// What is kept of a burst.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Time of its first picture, seconds.
    pub start: f64,
    /// One number for each of [`NAMES`](crate::NAMES), all finite.
    pub statistics: Vec<f32>,
    /// [`CROPS`](crate::CROPS) crops for the networks.
    pub crops: Vec<Crop>,
    /// Its first picture, for networks trained on photographs.
    pub views: Views,
}

impl Features {
    /// Of the burst `number` of a clip, shown at `start` seconds through a window at `place`.
    pub(crate) fn of(burst: &Burst, number: usize, place: (usize, usize), start: f64, views: Views) -> Self {
        Self { start, statistics: statistics(burst), crops: crops(burst, number, place).into(), views }
    }
}
