use crate::number;
use serde::{Deserialize, Serialize};

/// Whether the statistical detector ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassifierState {
    /// It ran; it may still have abstained.
    Ran,
    /// It was not asked for, or not needed.
    Skipped,
    /// No model is installed. The only state this version gives when asked for.
    #[default]
    Unavailable,
}

/// One thing the detector saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clue {
    /// The statistic's name.
    pub name: String,
    /// Its weight, in log-odds.
    #[serde(with = "number::plain")]
    pub value: f64,
    /// `camera` or `generated`.
    pub points_to: String,
    /// One plain sentence.
    pub what: String,
}

/// The estimate for one stretch of the video.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// First instant, seconds.
    #[serde(with = "number::plain")]
    pub start: f64,
    /// First instant no longer covered, seconds.
    #[serde(with = "number::plain")]
    pub end: f64,
    /// Probability of being generated.
    #[serde(with = "number::plain")]
    pub generated: f64,
}

/// A square of a picture that the detector looked at closely. Its cells tell parts of one picture apart; none is an answer by
/// itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The picture's time, seconds.
    #[serde(with = "number::plain")]
    pub time: f64,
    /// First column, pixels.
    pub x: u32,
    /// First row, pixels.
    pub y: u32,
    /// Its side, pixels.
    pub side: u32,
    /// What each cell alone would give, row by row; a square number of them.
    pub generated: Vec<f64>,
}

/// The statistical layer: how much the pictures look made by a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", default)]
pub struct Classifier {
    /// Whether it ran.
    pub state: ClassifierState,
    /// Calibrated probability of being generated.
    #[serde(with = "number::optional")]
    pub generated: Option<f64>,
    /// Lower end of the interval of that probability.
    #[serde(with = "number::optional")]
    pub low: Option<f64>,
    /// Upper end of the interval of that probability.
    #[serde(with = "number::optional")]
    pub high: Option<f64>,
    /// True when it looked and declines to answer.
    pub abstained: bool,
    /// Why it declines, one plain sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The model, `name@sha256`.
    pub model: Option<String>,
    /// What it saw, heaviest first.
    pub evidence: Vec<Clue>,
    /// The estimate stretch by stretch.
    pub segments: Vec<Segment>,
    /// Where it looked, and how each part looked to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
}

impl Classifier {
    /// False when it was not asked for or no model is installed.
    pub fn ran(&self) -> bool {
        self.state == ClassifierState::Ran
    }

    /// Lower and upper end of the probability of being generated; none when it did not run, abstained, or gave
    /// numbers that are no interval within 0 to 1.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let (low, high) = (self.low?, self.high?);
        let sound = (0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high) && low <= high;
        (self.ran() && !self.abstained && sound).then_some((low, high))
    }
}

crate::stage::stage!(Classifier);
