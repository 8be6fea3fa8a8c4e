use crate::Observation;
use crate::crops::SIDE;

/// Fewest pictures that are judged.
const FEWEST_PICTURES: u64 = 8;
/// A clip in which this share of the pictures equals the one before is a still, or stills one after another.
const FROZEN: f32 = 0.9;
/// Least standard deviation of luma, of 255, in the picture that has most.
const LEAST_SPREAD: f32 = 4.0;
/// Most pictures a second: slow motion beyond that is a rendering of its own.
const MOST_RATE: f64 = 240.0;
/// Most times that one side is longer than the other.
const MOST_ASPECT: f64 = 8.0;

/// Why a clip can't be judged by its pictures.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NotAssessable {
    /// Too short.
    #[error("The clip has {pictures} pictures of one size; {FEWEST_PICTURES} are needed.")]
    TooShort {
        /// Pictures of the clip's own size.
        pictures: u64,
    },
    /// Too small.
    #[error("The pictures are {width} x {height} samples; {SIDE} on each side are needed.")]
    TooSmall {
        /// Samples a row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Too elongated.
    #[error(
        "One side of the picture is {aspect:.1} times as long as the other; at most {MOST_ASPECT} is judged."
    )]
    Elongated {
        /// Long side by short side.
        aspect: f64,
    },
    /// A still, or a slide show.
    #[error("{:.0} % of the pictures equal the one before: a still, or a show of stills.", 100.0 * share)]
    Frozen {
        /// Share of the pictures that equal the one before, 0 to 1.
        share: f32,
    },
    /// Black, or of one shade.
    #[error("The pictures are of one shade: luma {mean:.0} of 255, and nowhere a spread over {spread:.1}.")]
    Flat {
        /// Mean luma, 0 to 255.
        mean: f32,
        /// Standard deviation of luma in the picture that has most.
        spread: f32,
    },
    /// Too many pictures a second.
    #[error("The clip shows {rate:.0} pictures a second; at most {MOST_RATE} are judged.")]
    TooFast {
        /// Pictures a second.
        rate: f64,
    },
    /// The size changes all the time.
    #[error("No four of the {pictures} pictures of one size follow each other.")]
    Interrupted {
        /// Pictures of the clip's own size.
        pictures: u64,
    },
}

impl Observation {
    /// Whether the pictures can say anything of how they were made.
    ///
    /// # Errors
    /// The first reason why they can't.
    pub fn assessable(&self) -> Result<(), NotAssessable> {
        let (pictures, (width, height)) = (self.pictures(), self.size());
        if pictures < FEWEST_PICTURES {
            return Err(NotAssessable::TooShort { pictures });
        }
        if width.min(height) < SIDE {
            return Err(NotAssessable::TooSmall { width, height });
        }
        let aspect = width.max(height) as f64 / width.min(height) as f64;
        if aspect > MOST_ASPECT {
            return Err(NotAssessable::Elongated { aspect });
        }
        if self.spread() < LEAST_SPREAD {
            return Err(NotAssessable::Flat { mean: self.mean(), spread: self.spread() });
        }
        if self.frozen() >= FROZEN {
            return Err(NotAssessable::Frozen { share: self.frozen() });
        }
        if self.rate() > MOST_RATE {
            return Err(NotAssessable::TooFast { rate: self.rate() });
        }
        if self.bursts().is_empty() {
            return Err(NotAssessable::Interrupted { pictures });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Observer;
    use filigrane_frame::{ColourRange, LumaLayout, LumaRef};

    fn observe(
        width: usize,
        height: usize,
        times: &[f64],
        sample: impl Fn(usize, usize, usize) -> u8,
    ) -> Observation {
        let layout = LumaLayout { width, height, stride: width, bits: 8, range: ColourRange::Full };
        let mut observer = Observer::default();
        for (index, &time) in times.iter().enumerate() {
            let bytes: Vec<u8> =
                (0..width * height).map(|at| sample(at % width, at / width, index)).collect();
            observer.push(LumaRef::new(layout, &bytes).expect("fits"), time);
        }
        observer.finish()
    }

    fn at(rate: f64, count: usize) -> Vec<f64> {
        (0..count).map(|index| index as f64 / rate).collect()
    }

    fn moving(x: usize, y: usize, index: usize) -> u8 {
        ((x * 5 + y * 3 + index * 11) % 251) as u8
    }

    #[test]
    fn a_moving_clip_of_eight_pictures_and_128_samples_is_judged() {
        assert_eq!(observe(128, 128, &at(25.0, 8), moving).assessable(), Ok(()));
        assert_eq!(observe(1024, 128, &at(240.0, 9), moving).assessable(), Ok(()));
    }

    #[test]
    fn each_reason_says_in_one_sentence_what_was_measured() {
        let still = |x: usize, y: usize, _: usize| moving(x, y, 0);
        for (observation, sentence) in [
            (observe(128, 128, &at(25.0, 7), moving), "The clip has 7 pictures of one size; 8 are needed."),
            (Observer::default().finish(), "The clip has 0 pictures of one size; 8 are needed."),
            (
                observe(127, 320, &at(25.0, 8), moving),
                "The pictures are 127 x 320 samples; 128 on each side are needed.",
            ),
            (
                observe(1168, 128, &at(25.0, 8), moving),
                "One side of the picture is 9.1 times as long as the other; at most 8 is judged.",
            ),
            (
                observe(128, 128, &at(25.0, 9), still),
                "100 % of the pictures equal the one before: a still, or a show of stills.",
            ),
            (
                observe(128, 128, &at(25.0, 9), |x, _, index| 90 + 2 * ((x / 64 + index) % 2) as u8),
                "The pictures are of one shade: luma 91 of 255, and nowhere a spread over 1.0.",
            ),
            (
                observe(128, 128, &at(480.0, 9), moving),
                "The clip shows 480 pictures a second; at most 240 are judged.",
            ),
        ] {
            let said = observation.assessable().expect_err(sentence).to_string();
            assert_eq!(said, sentence);
        }
    }

    #[test]
    fn pictures_that_change_their_size_all_the_time_are_not_judged() {
        let mut observer = Observer::default();
        for index in 0..30 {
            let side = if index % 4 == 3 { 144 } else { 128 };
            let layout =
                LumaLayout { width: side, height: side, stride: side, bits: 8, range: ColourRange::Full };
            let bytes: Vec<u8> = (0..side * side).map(|at| moving(at % side, at / side, index)).collect();
            observer.push(LumaRef::new(layout, &bytes).expect("fits"), index as f64 / 25.0);
        }
        let said = observer.finish().assessable().expect_err("no burst").to_string();
        assert_eq!(said, "No four of the 23 pictures of one size follow each other.");
    }
}
