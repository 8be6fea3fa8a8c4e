use crate::markup::Markup;
use crate::wording::geometry;
use filigrane_verdict::{Geometry, Language, Report};

/// Lines of the grid in each direction, on both sides of the middle.
const LINES: i32 = 8;
/// Distance of the lines in the marked picture, as a share of its longer side.
const STEP: f64 = 1.0 / 8.0;

/// The grid of the marked picture as it lies in the frame now, as one SVG element to lay over a frame. None without a mark
/// whose placement is known.
///
/// An upright grid was laid over the picture when it was marked; drawn is where its lines are after what was done since. The
/// arrow points up in the marked picture and stands at its reading side, so that turns and mirroring can be seen.
pub fn placement(report: &Report, t: Language) -> Option<String> {
    placement_markup(report, t).map(Markup::finish)
}

pub(crate) fn placement_markup(report: &Report, t: Language) -> Option<Markup> {
    let found = report.watermark.geometry?;
    let media = report.media.as_ref().filter(|media| media.width > 0 && media.height > 0)?;
    let (width, height) = (f64::from(media.width), f64::from(media.height));
    let place = Placed::new(found, width, height)?;
    let mut svg = Markup::new();
    svg.raw(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"grid\" role=\"img\" preserveAspectRatio=\"none\"",
    );
    svg.attribute("viewBox", &format!("0 0 {width} {height}"));
    svg.attribute("aria-label", &placed(report, t)).raw(" fill=\"none\">");
    let thick = (width.max(height) / 400.0).max(1.0);
    let reach = f64::from(LINES);
    for (layer, factor) in [("<g class=\"under\"", 2.2), ("<g class=\"over\"", 1.0)] {
        svg.raw(layer).number("stroke-width", thick * factor).raw(">");
        for line in -LINES..=LINES {
            let at = f64::from(line);
            for ends in [[(at, -reach), (at, reach)], [(-reach, at), (reach, at)]] {
                svg.raw("<path").polygon(ends.into_iter().map(|(x, y)| place.point(x, y))).raw("/>");
            }
        }
        svg.raw("</g><g").attribute("class", if factor > 1.0 { "under" } else { "over" });
        svg.number("stroke-width", 2.5 * thick * factor).raw("><path");
        let arrow = [(0.0, 0.8), (0.0, -0.8), (-0.3, -0.4), (0.0, -0.8), (0.5, -0.8), (0.0, -0.8)];
        svg.polygon(arrow.into_iter().map(|(x, y)| place.point(x, y))).raw("/></g>");
    }
    svg.raw("</svg>");
    Some(svg)
}

/// What was done to the picture, as a sentence; empty without a mark.
pub(crate) fn placed(report: &Report, t: Language) -> String {
    let found = report.watermark.geometry.as_ref();
    found.map(|found| t.fill("Since it was marked: {}.", &[&geometry(found, t)])).unwrap_or_default()
}

/// The map from steps of the grid to pixels of the frame.
struct Placed {
    centre: (f64, f64),
    right: (f64, f64),
    down: (f64, f64),
}

impl Placed {
    fn new(found: Geometry, width: f64, height: f64) -> Option<Self> {
        let Geometry { scale_x, scale_y, rotation, shift_x, shift_y, mirrored } = found;
        let numbers = [scale_x, scale_y, rotation, shift_x, shift_y];
        if !numbers.iter().all(|number| number.is_finite()) || scale_x.abs() < 0.01 || scale_y.abs() < 0.01 {
            return None;
        }
        // The longer side of the picture when it was marked, as far as the scale tells it.
        let step = STEP * (width / scale_x).max(height / scale_y);
        let (sine, cosine) = rotation.to_radians().sin_cos();
        let side = if mirrored { -1.0 } else { 1.0 };
        Some(Self {
            centre: (width / 2.0 + shift_x % step, height / 2.0 + shift_y % step),
            right: (side * step * scale_x * cosine, side * step * scale_x * sine),
            down: (-step * scale_y * sine, step * scale_y * cosine),
        })
    }

    fn point(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.centre.0 + x * self.right.0 + y * self.down.0,
            self.centre.1 + x * self.right.1 + y * self.down.1,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;
    use filigrane_verdict::Code;

    #[test]
    fn a_turn_by_a_quarter_lets_the_grids_right_point_down_and_a_mirror_turns_it_round() {
        let quarter = Geometry { rotation: 90.0, ..Geometry::default() };
        let place = Placed::new(quarter, 800.0, 400.0).unwrap();
        let (x, y) = place.point(1.0, 0.0);
        assert!((x - 400.0).abs() < 1e-6 && (y - 300.0).abs() < 1e-6, "{x} {y}");
        let mirrored = Geometry { mirrored: true, ..Geometry::default() };
        let (x, y) = Placed::new(mirrored, 800.0, 400.0).unwrap().point(1.0, 0.0);
        assert!((x - 300.0).abs() < 1e-6 && (y - 200.0).abs() < 1e-6, "{x} {y}");
    }

    #[test]
    fn odd_numbers_are_not_drawn_and_nothing_is_without_a_mark() {
        for odd in [f64::NAN, f64::INFINITY, 0.0] {
            let found = Geometry { scale_x: odd, ..Geometry::default() };
            assert!(Placed::new(found, 800.0, 400.0).is_none());
        }
        assert!(placement(&examples::report(Code::Inconclusive), Language::English).is_none());
        let drawn = placement(&examples::report(Code::Marked), Language::English).unwrap();
        assert!(drawn.contains("mirrored, scaled to 50 %") && !drawn.contains("NaN"), "{drawn}");
    }
}
