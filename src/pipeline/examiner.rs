use std::sync::OnceLock;

use filigrane_detect::{Detector, Judgement, Observation};
use filigrane_verdict::{Classifier, ClassifierState, Clue, Segment};

/// A detector that can judge, and what it is called.
#[derive(Debug)]
pub struct Model {
    /// `name@sha256`, as reports tell it.
    pub name: String,
    /// Its experts.
    pub detector: Detector,
}

type Open = dyn Fn() -> Result<Model, String> + Send + Sync;

/// The statistical layer: opens its model when a video first needs one.
pub struct Examiner {
    open: Box<Open>,
    opened: OnceLock<Result<Model, String>>,
}

impl std::fmt::Debug for Examiner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Examiner").field("opened", &self.opened).finish_non_exhaustive()
    }
}

impl Examiner {
    /// One whose model is opened so; an error names what of it can't be used.
    pub fn new(open: impl Fn() -> Result<Model, String> + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open), opened: OnceLock::new() }
    }

    /// What is told of a video that was seen so, and whose file spends `bits` bits on a sample of luma.
    ///
    /// # Errors
    /// One line on what of the model can't be used.
    pub(crate) fn examine(&self, observation: &Observation, bits: Option<f64>) -> Result<Classifier, String> {
        let model = self.opened.get_or_init(|| (self.open)()).as_ref().map_err(String::clone)?;
        let judgement =
            model.detector.judge(observation, bits).map_err(|error| format!("{}: {error}", model.name))?;
        Ok(told(judgement, &model.name))
    }
}

fn told(judgement: Judgement, model: &str) -> Classifier {
    let evidence = judgement.clues.into_iter().map(|clue| Clue {
        name: clue.name,
        value: clue.value,
        points_to: clue.points_to.to_owned(),
        what: clue.sentence,
    });
    let segments = judgement.segments.iter().map(|segment| Segment {
        start: segment.start,
        end: segment.end,
        generated: segment.generated,
    });
    Classifier {
        state: ClassifierState::Ran,
        generated: judgement.generated,
        low: judgement.low,
        high: judgement.high,
        abstained: judgement.abstained,
        reason: judgement.why_abstained,
        model: Some(model.to_owned()),
        evidence: evidence.collect(),
        segments: segments.collect(),
    }
}
