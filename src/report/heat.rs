use crate::markup::Markup;
use crate::wording::clock;
use filigrane_verdict::{Language, Place, Report};

/// A frame shows what was looked at within so many seconds of it.
const NEAR: f64 = 0.5;
/// Most squares drawn, and most cells on their sides.
const MOST_PLACES: usize = 64;
const MOST_CELLS: usize = 16;
/// A cell whose estimate is nearer to one half says neither.
const LEAN: f64 = 0.15;

/// What the classifier saw in the parts of one frame.
#[derive(Debug)]
pub struct Heat {
    /// The frame's place among those given.
    pub frame: usize,
    /// One SVG element to lay over it.
    pub drawing: String,
    /// The same in words.
    pub words: String,
}

/// The squares of the moment that looks most generated of those of which a frame is at hand, `times` being the frames';
/// none where the classifier kept no squares near any.
pub fn heat(report: &Report, times: &[f64], t: Language) -> Option<Heat> {
    let (frame, drawing, words) = heat_markup(report, times, t)?;
    Some(Heat { frame, drawing: drawing.finish(), words })
}

pub(crate) fn heat_markup(report: &Report, times: &[f64], t: Language) -> Option<(usize, Markup, String)> {
    let media = report.media.as_ref().filter(|media| media.width > 0 && media.height > 0)?;
    let fits = |place: &&Place| {
        let side = place.generated.len().isqrt();
        let inside = |first: u32, size: u32| first.checked_add(place.side).is_some_and(|end| end <= size);
        side > 0
            && side <= MOST_CELLS
            && side * side == place.generated.len()
            && place.generated.iter().all(|cell| (0.0..=1.0).contains(cell))
            && inside(place.x, media.width)
            && inside(place.y, media.height)
    };
    let places: Vec<&Place> = report.classifier.places.iter().filter(fits).collect();
    let mut best: Option<(usize, f64, f64)> = None;
    for (frame, &time) in times.iter().enumerate() {
        let nearest = places
            .iter()
            .map(|place| place.time)
            .min_by(|a, b| (a - time).abs().total_cmp(&(b - time).abs()));
        let Some(moment) = nearest.filter(|moment| (moment - time).abs() <= NEAR) else { continue };
        let mean =
            mean(places.iter().filter(|place| place.time == moment).flat_map(|place| &place.generated));
        if best.is_none_or(|(_, _, most)| mean > most) {
            best = Some((frame, moment, mean));
        }
    }
    let (frame, moment, _) = best?;
    let shown: Vec<&Place> =
        places.into_iter().filter(|place| place.time == moment).take(MOST_PLACES).collect();
    let cells = || shown.iter().flat_map(|place| &place.generated);
    let hot = cells().filter(|&&cell| cell > 0.5 + LEAN).count();
    let cool = cells().filter(|&&cell| cell < 0.5 - LEAN).count();
    let all = cells().count();
    let words = t.fill(
        "What the networks saw at {}, in the squares that they looked at: {} of {} cells look rather generated, {} rather \
         like a camera's. A part alone is no answer.",
        &[&clock(moment), &hot.to_string(), &all.to_string(), &cool.to_string()],
    );
    let drawing = drawing(&shown, (media.width, media.height), &words);
    Some((frame, drawing, words))
}

fn mean<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / f64::from(count.max(1))
}

fn drawing(places: &[&Place], (width, height): (u32, u32), words: &str) -> Markup {
    let mut svg = Markup::new();
    svg.raw(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"heat\" role=\"img\" preserveAspectRatio=\"none\"",
    );
    svg.attribute("viewBox", &format!("0 0 {width} {height}")).attribute("aria-label", words).raw(">");
    for place in places {
        let across = place.generated.len().isqrt();
        let side = f64::from(place.side) / across as f64;
        for (at, &cell) in place.generated.iter().enumerate() {
            let lean = cell - 0.5;
            svg.raw("<rect").attribute("class", if lean > 0.0 { "hot" } else { "cool" });
            svg.number("x", f64::from(place.x) + (at % across) as f64 * side);
            svg.number("y", f64::from(place.y) + (at / across) as f64 * side);
            svg.number("width", side).number("height", side);
            // What says neither stays clear.
            svg.number("fill-opacity", 1.3 * (lean.abs() - LEAN / 2.0).max(0.0)).raw("/>");
        }
        svg.raw("<rect class=\"square\" fill=\"none\"")
            .number("x", f64::from(place.x))
            .number("y", f64::from(place.y));
        svg.number("width", f64::from(place.side)).number("height", f64::from(place.side));
        svg.number("stroke-width", (f64::from(width.max(height)) / 400.0).max(1.0)).raw("/>");
    }
    svg.raw("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;
    use filigrane_verdict::Code;

    fn place(time: f64, x: u32, generated: [f64; 4]) -> Place {
        Place { time, x, y: 0, side: 128, generated: generated.to_vec() }
    }

    fn with(places: Vec<Place>) -> Report {
        let mut report = examples::report(Code::LikelyGenerated);
        report.classifier.places = places;
        report
    }

    #[test]
    fn the_moment_that_looks_most_generated_is_drawn_over_its_frame() {
        let report = with(vec![
            place(0.0, 0, [0.1, 0.2, 0.1, 0.5]),
            place(2.0, 0, [0.9, 0.4, 0.1, 0.5]),
            place(2.0, 128, [0.9, 0.9, 0.9, 0.9]),
        ]);
        let heat = heat(&report, &[0.1, 1.8, 9.0], Language::English).expect("a drawing");
        assert_eq!(heat.frame, 1);
        assert!(
            heat.words.contains("5 of 8 cells look rather generated, 1 rather like a camera's"),
            "{}",
            heat.words
        );
        assert_eq!(heat.drawing.matches("class=\"hot\"").count(), 5);
        assert_eq!(heat.drawing.matches("class=\"square\"").count(), 2);
        assert!(
            heat.drawing.contains(" x=\"128\"") && heat.drawing.contains(" width=\"64\""),
            "{}",
            heat.drawing
        );
    }

    #[test]
    fn no_drawing_without_a_frame_at_the_time_or_with_squares_that_are_none() {
        let fine = place(2.0, 0, [0.9; 4]);
        assert!(heat(&with(vec![fine.clone()]), &[0.0, 4.0], Language::English).is_none());
        assert!(heat(&with(Vec::new()), &[2.0], Language::English).is_none());
        for odd in [
            Place { x: u32::MAX, ..fine.clone() },
            Place { generated: vec![0.5; 3], ..fine.clone() },
            Place { generated: vec![f64::NAN; 4], ..fine.clone() },
            Place { generated: Vec::new(), ..fine.clone() },
        ] {
            assert!(heat(&with(vec![odd]), &[2.0], Language::English).is_none());
        }
        assert!(heat(&with(vec![fine]), &[2.0], Language::French).is_some());
    }
}
