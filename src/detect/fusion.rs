use serde::Deserialize;

use crate::Error;

const MODEL: &str = "the fusion";
/// Most bytes, experts, and rows of a table.
const MOST_BYTES: usize = 1 << 20;
const MOST_EXPERTS: usize = 16;
const MOST_ROWS: usize = 4096;

/// How the experts' log-odds become one calibrated probability, and when none is given.
///
/// Logistic regression on log-odds with Platt's calibration (1999), once more by how well the clip is coded; thresholds by
/// class-conditional conformal prediction at the level of sources (Dunn, Wasserman and Ramdas 2022).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Fusion {
    version: u64,
    experts: Vec<String>,
    weights: Vec<f64>,
    bias: f64,
    #[serde(default)]
    quality: Vec<Quality>,
    camera_at_most: f64,
    generated_at_least: f64,
    interval: Vec<(f64, f64, f64)>,
}

/// Calibration of clips that spend at most so many bits on a sample: `scale` and `offset` of the log-odds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct Quality {
    most_bits: f64,
    scale: f64,
    offset: f64,
}

/// What a fused score allows to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// So few generated clips look like this that it may be called a camera's.
    Camera,
    /// So few camera clips look like this that it may be called generated.
    Generated,
    /// Neither.
    Inconclusive,
}

impl Fusion {
    /// Reads `{"version": 1, "experts": […], "weights": […], "bias": b, "quality": [{"most_bits": q, "scale": a, "offset": c}],
    /// "camera_at_most": p, "generated_at_least": p, "interval": [[p, low, high], …]}`.
    ///
    /// `quality` may be left out; its last row holds for everything beyond. `interval` tells, for rising probabilities, the
    /// ends of their interval; between rows it is interpolated.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no such document or contradicts itself; [`Error::Version`]; [`Error::Limit`].
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        limit("bytes", json.len(), MOST_BYTES)?;
        let fusion: Self = serde_json::from_slice(json).map_err(|error| malformed(error.to_string()))?;
        if fusion.version != 1 {
            return Err(Error::Version { model: MODEL, version: fusion.version });
        }
        limit("experts", fusion.experts.len(), MOST_EXPERTS)?;
        limit("rows", fusion.quality.len().max(fusion.interval.len()), MOST_ROWS)?;
        fusion.check()?;
        Ok(fusion)
    }

    fn check(&self) -> Result<(), Error> {
        let experts = &self.experts;
        if experts.is_empty() || experts.len() != self.weights.len() {
            return Err(malformed(format!("{} weights for {} experts", self.weights.len(), experts.len())));
        }
        if let Some(twice) = experts.iter().enumerate().find(|(index, name)| experts[..*index].contains(name))
        {
            return Err(malformed(format!("expert {:?} stands twice", twice.1)));
        }
        let numbers = self.quality.iter().flat_map(|row| [row.most_bits, row.scale, row.offset]);
        if !numbers.chain(self.weights.iter().copied()).chain([self.bias]).all(f64::is_finite) {
            return Err(malformed("its numbers are not finite".into()));
        }
        // A negative scale would turn the answer round.
        if self.quality.iter().any(|row| row.scale < 0.0)
            || !rise(self.quality.iter().map(|row| row.most_bits))
        {
            return Err(malformed("qualities do not rise, or have a negative scale".into()));
        }
        let (camera, generated) = (self.camera_at_most, self.generated_at_least);
        if !(0.0 <= camera && camera <= generated && generated <= 1.0) {
            return Err(malformed(format!("no answer lies between {camera} and {generated}")));
        }
        let sound = |&(score, low, high): &(f64, f64, f64)| {
            (0.0..=1.0).contains(&score) && 0.0 <= low && low <= high && high <= 1.0
        };
        if self.interval.is_empty()
            || !self.interval.iter().all(sound)
            || !rise(self.interval.iter().map(|row| row.0))
        {
            return Err(malformed("intervals lie outside 0 to 1, or their scores do not rise".into()));
        }
        Ok(())
    }

    /// Names of the experts whose log-odds are weighed, in order.
    pub fn experts(&self) -> impl Iterator<Item = &str> {
        self.experts.iter().map(String::as_str)
    }

    /// What the log-odds of each expert weigh in the calibrated log-odds of a clip with `bits` bits a sample.
    pub fn weights(&self, bits: Option<f64>) -> Vec<f64> {
        let (scale, _) = self.calibration(bits);
        self.weights.iter().map(|weight| scale * weight).collect()
    }

    /// Probability of being generated for the experts' log-odds, in the order of [`experts`](Self::experts), of a clip that
    /// spends `bits` bits on a sample, when that is known.
    pub fn probability(&self, log_odds: &[f64], bits: Option<f64>) -> f64 {
        let sum: f64 = self.weights.iter().zip(log_odds).map(|(weight, log_odds)| weight * log_odds).sum();
        let (scale, offset) = self.calibration(bits);
        1.0 / (1.0 + (-(scale * (sum + self.bias) + offset)).exp())
    }

    fn calibration(&self, bits: Option<f64>) -> (f64, f64) {
        let Some(bits) = bits.filter(|bits| bits.is_finite()) else { return (1.0, 0.0) };
        let row = self.quality.iter().find(|row| bits <= row.most_bits).or(self.quality.last());
        row.map_or((1.0, 0.0), |row| (row.scale, row.offset))
    }

    /// Ends of the interval of a probability, which lies between them.
    pub fn interval(&self, probability: f64) -> (f64, f64) {
        let after = self.interval.partition_point(|row| row.0 < probability);
        let last = self.interval.len() - 1;
        let (a, b) = (self.interval[after.saturating_sub(1)], self.interval[after.min(last)]);
        let share = if b.0 > a.0 { ((probability - a.0) / (b.0 - a.0)).clamp(0.0, 1.0) } else { 0.0 };
        let between = |a: f64, b: f64| a + share * (b - a);
        (between(a.1, b.1).min(probability), between(a.2, b.2).max(probability))
    }

    /// What may be said of a clip with that probability.
    pub fn answer(&self, probability: f64) -> Answer {
        match probability {
            p if p >= self.generated_at_least => Answer::Generated,
            p if p <= self.camera_at_most => Answer::Camera,
            _ => Answer::Inconclusive,
        }
    }
}

fn malformed(detail: String) -> Error {
    Error::Malformed { model: MODEL, detail }
}

fn limit(what: &'static str, found: usize, most: usize) -> Result<(), Error> {
    if found <= most { Ok(()) } else { Err(Error::Limit { model: MODEL.into(), what, found, most }) }
}

fn rise(values: impl Iterator<Item = f64> + Clone) -> bool {
    values.clone().zip(values.skip(1)).all(|(a, b)| a < b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn document() -> Value {
        json!({
            "version": 1, "experts": ["statistics", "spatial"], "weights": [0.5, 2.0], "bias": -1.0,
            "quality": [
                {"most_bits": 0.05, "scale": 0.5, "offset": 0.25}, {"most_bits": 0.2, "scale": 1.0, "offset": 0.0}
            ],
            "camera_at_most": 0.2, "generated_at_least": 0.9,
            "interval": [[0.0, 0.0, 0.1], [0.5, 0.3, 0.6], [1.0, 0.8, 1.0]]
        })
    }

    fn read(document: &Value) -> Result<Fusion, Error> {
        Fusion::from_json(document.to_string().as_bytes())
    }

    #[test]
    fn log_odds_are_weighed_and_calibrated_by_quality() {
        let fusion = read(&document()).expect("a document");
        let odds = |bits| {
            let p = fusion.probability(&[2.0, 1.5], bits);
            (p / (1.0 - p)).ln()
        };
        assert!((odds(None) - 3.0).abs() < 1e-9);
        assert!((odds(Some(0.03)) - 1.75).abs() < 1e-9);
        assert!((odds(Some(0.1)) - 3.0).abs() < 1e-9);
        assert!((odds(Some(9.0)) - 3.0).abs() < 1e-9);
        assert_eq!(fusion.weights(Some(0.01)), [0.25, 1.0]);
        assert_eq!(fusion.experts().collect::<Vec<_>>(), ["statistics", "spatial"]);
    }

    #[test]
    fn between_the_thresholds_nothing_is_said() {
        let fusion = read(&document()).expect("a document");
        let answers = [0.2, 0.21, 0.89, 0.9].map(|p| fusion.answer(p));
        let wanted = [Answer::Camera, Answer::Inconclusive, Answer::Inconclusive, Answer::Generated];
        assert_eq!(answers, wanted);
    }

    #[test]
    fn documents_that_contradict_themselves_are_refused() {
        for (said, change) in [
            ("version 3", &(|d: &mut Value| d["version"] = json!(3)) as &dyn Fn(&mut Value)),
            ("1 weights for 2 experts", &|d| d["weights"] = json!([1.0])),
            ("\"spatial\" stands twice", &|d| d["experts"] = json!(["spatial", "spatial"])),
            ("between 0.95 and 0.9", &|d| d["camera_at_most"] = json!(0.95)),
            ("outside 0 to 1", &|d| d["interval"][1] = json!([0.5, 0.7, 0.6])),
            ("outside 0 to 1", &|d| d["interval"] = json!([])),
            ("scores do not rise", &|d| d["interval"][1][0] = json!(0.0)),
            ("negative scale", &|d| d["quality"][0]["scale"] = json!(-1.0)),
            ("qualities do not rise", &|d| d["quality"][1]["most_bits"] = json!(0.01)),
            ("missing field `bias`", &|d| {
                d.as_object_mut().expect("a document").remove("bias");
            }),
        ] {
            let mut document = document();
            change(&mut document);
            let found = read(&document).expect_err("refused").to_string();
            assert!(found.contains(said), "{found}");
        }
        assert!(matches!(Fusion::from_json(&vec![b' '; MOST_BYTES + 1]), Err(Error::Limit { .. })));
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_probability_and_rises_with_it(a in 0.0_f64..1.0, b in 0.0_f64..1.0) {
            let fusion = read(&document()).expect("a document");
            let (less, more) = (a.min(b), a.max(b));
            let ((low, high), (low_more, high_more)) = (fusion.interval(less), fusion.interval(more));
            prop_assert!(0.0 <= low && low <= less && less <= high && high <= 1.0);
            prop_assert!(low <= low_more + 1e-12 && high <= high_more + 1e-12);
        }
    }
}
