use filigrane_frame::{Interval, LumaRef, Plane};
use filigrane_signal::{halve, reduce, reduced_size, reduction};

use crate::whiten::Whitener;

/// Short side of the reduced pictures, samples: holds the finest lines of an uncropped picture with room.
const WORK_SIDE: usize = 360;
/// Most samples of a reduced picture: a ribbon thousands of pixels long must not fill the memory.
const MOST_SAMPLES: usize = 1_000_000;
/// Most segments kept; when they are used up, neighbours are joined, so memory does not grow with the clip.
const MOST: usize = 48;

/// Levels of reduction, each half the size of the one before: whitening looks at a few samples around each, and cropping
/// or enlarging can have made the pattern several times coarser.
pub(crate) const LEVELS: usize = 3;
/// Shortest side of a level.
const LEAST_SIDE: usize = 48;

/// The sum of whitened pictures over a span of time.
pub(crate) struct Segment {
    pub span: Interval,
    /// One a level, the finest first.
    pub sums: Vec<Plane<f32>>,
    pictures: u64,
}

/// Sums whitened pictures over as short spans as memory allows: codecs carry the mark better in some pictures than in
/// others, and the finer the spans, the better they can be weighed.
pub(crate) struct Accumulator {
    state: Option<State>,
    segments: Vec<Segment>,
    /// Pictures a segment.
    length: u64,
    /// Pictures whose size differed from the first one's.
    pub passed_over: u64,
}

struct State {
    size: (usize, usize),
    factor: usize,
    levels: Vec<Level>,
}

struct Level {
    reduced: Plane<f32>,
    whitener: Whitener,
}

impl Level {
    fn new(width: usize, height: usize) -> Self {
        Self { reduced: Plane::new(width, height), whitener: Whitener::new(width, height) }
    }
}

impl Accumulator {
    pub fn new() -> Self {
        Self { state: None, segments: Vec::new(), length: 1, passed_over: 0 }
    }

    /// Pixels a reduced sample, and the size of the pictures; `None` before the first picture.
    pub fn scale(&self) -> Option<(usize, (usize, usize))> {
        self.state.as_ref().map(|state| (state.factor, state.size))
    }

    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Adds a picture shown at `time` seconds; times do not decrease.
    pub fn push(&mut self, luma: LumaRef<'_>, time: f64) {
        let layout = luma.layout();
        let size = (layout.width, layout.height);
        if size.0.min(size.1) < 16 {
            self.passed_over += 1;
            return;
        }
        let state = self.state.get_or_insert_with(|| {
            let factor = reduction(size.0, size.1, WORK_SIDE, MOST_SAMPLES);
            let (width, height) = reduced_size(size.0, size.1, factor);
            let levels = (0..LEVELS)
                .map(|level| (width >> level, height >> level))
                .enumerate()
                .take_while(|(level, (width, height))| *level == 0 || width.min(height) >= &LEAST_SIDE)
                .map(|(_, (width, height))| Level::new(width, height))
                .collect();
            State { size, factor, levels }
        });
        if state.size != size {
            self.passed_over += 1;
            return;
        }
        if self.segments.last().is_none_or(|last| last.pictures >= self.length) {
            if self.segments.len() == MOST {
                self.segments = joined(std::mem::take(&mut self.segments));
                self.length *= 2;
            }
            let sums =
                state.levels.iter().map(|level| Plane::new(level.reduced.width(), level.reduced.height()));
            let span = Interval { start: time, end: time };
            self.segments.push(Segment { span, sums: sums.collect(), pictures: 0 });
        }
        let Some(segment) = self.segments.last_mut() else { return };
        let mut finer: Option<&Plane<f32>> = None;
        for level in &mut state.levels {
            match finer {
                None => reduce(luma, state.factor, &mut level.reduced),
                Some(finer) => halve(finer, &mut level.reduced),
            }
            finer = Some(&level.reduced);
        }
        for (level, sum) in state.levels.iter_mut().zip(&mut segment.sums) {
            level.whitener.add(&mut level.reduced, sum);
        }
        segment.span.end = segment.span.end.max(time);
        segment.pictures += 1;
    }

    /// Number of levels of the pictures taken in.
    pub fn levels(&self) -> usize {
        self.segments.first().map_or(0, |segment| segment.sums.len())
    }

    /// The sum over a range of segments at one level; `None` when the range is empty.
    pub fn sum(&self, range: std::ops::Range<usize>, level: usize) -> Option<Plane<f32>> {
        let (first, rest) = self.segments.get(range)?.split_first()?;
        let mut sum = first.sums.get(level)?.clone();
        for segment in rest {
            add(&mut sum, segment.sums.get(level)?);
        }
        Some(sum)
    }
}

/// Each two neighbours as one; an even number stays without remainder.
fn joined(segments: Vec<Segment>) -> Vec<Segment> {
    let mut joined: Vec<Segment> = Vec::with_capacity(MOST);
    for (index, segment) in segments.into_iter().enumerate() {
        match joined.last_mut() {
            Some(last) if index % 2 == 1 => {
                for (sum, other) in last.sums.iter_mut().zip(&segment.sums) {
                    add(sum, other);
                }
                last.span.end = segment.span.end;
                last.pictures += segment.pictures;
            }
            _ => joined.push(segment),
        }
    }
    joined
}

fn add(sum: &mut Plane<f32>, other: &Plane<f32>) {
    for (sum, value) in sum.samples_mut().iter_mut().zip(other.samples()) {
        *sum += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filigrane_frame::{ColourRange, LumaLayout};

    #[test]
    fn an_hour_of_pictures_keeps_a_bounded_number_of_segments_that_cover_it() {
        let mut accumulator = Accumulator::new();
        let layout = LumaLayout { width: 32, height: 16, stride: 32, bits: 8, range: ColourRange::Full };
        let bytes: Vec<u8> = (0..32 * 16).map(|i| (i * 37 % 251) as u8).collect();
        for second in 0..3600 {
            let luma = LumaRef::new(layout, &bytes).expect("fits");
            accumulator.push(luma, f64::from(second));
        }
        assert!(accumulator.segments().len() <= MOST);
        let spans: Vec<_> = accumulator.segments().iter().map(|segment| segment.span).collect();
        assert_eq!((spans[0].start, spans[spans.len() - 1].end), (0.0, 3599.0));
        assert!(spans.windows(2).all(|pair| pair[0].end < pair[1].start));
        assert_eq!(accumulator.segments().iter().map(|segment| segment.pictures).sum::<u64>(), 3600);
    }
}
