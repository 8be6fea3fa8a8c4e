//! What the statistics speak of, in plain words. Statistics that speak of one thing share a subject.

/// Where a statistic stands beside what cameras usually measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Less,
    More,
    /// The trees do not tell what cameras measure.
    Unknown,
}

/// One thing that statistics measure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// Names of the statistics; a `*` stands for anything.
    names: &'static [&'static str],
    /// What is measured, as the beginning of a sentence.
    what: &'static str,
    /// How it is when the statistic is low, and when it is high.
    less: &'static str,
    more: &'static str,
}

const fn about(
    names: &'static [&'static str],
    what: &'static str,
    less: &'static str,
    more: &'static str,
) -> Subject {
    Subject { names, what, less, more }
}

/// The first subject that a name fits is its own.
const SUBJECTS: [Subject; 33] = [
    about(
        &["wavelet_diagonal_detail_1", "wavelet_diagonal_to_axis_1"],
        "Fine diagonal detail",
        "weaker",
        "stronger",
    ),
    about(
        &["wavelet_diagonal_detail_*", "wavelet_diagonal_to_axis_*"],
        "Coarser diagonal detail",
        "weaker",
        "stronger",
    ),
    about(&["wavelet_*_detail_*"], "Upright and level detail", "weaker", "stronger"),
    about(&["wavelet_*_kurtosis_*"], "The contrast between sharp and smooth places", "lower", "higher"),
    about(&["wavelet_diagonal_decay_*"], "The growth of diagonal detail with its size", "slower", "faster"),
    about(
        &["spectrum_bin_*"],
        "The power at some frequencies, beside the even fall of the spectrum,",
        "lower",
        "higher",
    ),
    about(&["spectrum_slope"], "The fall of the spectrum towards fine detail", "steeper", "flatter"),
    about(&["spectrum_corner"], "The power of the finest diagonal frequencies", "lower", "higher"),
    about(
        &["spectrum_horizontal_to_vertical", "residual_horizontal_to_vertical"],
        "Fine detail along rows, beside that along columns,",
        "weaker",
        "stronger",
    ),
    about(&["spectrum_line_*_2"], "The line in the spectrum that doubling leaves", "fainter", "clearer"),
    about(
        &["spectrum_line_*_4"],
        "The line in the spectrum that enlarging by four leaves",
        "fainter",
        "clearer",
    ),
    about(&["spectrum_line_*_8"], "The line in the spectrum at a period of 8 samples", "fainter", "clearer"),
    about(
        &["spectrum_line_*_16"],
        "The line in the spectrum at a period of 16 samples",
        "fainter",
        "clearer",
    ),
    about(&["residual_*_level"], "The finest detail, noise included,", "weaker", "stronger"),
    about(&["residual_*_kurtosis"], "The share of strong outliers in the finest detail", "smaller", "larger"),
    about(
        &["residual_fine_correlation_*"],
        "The likeness of neighbouring samples in the finest detail",
        "weaker",
        "stronger",
    ),
    about(&["residual_*_correlation_*"], "The likeness of fine detail beside itself", "weaker", "stronger"),
    about(&["transitions_*_0_0"], "The share of neighbours that are exactly equal", "smaller", "larger"),
    about(&["transitions_*_back_*"], "The share of neighbours that go to and fro", "smaller", "larger"),
    about(&["transitions_*"], "The share of neighbours that rise or fall evenly", "smaller", "larger"),
    about(
        &["polyphase_step_*_2", "polyphase_curve_*_2", "polyphase_fine_2"],
        "The difference between even and odd samples, which enlarging leaves,",
        "smaller",
        "larger",
    ),
    about(&["polyphase_grid_*"], "The block grid of an encoder", "fainter", "clearer"),
    about(&["polyphase_*"], "The pattern that repeats every 4 or 8 samples", "fainter", "clearer"),
    about(&["noise_silent_share"], "The share of flat places without any noise", "smaller", "larger"),
    about(&["noise_flat_*"], "Noise in flat places", "weaker", "stronger"),
    about(&["noise_luminance_*"], "The growth of noise with light", "weaker", "stronger"),
    about(&["noise_clipped_*"], "The share of clipped black or white", "smaller", "larger"),
    about(
        &["temporal_unchanged_*", "temporal_within_one_share"],
        "The share of samples that stay the same from picture to picture",
        "smaller",
        "larger",
    ),
    about(
        &["temporal_still_*correlation*", "temporal_whole_correlation_1", "temporal_still_first_difference"],
        "The persistence of noise from picture to picture",
        "weaker",
        "stronger",
    ),
    about(
        &["temporal_*unevenness", "temporal_fine_alternation", "temporal_mean_flicker"],
        "The unevenness from picture to picture",
        "smaller",
        "larger",
    ),
    about(&["temporal_*fine_share"], "The fine part of what changes between pictures", "smaller", "larger"),
    about(
        &["temporal_difference_share_above_*"],
        "The coarse part of what changes between pictures",
        "smaller",
        "larger",
    ),
    about(&["temporal_*"], "Change between pictures, beside fine detail within them,", "weaker", "stronger"),
];

/// What the statistic of that name speaks of; `None` for a name that is no statistic's.
pub(crate) fn subject_of(name: &str) -> Option<&'static Subject> {
    SUBJECTS.iter().find(|subject| subject.names.iter().any(|pattern| fits(name, pattern)))
}

/// Whether a name fits a pattern with any number of stars.
fn fits(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((start, "")) => name.starts_with(start),
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).any(|at| tail.is_char_boundary(at) && fits(&tail[at..], rest))
        }),
    }
}

impl Subject {
    /// What was measured, and which way it points.
    pub fn sentence(&self, reading: Reading, generated: bool) -> String {
        let what = self.what;
        match (reading, generated) {
            (Reading::Unknown, true) => {
                format!("{what} is rather as generators leave it than as cameras do.")
            }
            (Reading::Unknown, false) => {
                format!("{what} is rather as cameras leave it than as generators do.")
            }
            (Reading::Less, true) => format!("{what} is {} than cameras usually leave it.", self.less),
            (Reading::More, true) => format!("{what} is {} than cameras usually leave it.", self.more),
            (Reading::Less, false) => {
                format!("{what} is {} than the average of cameras, as generators seldom leave it.", self.less)
            }
            (Reading::More, false) => {
                format!("{what} is {} than the average of cameras, as generators seldom leave it.", self.more)
            }
        }
    }
}

/// What a network says; `expert` is its name.
pub(crate) fn of_network(expert: &str, generated: bool) -> String {
    let seen = match expert {
        "spatial" => "the finest detail within pictures".to_owned(),
        "temporal" => "what changes from picture to picture".to_owned(),
        "appearance" => "whole pictures".to_owned(),
        other => format!("crops of the pictures ({other})"),
    };
    let whose = if generated { "generated clips" } else { "clips of cameras" };
    format!("A network that looks at {seen} finds it rather like that of {whose}.")
}

/// Every sentence that a clue of a statistic, or of a network of that name, can hold: what there is to translate.
pub fn sentences(networks: &[&str]) -> Vec<String> {
    let readings = [Reading::Less, Reading::More, Reading::Unknown];
    let of_statistics = SUBJECTS.iter().flat_map(|subject| {
        let both = |reading| [true, false].map(|generated| subject.sentence(reading, generated));
        readings.into_iter().flat_map(both)
    });
    let of_networks =
        networks.iter().flat_map(|name| [true, false].map(|generated| of_network(name, generated)));
    of_statistics.chain(of_networks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NAMES;

    #[test]
    fn every_statistic_has_a_subject_and_every_subject_a_statistic() {
        for name in NAMES {
            assert!(subject_of(name).is_some(), "{name}");
        }
        for subject in &SUBJECTS {
            let found = NAMES.iter().any(|name| subject_of(name) == Some(subject));
            assert!(found, "{}", subject.what);
        }
        assert!(subject_of("sharpness").is_none());
    }

    #[test]
    fn sentences_are_told_apart_and_say_which_way_the_statistic_points() {
        let mut said = Vec::new();
        for subject in &SUBJECTS {
            for reading in [Reading::Less, Reading::More, Reading::Unknown] {
                for generated in [false, true] {
                    let sentence = subject.sentence(reading, generated);
                    assert!(
                        sentence.ends_with('.') && sentence.starts_with(char::is_uppercase),
                        "{sentence}"
                    );
                    said.push(sentence);
                }
            }
        }
        let count = said.len();
        said.sort();
        said.dedup();
        assert_eq!(said.len(), count);
        let subject = subject_of("wavelet_diagonal_detail_1").expect("a subject");
        let sentence = subject.sentence(Reading::Less, true);
        assert_eq!(sentence, "Fine diagonal detail is weaker than cameras usually leave it.");
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(fits("spectrum_line_across_2", "spectrum_line_*_2"));
        assert!(!fits("spectrum_line_across_16", "spectrum_line_*_6x"));
        assert!(!fits("spectrum_line_across_2", "spectrum_line_*_8"));
        assert!(fits("temporal_still_correlation_2", "temporal_still_*correlation*"));
        assert!(!fits("wavelet", "wavelet_*"));
    }
}
