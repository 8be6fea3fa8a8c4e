use std::sync::OnceLock;

use filigrane_detect::{Detector, Judgement, Observation};
use filigrane_verdict::{Classifier, ClassifierState, Clue, Place, Segment};

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
    let places = judgement.places.into_iter().map(|place| Place {
        time: place.start,
        x: place.x,
        y: place.y,
        side: place.side,
        // Three digits are more than is known of a part.
        generated: place.cells.iter().map(|cell| (cell * 1000.0).round() / 1000.0).collect(),
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
        places: places.collect(),
    }
}

#[cfg(test)]
mod tests {
    use filigrane_detect::{NotAssessable, sentences};
    use filigrane_verdict::Language;

    #[test]
    fn whatever_the_detector_says_is_said_in_every_language_word_for_word() {
        let refusals = [
            NotAssessable::TooShort { pictures: 3 },
            NotAssessable::TooSmall { width: 100, height: 90 },
            NotAssessable::Elongated { aspect: 9.5 },
            NotAssessable::Frozen { share: 0.97 },
            NotAssessable::Flat { mean: 16.0, spread: 2.5 },
            NotAssessable::TooFast { rate: 1000.0 },
            NotAssessable::Interrupted { pictures: 40 },
        ];
        let refusals = refusals.iter().map(ToString::to_string);
        let abstentions = [
            "A likelihood of 0.50 of being generated is reached by too many clips of cameras and by too many of generators to say \
             either.",
            "The pictures are unlike any that the detector was trained on: at a distance of 3.2, where up to 2.1 is judged.",
        ];
        let abstentions = abstentions.map(str::to_owned);
        for sentence in
            sentences(&["spatial", "temporal", "appearance"]).into_iter().chain(refusals).chain(abstentions)
        {
            let french = Language::French.told(&sentence);
            assert_ne!(french, sentence);
            for english in [" is ", "The ", " than ", " of ", "camera", "network", " the "] {
                assert!(!french.contains(english), "{french}");
            }
        }
    }
}
