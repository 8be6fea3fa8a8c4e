use filigrane_frame::{LumaRef, Plane};

use crate::burst::PICTURES;
use crate::crops::SIDE;
use crate::observation::{MOST_BURSTS, Observation};
use crate::window::Window;
use crate::{Burst, Features, Views};

/// Seconds from the start of one burst to that of the next, until there are too many.
const INTERVAL: f64 = 0.5;
/// Samples of a picture, on each axis, that tell whether it equals the one before.
const THINNED: usize = 64;
/// A sample changes when it does by more than this share of black to white: codecs redraw a still a little.
const CHANGE: f32 = 6.5 / 255.0;

/// Looks at the pictures of a clip, one after another, in bounded memory.
///
/// A burst of four consecutive pictures begins with the first, and then with each that is due half a second after the
/// beginning of the last one. Of more than 48 bursts every second one goes and the interval doubles.
#[derive(Debug)]
pub struct Observer {
    size: Option<(usize, usize)>,
    pictures: u64,
    span: Option<(f64, f64)>,
    interval: f64,
    begun: usize,
    last_begin: Option<f64>,
    open: Option<Open>,
    bursts: Vec<Features>,
    thinned: Vec<u16>,
    equal: u64,
    mean_sum: f64,
    spread: f64,
}

/// A burst of which pictures are still to come.
#[derive(Debug)]
struct Open {
    number: usize,
    start: f64,
    window: Window,
    views: Views,
    pictures: Vec<Plane<f32>>,
}

impl Default for Observer {
    fn default() -> Self {
        Self {
            size: None,
            pictures: 0,
            span: None,
            interval: INTERVAL,
            begun: 0,
            last_begin: None,
            open: None,
            bursts: Vec::new(),
            thinned: Vec::new(),
            equal: 0,
            mean_sum: 0.0,
            spread: 0.0,
        }
    }
}

impl Observer {
    /// Takes in a picture shown at `time` seconds; times do not decrease.
    ///
    /// Pictures of another size than the first are passed over, and end the burst that is under way.
    pub fn push(&mut self, luma: LumaRef<'_>, time: f64) {
        let layout = luma.layout();
        let size = *self.size.get_or_insert((layout.width, layout.height));
        if size != (layout.width, layout.height) || !time.is_finite() {
            self.open = None;
            return;
        }
        self.pictures += 1;
        self.span = Some((self.span.map_or(time, |(first, _)| first), time));
        self.compare(luma);
        if size.0.min(size.1) < SIDE {
            return;
        }
        let due = self.last_begin.is_none_or(|begin| time >= begin + self.interval);
        if self.open.is_none() && due {
            self.begin(luma, time);
        }
        let Some(open) = &mut self.open else { return };
        open.pictures.push(cut(luma, open.window));
        if open.pictures.len() == PICTURES
            && let Some(Open { number, start, window, views, pictures }) = self.open.take()
            && let Some(burst) = pictures.try_into().ok().and_then(Burst::new)
        {
            self.bursts.push(Features::of(&burst, number, (window.x, window.y), start, views));
        }
    }

    fn begin(&mut self, luma: LumaRef<'_>, time: f64) {
        if self.bursts.len() == MOST_BURSTS {
            let mut index = 0;
            self.bursts.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.interval *= 2.0;
        }
        let number = self.begun;
        self.begun += 1;
        self.last_begin = Some(time);
        let window = Window::of_burst(number, luma.layout().width, luma.layout().height);
        let views = Views::of(luma, window);
        self.open = Some(Open { number, start: time, window, views, pictures: Vec::with_capacity(PICTURES) });
    }

    /// Counts the picture as equal to the one before, or not, and takes in its mean and spread, on a thinned grid.
    fn compare(&mut self, luma: LumaRef<'_>) {
        let codes = thinned(luma);
        let most = (CHANGE * luma.layout().span()) as u16;
        let same = |(a, b): (&u16, &u16)| a.abs_diff(*b) <= most;
        if codes.len() == self.thinned.len() && codes.iter().zip(&self.thinned).all(same) {
            self.equal += 1;
        }
        let (black, scale) = (f64::from(luma.layout().black()), 255.0 / f64::from(luma.layout().span()));
        let count = codes.len().max(1) as f64;
        let sum: f64 = codes.iter().map(|&code| f64::from(code)).sum();
        let squares: f64 = codes.iter().map(|&code| f64::from(code).powi(2)).sum();
        let mean = sum / count;
        self.mean_sum += (mean - black) * scale;
        self.spread = self.spread.max((squares / count - mean * mean).max(0.0).sqrt() * scale);
        self.thinned = codes;
    }

    /// What was seen.
    pub fn finish(self) -> Observation {
        let compared = self.pictures.saturating_sub(1).max(1) as f64;
        let (first, last) = self.span.unwrap_or_default();
        Observation {
            size: self.size.unwrap_or_default(),
            pictures: self.pictures,
            first,
            last,
            frozen: (self.equal as f64 / compared) as f32,
            mean: (self.mean_sum / self.pictures.max(1) as f64) as f32,
            spread: self.spread as f32,
            bursts: self.bursts,
        }
    }
}

/// The code values at the middles of a grid of at most 64 x 64 cells.
fn thinned(luma: LumaRef<'_>) -> Vec<u16> {
    let layout = luma.layout();
    let (across, down) = (layout.width.min(THINNED), layout.height.min(THINNED));
    let mut codes = Vec::with_capacity(across * down);
    for j in 0..down {
        let row = luma.row((2 * j + 1) * layout.height / (2 * down));
        codes.extend((0..across).map(|i| {
            let x = (2 * i + 1) * layout.width / (2 * across);
            if layout.bytes_per_sample() == 1 {
                u16::from(row[x])
            } else {
                u16::from_le_bytes([row[2 * x], row[2 * x + 1]])
            }
        }));
    }
    codes
}

fn cut(luma: LumaRef<'_>, window: Window) -> Plane<f32> {
    let mut row = vec![0.0; luma.layout().width];
    let mut plane = Plane::new(window.width, window.height);
    for y in 0..window.height {
        luma.read_row(window.y + y, &mut row);
        plane.row_mut(y).copy_from_slice(&row[window.x..window.x + window.width]);
    }
    plane
}

#[cfg(test)]
mod tests {
    use super::*;
    use filigrane_frame::{ColourRange, LumaLayout};

    fn layout(width: usize, height: usize) -> LumaLayout {
        LumaLayout { width, height, stride: width, bits: 8, range: ColourRange::Full }
    }

    fn push(observer: &mut Observer, side: usize, index: usize, time: f64) {
        let bytes: Vec<u8> = (0..side * side).map(|at| ((at * 7 + index * 13) % 256) as u8).collect();
        observer.push(LumaRef::new(layout(side, side), &bytes).expect("fits"), time);
    }

    fn starts(observation: &Observation) -> Vec<f64> {
        observation.bursts().iter().map(|features| features.start).collect()
    }

    #[test]
    fn bursts_begin_with_the_first_picture_and_then_each_half_second() {
        let mut observer = Observer::default();
        for index in 0..40 {
            push(&mut observer, 128, index, 2.0 + index as f64 / 20.0);
        }
        assert_eq!(starts(&observer.finish()), [2.0, 2.5, 3.0, 3.5]);
    }

    #[test]
    fn bursts_of_a_slow_clip_follow_each_other_without_sharing_pictures() {
        let mut observer = Observer::default();
        for index in 0..11 {
            push(&mut observer, 128, index, index as f64);
        }
        assert_eq!(starts(&observer.finish()), [0.0, 4.0]);
    }

    #[test]
    fn a_long_clip_keeps_at_most_48_bursts_evenly_spaced() {
        let mut observer = Observer::default();
        for index in 0..8 * 130 {
            push(&mut observer, 128, index, index as f64 / 8.0);
        }
        let starts = starts(&observer.finish());
        assert!((24..=MOST_BURSTS).contains(&starts.len()), "{}", starts.len());
        assert!(starts.windows(2).all(|pair| pair[1] - pair[0] == 4.0), "{starts:?}");
    }

    #[test]
    fn a_picture_of_another_size_ends_the_burst_and_is_not_counted() {
        let mut observer = Observer::default();
        for index in 0..10 {
            push(&mut observer, if index == 2 { 160 } else { 128 }, index, index as f64 / 10.0);
        }
        let observation = observer.finish();
        assert_eq!((observation.pictures(), observation.size()), (9, (128, 128)));
        assert_eq!(starts(&observation), [0.5]);
    }

    #[test]
    fn equal_pictures_and_the_spread_of_luma_are_counted() {
        let mut observer = Observer::default();
        for index in 0..9 {
            push(&mut observer, 100, index / 3, index as f64 / 25.0);
        }
        let observation = observer.finish();
        assert_eq!(observation.frozen(), 0.75);
        assert!((observation.mean() - 127.5).abs() < 3.0, "{}", observation.mean());
        assert!((observation.spread() - 73.9).abs() < 3.0, "{}", observation.spread());
        assert!(observation.bursts().is_empty(), "too small for a window");
        assert_eq!(observation.rate(), 25.0);
    }

    #[test]
    fn a_still_that_a_codec_redraws_a_little_counts_as_equal_and_motion_of_a_spot_does_not() {
        let frozen = |most: usize, spot: bool| {
            let mut observer = Observer::default();
            for index in 0..20 {
                let sample = |at: usize| {
                    let moving = spot && (at % 128) / 8 == index % 16 && at / 128 / 8 == 4;
                    let redrawn = (at % 200 + (at * 7 + index * 5) % (most + 1)) as u8;
                    if moving { 250 } else { redrawn }
                };
                let bytes: Vec<u8> = (0..128 * 128).map(sample).collect();
                observer.push(LumaRef::new(layout(128, 128), &bytes).expect("fits"), index as f64 / 25.0);
            }
            observer.finish().frozen()
        };
        assert_eq!((frozen(6, false), frozen(30, false), frozen(6, true)), (1.0, 0.0, 0.0));
    }

    #[test]
    fn equal_pictures_give_equal_observations() {
        let observe = || {
            let mut observer = Observer::default();
            for index in 0..30 {
                push(&mut observer, 144, index, index as f64 / 25.0);
            }
            observer.finish()
        };
        assert_eq!(observe(), observe());
    }

    #[test]
    fn pictures_without_samples_and_times_that_are_none_do_no_harm() {
        for (width, height) in [(0, 0), (0, 300), (300, 0), (1, 1)] {
            let mut observer = Observer::default();
            for index in 0..9 {
                let bytes = vec![index as u8; width * height];
                observer.push(LumaRef::new(layout(width, height), &bytes).expect("fits"), index as f64);
            }
            let observation = observer.finish();
            assert_eq!((observation.pictures(), observation.bursts().len()), (9, 0));
            assert!(observation.assessable().is_err());
        }
        let mut observer = Observer::default();
        let times = [0.0, f64::NAN, 1.0, f64::INFINITY, 0.5, -3.0, 1e300, 1e300, 1e300, 1e300];
        for (index, time) in times.into_iter().enumerate() {
            push(&mut observer, 128, index, time);
        }
        let observation = observer.finish();
        assert_eq!(observation.pictures(), 8);
        assert_eq!(starts(&observation), [1e300]);
    }
}
