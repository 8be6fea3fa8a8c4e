use crate::judge::STATISTICS;
use crate::sentences::{Reading, of_network, subject_of};
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

/// One clue a subject: its statistics' contributions add up, and the heaviest of them on that side gives name and reading.
fn of_statistics(
    trees: &Trees,
    observation: &Observation,
    assessments: &[Assessment],
    weight: f64,
) -> Vec<Clue> {
    let count = assessments.len().max(1) as f64;
    let contribution = |statistic: usize| {
        assessments.iter().map(|found| found.by_statistic[statistic]).sum::<f64>() * weight / count
    };
    let measured = |statistic: usize| {
        let values = observation.bursts().iter().filter_map(|burst| burst.statistics.get(statistic));
        values.map(|&value| f64::from(value)).sum::<f64>() / count
    };
    let mut subjects: Vec<(&crate::sentences::Subject, f64, Vec<(usize, f64)>)> = Vec::new();
    for (statistic, name) in NAMES.iter().enumerate() {
        let Some(subject) = subject_of(name) else { continue };
        let value = contribution(statistic);
        match subjects.iter_mut().find(|(known, ..)| std::ptr::eq(*known, subject)) {
            Some((_, sum, parts)) => {
                *sum += value;
                parts.push((statistic, value));
            }
            None => subjects.push((subject, value, vec![(statistic, value)])),
        }
    }
    let clue = |(subject, sum, parts): (&crate::sentences::Subject, f64, Vec<(usize, f64)>)| {
        let sided = parts.into_iter().filter(|(_, value)| (*value > 0.0) == (sum > 0.0));
        let (statistic, _) = sided.max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()))?;
        let usual =
            trees.camera().map(|camera| f64::from(camera[statistic])).filter(|usual| usual.is_finite());
        let reading = match usual {
            None => Reading::Unknown,
            Some(usual) if measured(statistic) < usual => Reading::Less,
            Some(_) => Reading::More,
        };
        Some(Clue {
            name: NAMES[statistic].to_owned(),
            value: sum,
            points_to: side(sum),
            sentence: subject.sentence(reading, sum > 0.0),
        })
    };
    subjects.into_iter().filter_map(clue).collect()
}
