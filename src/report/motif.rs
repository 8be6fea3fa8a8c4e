use crate::markup::Markup;
use std::f64::consts::TAU;

/// The house's mark: a guilloche rosette as in the watermark of a banknote, one SVG element, drawn in the current
/// colour. The curve is `r(t) = 1 + a cos(lobes·t)`, turned a little for each ring.
pub(crate) fn rosette() -> Markup {
    let mut svg = Markup::new();
    svg.raw(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"rosette\" viewBox=\"-100 -100 200 200\" \
         aria-hidden=\"true\" focusable=\"false\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"0.7\">",
    );
    for ring in 0..6 {
        let turn = f64::from(ring) / 6.0 * TAU / 9.0;
        svg.raw("<path").polygon(curve(82.0, 14.0, 9.0, turn)).raw("/>");
        svg.raw("<path").polygon(curve(52.0, 12.0, 9.0, -turn)).raw("/>");
    }
    svg.raw("</svg>");
    svg
}

fn curve(radius: f64, depth: f64, lobes: f64, turn: f64) -> impl Iterator<Item = (f64, f64)> {
    const STEPS: u32 = 120;
    (0..STEPS).map(move |step| {
        let angle = f64::from(step) / f64::from(STEPS) * TAU;
        let reach = radius + depth * (lobes * (angle + turn)).cos();
        (reach * angle.cos(), reach * angle.sin())
    })
}
