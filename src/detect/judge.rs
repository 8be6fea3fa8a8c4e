use std::collections::BTreeMap;

use crate::clues::{Clue, clues};
use crate::fusion::Answer;
use crate::heat::{Place, Voice, places};
use crate::{Error, Familiar, Fusion, Network, Observation, Sight, Trees};

/// Name of the expert that is not a network.
pub(crate) const STATISTICS: &str = "statistics";

/// The experts, and how they are fused: all that is needed to judge a clip.
pub struct Detector {
    trees: Trees,
    networks: Vec<(String, Box<dyn Network + Send + Sync>)>,
    fusion: Fusion,
    familiar: Option<Familiar>,
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.networks.iter().map(|(name, _)| name).collect();
        f.debug_struct("Detector")
            .field("networks", &names)
            .field("fusion", &self.fusion)
            .finish_non_exhaustive()
    }
}

/// What the pictures show of how they were made: an estimate, never a proof.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Calibrated probability of being generated, for equal priors; none when the clip can't be judged.
    pub generated: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// True when it can't be judged, or the probability allows neither answer.
    pub abstained: bool,
    /// One plain sentence, when it abstained.
    pub why_abstained: Option<String>,
    /// What was seen, heaviest first.
    pub clues: Vec<Clue>,
    /// The estimate second by second, where there was a burst.
    pub segments: Vec<Segment>,
    /// Where in the pictures the networks looked, and what they said of each part.
    pub places: Vec<Place>,
}

/// The estimate for one second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// First instant, seconds.
    pub start: f64,
    /// First instant no longer covered, seconds.
    pub end: f64,
    /// Probability of being generated.
    pub generated: f64,
}

impl Detector {
    /// A detector of trees, named networks, and a fusion of them.
    ///
    /// # Errors
    /// [`Error::Missing`] when the fusion weighs an expert that is not given. Networks that it does not weigh never run.
    pub fn new(
        trees: Trees,
        networks: Vec<(String, Box<dyn Network + Send + Sync>)>,
        fusion: Fusion,
    ) -> Result<Self, Error> {
        let known = |expert: &str| expert == STATISTICS || networks.iter().any(|(name, _)| name == expert);
        if let Some(missing) = fusion.experts().find(|expert| !known(expert)) {
            return Err(Error::Missing(missing.to_owned()));
        }
        Ok(Self { trees, networks, fusion, familiar: None })
    }

    /// The same that abstains from what is unlike anything it was trained on.
    #[must_use]
    pub fn familiar_with(self, familiar: Familiar) -> Self {
        Self { familiar: Some(familiar), ..self }
    }

    /// Judges a clip; `bits` are what its file spends on a sample of luma, when that is known.
    ///
    /// A burst's score is that of its statistics, or the mean of a network's logits for its crops; a clip's, the median over
    /// its bursts. A clip that can't be judged gives a judgement that says why.
    ///
    /// # Errors
    /// Those of the networks.
    pub fn judge(&self, observation: &Observation, bits: Option<f64>) -> Result<Judgement, Error> {
        if let Err(reason) = observation.assessable() {
            return Ok(Judgement {
                generated: None,
                low: None,
                high: None,
                abstained: true,
                why_abstained: Some(reason.to_string()),
                clues: Vec::new(),
                segments: Vec::new(),
                places: Vec::new(),
            });
        }
        let bursts = observation.bursts();
        let assessments: Vec<_> = bursts.iter().map(|burst| self.trees.assess(&burst.statistics)).collect();
        let mut scores: Vec<Vec<f64>> = Vec::new();
        let mut sights = Vec::new();
        for expert in self.fusion.experts() {
            match self.networks.iter().find(|(name, _)| name == expert) {
                Some((name, network)) => {
                    let seen = looks(name, network.as_ref(), observation)?;
                    scores.push(seen.iter().map(mean).collect());
                    sights.push(Some(seen));
                }
                None => {
                    scores.push(assessments.iter().map(|assessment| assessment.log_odds).collect());
                    sights.push(None);
                }
            }
        }
        let voices = |burst: usize| {
            let mut heard = Vec::with_capacity(scores.len());
            for (sights, scores) in sights.iter().zip(&scores) {
                let sight = sights.as_ref().and_then(|sights: &Vec<Sight>| sights.get(burst));
                // One number for the burst tells its crops not apart.
                let sight = sight.filter(|sight| sight.logits.len() > 1);
                heard.push(sight.map_or(Voice::Whole(scores[burst]), Voice::Crops));
            }
            heard
        };
        let all: Vec<usize> = (0..bursts.len()).collect();
        let clip = medians(&scores, &all);
        let generated = self.fusion.probability(&clip, bits);
        let (low, high) = self.fusion.interval(generated);
        let why_abstained = self.strange(observation).or_else(|| {
            (self.fusion.answer(generated) == Answer::Inconclusive).then(|| {
                format!(
                    "A likelihood of {generated:.2} of being generated is reached by too many clips of cameras and by too many \
                     of generators to say either."
                )
            })
        });
        Ok(Judgement {
            generated: Some(generated),
            low: Some(low),
            high: Some(high),
            abstained: why_abstained.is_some(),
            why_abstained,
            clues: clues(&self.trees, &self.fusion, observation, &assessments, &clip, bits),
            segments: self.segments(observation, &scores, bits),
            places: if self.networks.is_empty() {
                Vec::new()
            } else {
                places(observation, &self.fusion, bits, voices)
            },
        })
    }

    /// Why a clip is too strange to be judged.
    fn strange(&self, observation: &Observation) -> Option<String> {
        let familiar = self.familiar.as_ref()?;
        let (distance, most) = (familiar.distance(observation), familiar.most());
        (distance > most).then(|| {
            format!(
                "The pictures are unlike any that the detector was trained on: at a distance of {distance:.1}, where up to \
                 {most:.1} is judged."
            )
        })
    }

    fn segments(&self, observation: &Observation, scores: &[Vec<f64>], bits: Option<f64>) -> Vec<Segment> {
        let mut seconds: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (index, burst) in observation.bursts().iter().enumerate() {
            seconds.entry(burst.start.floor() as i64).or_default().push(index);
        }
        let segment = |(second, indices): (i64, Vec<usize>)| {
            let start = second as f64;
            let generated = self.fusion.probability(&medians(scores, &indices), bits);
            Segment { start, end: start + 1.0, generated }
        };
        seconds.into_iter().map(segment).collect()
    }
}

/// What the network says of each burst. Each runs alone: always the same shape, for which an engine is prepared once. A burst
/// that it isn't asked about has the sight of the last one before that it is.
fn looks(name: &str, network: &dyn Network, observation: &Observation) -> Result<Vec<Sight>, Error> {
    let bursts = observation.bursts();
    let every = bursts.len().div_ceil(network.most_bursts().max(1)).max(1);
    let mut seen = Vec::with_capacity(bursts.len());
    for some in bursts.chunks(every) {
        let [burst, ..] = some else { continue };
        let sight = network.look(burst)?;
        if sight.logits.is_empty() || ![1, burst.crops.len()].contains(&sight.logits.len()) {
            let detail = format!("{} logits for {} crops", sight.logits.len(), burst.crops.len());
            return Err(Error::Logits { name: name.to_owned(), detail });
        }
        seen.resize(seen.len() + some.len(), sight);
    }
    Ok(seen)
}

fn mean(sight: &Sight) -> f64 {
    sight.logits.iter().map(|&logit| f64::from(logit)).sum::<f64>() / sight.logits.len().max(1) as f64
}

/// Median of each expert's scores over some bursts, the mean of the two in the middle when their number is even.
fn medians(scores: &[Vec<f64>], bursts: &[usize]) -> Vec<f64> {
    let median = |scores: &Vec<f64>| {
        let mut own: Vec<f64> = bursts.iter().filter_map(|&index| scores.get(index).copied()).collect();
        own.sort_by(f64::total_cmp);
        match own.len() {
            0 => 0.0,
            count if count.is_multiple_of(2) => (own[count / 2 - 1] + own[count / 2]) / 2.0,
            count => own[count / 2],
        }
    };
    scores.iter().map(median).collect()
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
