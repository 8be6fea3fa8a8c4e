use crate::judge::STATISTICS;
use crate::sentences::{Reading, Subject, of_network, subject_of};
use crate::trees::Assessment;
use crate::{Fusion, NAMES, Observation, Trees};

/// Most clues of a judgement.
const MOST: usize = 8;
/// What moves the log-odds by less is no clue.
const LEAST: f64 = 0.05;

/// One thing that was seen, and which way it points.
#[derive(Debug, Clone, PartialEq)]
pub struct Clue {
    /// The statistic, or the network.
    pub name: String,
    /// Its weight in the log-odds: above 0 for generated, below for a camera.
    pub value: f64,
    /// `camera` or `generated`.
    pub points_to: &'static str,
    /// One plain sentence.
    pub sentence: String,
}

/// The heaviest things that moved the log-odds: statistics, joined by their subject, and networks.
///
/// `clip` are the experts' log-odds for the clip, in the order of the fusion.
pub(crate) fn clues(
    trees: &Trees,
    fusion: &Fusion,
    observation: &Observation,
    assessments: &[Assessment],
    clip: &[f64],
    bits: Option<f64>,
) -> Vec<Clue> {
    let mut found = Vec::new();
    for ((expert, weight), log_odds) in fusion.experts().zip(fusion.weights(bits)).zip(clip) {
        if expert == STATISTICS {
            found.extend(of_statistics(trees, observation, assessments, weight));
        } else {
            let value = weight * log_odds;
            let sentence = of_network(expert, value > 0.0);
            found.push(Clue { name: expert.to_owned(), value, points_to: side(value), sentence });
        }
    }
    found.retain(|clue| clue.value.abs() >= LEAST);
    // A stable sort: equals stay in the order of the names.
    found.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
    found.truncate(MOST);
    found
}

fn side(value: f64) -> &'static str {
    if value > 0.0 { "generated" } else { "camera" }
}

/// A subject, and what each of its statistics moved the log-odds by.
struct Heard {
    subject: &'static Subject,
    parts: Vec<(usize, f64)>,
}

/// One clue a subject: its statistics' contributions add up, and the heaviest of them on that side gives name and reading.
fn of_statistics(
    trees: &Trees,
    observation: &Observation,
    assessments: &[Assessment],
    weight: f64,
) -> Vec<Clue> {
    let count = assessments.len().max(1) as f64;
    let measured = |statistic: usize| {
        let values = observation.bursts().iter().filter_map(|burst| burst.statistics.get(statistic));
        values.map(|&value| f64::from(value)).sum::<f64>() / count
    };
    let mut heard: Vec<Heard> = Vec::new();
    for (statistic, name) in NAMES.iter().enumerate() {
        let Some(subject) = subject_of(name) else { continue };
        let sum: f64 = assessments.iter().map(|found| found.by_statistic[statistic]).sum();
        let part = (statistic, sum * weight / count);
        match heard.iter_mut().find(|heard| std::ptr::eq(heard.subject, subject)) {
            Some(heard) => heard.parts.push(part),
            None => heard.push(Heard { subject, parts: vec![part] }),
        }
    }
    let clue = |heard: Heard| {
        let sum: f64 = heard.parts.iter().map(|(_, value)| value).sum();
        let sided = heard.parts.iter().filter(|(_, value)| (*value > 0.0) == (sum > 0.0));
        let &(statistic, _) = sided.max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()))?;
        let usual = trees.camera().map(|camera| f64::from(camera[statistic]));
        let reading = match usual.filter(|usual| usual.is_finite()) {
            None => Reading::Unknown,
            Some(usual) if measured(statistic) < usual => Reading::Less,
            Some(_) => Reading::More,
        };
        Some(Clue {
            name: NAMES[statistic].to_owned(),
            value: sum,
            points_to: side(sum),
            sentence: heard.subject.sentence(reading, sum > 0.0),
        })
    };
    heard.into_iter().filter_map(clue).collect()
}
