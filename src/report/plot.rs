use crate::edits;
use crate::markup::Markup;
use crate::wording::clock;
use filigrane_verdict::{CredentialsState, Language, Report, Strength, WatermarkState};

const MARGIN: f64 = 12.0;
const STRENGTH_TOP: f64 = 30.0;
const STRENGTH_BOTTOM: f64 = 130.0;
const SPAN_TOP: f64 = 178.0;
const CREDENTIALS_TOP: f64 = 218.0;
/// Where the lanes begin that not every report has.
const LANES_TOP: f64 = 258.0;
const BAND: f64 = 10.0;
/// Height of such a lane.
const LANE: f64 = 40.0;
const AXIS: f64 = 252.0;
const HEIGHT: f64 = 276.0;
/// Most bars drawn; above it neighbours share one.
const MOST_BARS: usize = 300;
/// Most sample ticks drawn.
const MOST_TICKS: usize = 64;

/// The evidence over time as one SVG element `width` units wide: watermark strength with its threshold, the marked
/// span, the span the credentials cover, the edits that they state, the estimate of the classifier, and ticks at the sample
/// times (seconds). None when the length of the video is not known.
///
/// It has colours of its own as presentation attributes, and classes (`bar strong`, `bar weak`, `threshold`, `halo`, `span`,
/// `cover`, `broken`, `edit`, `estimate`, `axis`, `tick`, `label`, `name`) by which a style sheet may change them.
pub fn timeline(report: &Report, samples: &[f64], width: u32) -> Option<String> {
    timeline_markup(report, samples, width, Language::English).map(Markup::finish)
}

pub(crate) fn timeline_markup(report: &Report, samples: &[f64], width: u32, t: Language) -> Option<Markup> {
    let scale = Scale::new(report, f64::from(width.clamp(240, 4000)), t)?;
    let mut svg = Markup::new();
    svg.raw("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"timeline\" role=\"img\"")
        .attribute("viewBox", &format!("0 0 {} {}", scale.width, HEIGHT + scale.lanes))
        .attribute("aria-label", &description(report, scale.duration, t))
        .raw(" font-size=\"12\" fill=\"#333\">");
    strength(&mut svg, report, &scale);
    marked_span(&mut svg, report, &scale);
    covered_span(&mut svg, report, &scale);
    if let Some(top) = scale.edits {
        edited(&mut svg, report, &scale, top);
    }
    if let Some(top) = scale.estimate {
        estimate(&mut svg, report, &scale, top);
    }
    axis(&mut svg, samples, &scale);
    svg.raw("</svg>");
    Some(svg)
}

/// What the timeline shows, in words.
pub(crate) fn description(report: &Report, duration: f64, t: Language) -> String {
    let watermark = &report.watermark;
    let mut text = t.fill("Evidence over {}. ", &[&clock(duration)]);
    match (watermark.threshold, watermark.timeline.len()) {
        (_, 0) => text.push_str(t.say("Watermark strength was not measured stretch by stretch. ")),
        (Some(threshold), all) => {
            let above = watermark.timeline.iter().filter(|stretch| stretch.score >= threshold).count();
            text.push_str(&t.fill(
                "Watermark strength lies above the detection threshold in {} of {} stretches. ",
                &[&above.to_string(), &all.to_string()],
            ));
        }
        (None, all) => {
            text.push_str(&t.fill("Watermark strength is shown in {} stretches. ", &[&all.to_string()]))
        }
    }
    match (watermark.state, watermark.start, watermark.end) {
        (WatermarkState::Found, Some(start), Some(end)) => {
            text.push_str(&t.fill("Marked from {} to {}. ", &[&clock(start), &clock(end)]));
        }
        (WatermarkState::Found, ..) => text.push_str(t.say("A mark was found. ")),
        (WatermarkState::Absent, ..) => text.push_str(t.say("No mark was found. ")),
        (WatermarkState::Skipped, ..) => {}
    }
    text.push_str(coverage(report, t));
    text.push('.');
    let edits = edits::told(report, t);
    if !edits.is_empty() {
        text.push_str(&t.fill(" Edits, as the signer states them: {}.", &[&edits]));
    }
    text
}

/// The length of the video as far as it is known: the container's, else the end of the last finding.
pub(crate) fn duration(report: &Report) -> Option<f64> {
    let stated = report.media.as_ref().and_then(|media| media.duration);
    let ends = report.watermark.timeline.iter().map(|stretch| stretch.end).chain(report.watermark.end);
    let last = ends.filter(|end| end.is_finite()).fold(0.0, f64::max);
    stated
        .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
        .or(Some(last))
        .filter(|seconds| *seconds > 0.0)
}

struct Scale {
    t: Language,
    width: f64,
    duration: f64,
    top: f64,
    /// Tops of the lanes that not every report has, and the height of both.
    edits: Option<f64>,
    estimate: Option<f64>,
    lanes: f64,
}

impl Scale {
    fn new(report: &Report, width: f64, t: Language) -> Option<Self> {
        let scores = report.watermark.timeline.iter().map(|stretch| stretch.score);
        let strongest = scores.filter(|score| score.is_finite()).fold(1.0, f64::max);
        let threshold = report.watermark.threshold.filter(|threshold| threshold.is_finite()).unwrap_or(0.0);
        let mut lanes = 0.0;
        let mut lane = |wanted: bool| {
            wanted.then(|| {
                lanes += LANE;
                LANES_TOP + lanes - LANE
            })
        };
        let edits = lane(!edits::edits(report).is_empty());
        let estimate = lane(!report.classifier.segments.is_empty());
        let top = strongest.max(threshold * 1.5) * 1.05;
        Some(Self { t, width, duration: duration(report)?, top, edits, estimate, lanes })
    }

    fn x(&self, seconds: f64) -> f64 {
        let seconds = if seconds.is_finite() { seconds.clamp(0.0, self.duration) } else { 0.0 };
        MARGIN + seconds / self.duration * (self.width - 2.0 * MARGIN)
    }

    fn y(&self, score: f64) -> f64 {
        let share = if score.is_finite() { (score / self.top).clamp(0.0, 1.0) } else { 0.0 };
        STRENGTH_BOTTOM - share * (STRENGTH_BOTTOM - STRENGTH_TOP)
    }
}

fn strength(svg: &mut Markup, report: &Report, scale: &Scale) {
    let watermark = &report.watermark;
    let words = match scale.width < 480.0 {
        true => scale.t.say("Watermark strength"),
        false => scale.t.say("Watermark strength, in standard deviations of unmarked video"),
    };
    name(svg, 16.0, words);
    rule(svg, scale, STRENGTH_BOTTOM);
    if watermark.timeline.is_empty() {
        label(svg, MARGIN, 84.0, "start", scale.t.say("not measured stretch by stretch"));
        return;
    }
    let threshold = watermark.threshold.filter(|threshold| threshold.is_finite());
    for stretch in merged(&watermark.timeline) {
        let (left, right) = (scale.x(stretch.start), scale.x(stretch.end));
        let top = scale.y(stretch.score);
        let strong = threshold.is_some_and(|threshold| stretch.score >= threshold);
        svg.raw(if strong {
            "<rect class=\"bar strong\" fill=\"#1f5a6b\""
        } else {
            "<rect class=\"bar weak\" fill=\"#a9a394\""
        });
        let gap = if right - left > 4.0 { 1.0 } else { 0.0 };
        svg.number("x", left)
            .number("y", top)
            .number("width", (right - left - gap).max(0.6))
            .number("height", (STRENGTH_BOTTOM - top).max(0.6))
            .raw("/>");
    }
    if let Some(threshold) = threshold {
        let y = scale.y(threshold);
        // A pale line underneath keeps the dashes visible across the bars.
        level(svg, scale, y, "<line class=\"halo\" stroke=\"#fff\" stroke-width=\"4\"");
        let dashed =
            "<line class=\"threshold\" stroke=\"#a33a1e\" stroke-width=\"1.5\" stroke-dasharray=\"5 4\"";
        level(svg, scale, y, dashed);
        let words = scale.t.fill("detection threshold {}", &[&format!("{threshold:.1}")]);
        label(svg, scale.width - MARGIN, STRENGTH_BOTTOM + 15.0, "end", &words);
    }
    let scores = watermark.timeline.iter().map(|stretch| stretch.score).filter(|score| score.is_finite());
    let strongest = scores.fold(f64::NEG_INFINITY, f64::max);
    let words = scale.t.fill("strongest {}", &[&format!("{strongest:.1}")]);
    label(svg, MARGIN, STRENGTH_BOTTOM + 15.0, "start", &words);
}

fn marked_span(svg: &mut Markup, report: &Report, scale: &Scale) {
    let watermark = &report.watermark;
    let words = match watermark.state {
        WatermarkState::Found => scale.t.say("Marked span"),
        WatermarkState::Absent => scale.t.say("No mark found"),
        WatermarkState::Skipped => scale.t.say("Watermark not checked"),
    };
    name(svg, SPAN_TOP - 4.0, words);
    track(svg, scale, SPAN_TOP);
    if watermark.state == WatermarkState::Found {
        let (start, end) = (watermark.start.unwrap_or(0.0), watermark.end.unwrap_or(scale.duration));
        band(svg, scale, SPAN_TOP, (start, end), "<rect class=\"span\" rx=\"2\" fill=\"#1f5a6b\"");
    }
}

fn covered_span(svg: &mut Markup, report: &Report, scale: &Scale) {
    name(svg, CREDENTIALS_TOP - 4.0, coverage(report, scale.t));
    track(svg, scale, CREDENTIALS_TOP);
    let whole = (0.0, scale.duration);
    match report.credentials.state {
        CredentialsState::Trusted | CredentialsState::Valid => {
            band(svg, scale, CREDENTIALS_TOP, whole, "<rect class=\"cover\" rx=\"2\" fill=\"#2f6b3c\"");
        }
        CredentialsState::Invalid => {
            let open = "<rect class=\"broken\" rx=\"2\" fill=\"none\" stroke=\"#a33a1e\" stroke-width=\"1.5\" \
                        stroke-dasharray=\"6 4\"";
            band(svg, scale, CREDENTIALS_TOP, whole, open);
        }
        CredentialsState::Absent | CredentialsState::Skipped => {}
    }
}

/// The edits that the signer states: those of the whole video as an outline, those of a stretch filled.
fn edited(svg: &mut Markup, report: &Report, scale: &Scale, top: f64) {
    let told = edits::told(report, scale.t);
    let most = if scale.width < 480.0 { 46 } else { 110 };
    let words = scale.t.fill("Edits, as stated: {}", &[&told]);
    name(svg, top - 4.0, &shortened(&words, most));
    track(svg, scale, top);
    for edit in edits::edits(report) {
        let span = (edit.start.unwrap_or(0.0), edit.end.unwrap_or(scale.duration));
        let open = if edits::is_whole(edit) {
            "<rect class=\"edit whole\" rx=\"2\" fill=\"none\" stroke=\"#6b3f6b\" stroke-width=\"1.5\""
        } else {
            "<rect class=\"edit\" rx=\"2\" fill=\"#6b3f6b\" fill-opacity=\"0.75\""
        };
        band(svg, scale, top, span, open);
    }
}

/// A text cut to so many characters, with a sign that it was.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

/// What the classifier makes of each stretch: the darker, the likelier generated.
fn estimate(svg: &mut Markup, report: &Report, scale: &Scale, top: f64) {
    let segments = &report.classifier.segments;
    name(svg, top - 4.0, scale.t.say("Estimate of the classifier: darker where it looks generated"));
    track(svg, scale, top);
    for segment in segments.iter().filter(|segment| segment.end > segment.start).take(MOST_BARS) {
        let (left, right) = (scale.x(segment.start), scale.x(segment.end));
        svg.raw("<rect class=\"estimate\" fill=\"#6b5a1c\"")
            .number("fill-opacity", segment.generated.clamp(0.0, 1.0));
        svg.number("x", left).number("y", top).number("width", (right - left).max(0.6));
        svg.number("height", BAND).raw("/>");
    }
}

fn coverage(report: &Report, t: Language) -> &'static str {
    match report.credentials.state {
        CredentialsState::Trusted | CredentialsState::Valid => t.say("Credentials cover the whole file"),
        CredentialsState::Invalid => t.say("Credentials do not hold for this file"),
        CredentialsState::Absent => t.say("No credentials in the file"),
        CredentialsState::Skipped => t.say("Credentials not checked"),
    }
}

fn axis(svg: &mut Markup, samples: &[f64], scale: &Scale) {
    let axis = AXIS + scale.lanes;
    rule(svg, scale, axis);
    for time in samples.iter().filter(|time| time.is_finite()).take(MOST_TICKS) {
        let x = scale.x(*time);
        svg.raw("<path class=\"tick\" fill=\"#333\"")
            .polygon([(x, axis), (x - 4.0, axis - 7.0), (x + 4.0, axis - 7.0)].into_iter())
            .raw("/>");
    }
    let divisions = if scale.width < 480.0 { 2 } else { 4 };
    for step in 0..=divisions {
        let seconds = scale.duration * f64::from(step) / f64::from(divisions);
        let anchor = match step {
            0 => "start",
            step if step == divisions => "end",
            _ => "middle",
        };
        label(svg, scale.x(seconds), axis + 17.0, anchor, &clock(seconds));
    }
}

/// At most [`MOST_BARS`] stretches in order, each as strong as those it stands for on average.
fn merged(timeline: &[Strength]) -> Vec<Strength> {
    let sound = |stretch: &&Strength| {
        stretch.start.is_finite() && stretch.end > stretch.start && stretch.score.is_finite()
    };
    let stretches: Vec<&Strength> = timeline.iter().filter(sound).collect();
    stretches
        .chunks(stretches.len().div_ceil(MOST_BARS).max(1))
        .filter_map(|group| {
            let (first, last) = (group.first()?, group.last()?);
            let score = group.iter().map(|stretch| stretch.score).sum::<f64>() / group.len() as f64;
            Some(Strength { start: first.start, end: last.end, score })
        })
        .collect()
}

fn band(svg: &mut Markup, scale: &Scale, top: f64, (start, end): (f64, f64), open: &'static str) {
    let (left, right) = (scale.x(start), scale.x(end));
    svg.raw(open)
        .number("x", left)
        .number("y", top)
        .number("width", (right - left).max(2.0))
        .number("height", BAND)
        .raw("/>");
}

fn track(svg: &mut Markup, scale: &Scale, top: f64) {
    band(svg, scale, top, (0.0, scale.duration), "<rect class=\"track\" rx=\"2\" fill=\"#8884\"");
}

fn rule(svg: &mut Markup, scale: &Scale, y: f64) {
    level(svg, scale, y, "<line class=\"axis\" stroke=\"#8888\"");
}

fn level(svg: &mut Markup, scale: &Scale, y: f64, open: &'static str) {
    svg.raw(open)
        .number("x1", MARGIN)
        .number("x2", scale.width - MARGIN)
        .number("y1", y)
        .number("y2", y)
        .raw("/>");
}

fn name(svg: &mut Markup, y: f64, words: &str) {
    svg.raw("<text class=\"name\"")
        .number("x", MARGIN)
        .number("y", y)
        .raw(">")
        .text(words, 120)
        .raw("</text>");
}

fn label(svg: &mut Markup, x: f64, y: f64, anchor: &str, words: &str) {
    svg.raw("<text class=\"label\"")
        .number("x", x)
        .number("y", y)
        .attribute("text-anchor", anchor)
        .raw(">")
        .text(words, 80)
        .raw("</text>");
}

#[cfg(test)]
#[path = "plot_tests.rs"]
mod tests;
