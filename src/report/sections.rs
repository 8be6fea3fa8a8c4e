//! The parts of the page, top down.

use crate::details::row;
use crate::facts::{Fact, Sign, facts, not_shown};
use crate::heat::heat_markup;
use crate::html::Sample;
use crate::markup::Markup;
use crate::motif::rosette;
use crate::original::Original;
use crate::pair::{Shown, beside, pair_markup};
use crate::placement::{placed, placement_markup};
use crate::plot;
use crate::wording::{clock, confidence, headline, origin};
use filigrane_verdict::{Clue, Language, Report};

const NAME_LIMIT: usize = 300;
const ERRORS_SHOWN: usize = 20;
/// Clues in sight, and further ones in a fold.
const CLUES_SHOWN: usize = 3;
const CLUES_FOLDED: usize = 9;
const SAMPLES_SHOWN: usize = 24;
/// Largest sample frame put into the page.
const JPEG_BYTES: usize = 2 << 20;

pub(crate) fn masthead(page: &mut Markup, generated_at: &str, t: Language) {
    page.raw("<header class=\"masthead\"><div class=\"measure\">");
    page.append(&rosette());
    page.raw("<p class=\"brand\">filigrane</p><p class=\"kind\">");
    page.raw(t.say("Provenance report"));
    if !generated_at.is_empty() {
        page.raw("<span class=\"when\">").text(generated_at, 60).raw("</span>");
    }
    page.raw("</p></div></header>\n");
}

pub(crate) fn verdict(page: &mut Markup, report: &Report, t: Language) {
    let headline = headline(report, t);
    page.raw("<section id=\"verdict\" class=\"verdict\" aria-labelledby=\"verdict-title\" tabindex=\"-1\">");
    page.raw("<div class=\"seal\" aria-hidden=\"true\">").append(&rosette());
    page.raw("<span>").text(headline.symbol, 4).raw("</span></div><div>");
    page.raw("<p class=\"file\"><bdi>").text(&report.file, NAME_LIMIT).raw("</bdi></p>");
    page.element("<h1 id=\"verdict-title\">", headline.words, "</h1>");
    if let Some(verdict) = &report.verdict {
        let summary = report.summary(t).unwrap_or_default();
        page.raw("<p class=\"summary\"><bdi>").text(&summary, 1000).raw("</bdi></p>");
        page.raw("<dl class=\"inline\">");
        row(page, "v", t.say("Verdict"), verdict.code.as_str(), t);
        row(page, "v", t.say("Confidence"), &confidence(verdict, t), t);
        if let Some(stated) = verdict.origin {
            row(page, "v", t.say("Origin, as the manifest says"), origin(stated, t), t);
        }
        page.raw("</dl>");
    }
    if !report.errors.is_empty() {
        page.raw("<ul class=\"errors\">");
        for error in report.errors.iter().take(ERRORS_SHOWN) {
            page.raw("<li><bdi>").text(&t.message(error), 400).raw("</bdi></li>");
        }
        page.raw("</ul>");
    }
    page.raw("</div></section>\n");
}

/// Three layers side by side, never blended into one number.
pub(crate) fn layers(page: &mut Markup, report: &Report, t: Language) {
    if report.verdict.is_none() {
        return;
    }
    let [credentials, watermark, registry, classifier] = facts(report, t);
    page.raw("<section aria-labelledby=\"layers-title\"><h2 id=\"layers-title\">")
        .raw(t.say("What this rests on"));
    page.raw("</h2><div class=\"layers\">");
    let layer = |page: &mut Markup, title: &'static str, how: &'static str| {
        page.raw("<article class=\"layer\"><h3>")
            .raw(title)
            .raw("</h3><p class=\"how\">")
            .raw(how)
            .raw("</p>");
    };
    layer(page, t.say("Cryptographic fact"), t.say("Signatures and hashes: they hold or they do not."));
    finding(page, &credentials);
    page.raw("</article>");
    let soft =
        t.say("Invisible mark and likeness of pictures: strong against chance, yet a mark can be copied.");
    layer(page, t.say("Soft match"), soft);
    finding(page, &watermark);
    finding(page, &registry);
    page.raw("</article>");
    let estimate = t.say("What the pictures look like to a classifier: it can be wrong on any video.");
    layer(page, t.say("Statistical estimate"), estimate);
    finding(page, &classifier);
    if report.classifier.ran() && !report.classifier.evidence.is_empty() {
        let all = &report.classifier.evidence;
        let (first, more) = all.split_at(all.len().min(CLUES_SHOWN));
        clues(page, first, t);
        if !more.is_empty() {
            page.raw("<details class=\"more\"><summary>");
            let more = &more[..more.len().min(CLUES_FOLDED)];
            page.text(&t.fill("Further signs: {}", &[&more.len().to_string()]), 80).raw("</summary>");
            clues(page, more, t);
            page.raw("</details>");
        }
    }
    page.raw("</article></div></section>\n");
}

fn clues(page: &mut Markup, clues: &[Clue], t: Language) {
    page.raw("<ul class=\"clues\">");
    for clue in clues {
        page.raw("<li><bdi>").text(&t.told(&clue.what), 300).raw("</bdi> <span class=\"points\">");
        page.text(&t.fill("points to {}", &[&t.told(&clue.points_to)]), 80).raw("</span></li>");
    }
    page.raw("</ul>");
}

fn finding(page: &mut Markup, fact: &Fact) {
    page.raw(match fact.sign {
        Sign::For => "<div class=\"finding for\">",
        Sign::Reserved => "<div class=\"finding reserved\">",
        Sign::Against => "<div class=\"finding against\">",
        Sign::Nothing => "<div class=\"finding\">",
    });
    page.element("<h4>", fact.stage, " <span class=\"state\">").text(fact.state, 60).raw("</span></h4>");
    page.raw("<p><bdi>").text(&fact.sentence, 1000).raw("</bdi></p></div>");
}

pub(crate) fn limits(page: &mut Markup, report: &Report, t: Language) {
    page.raw("<section class=\"limits\" aria-labelledby=\"limits-title\"><h2 id=\"limits-title\">");
    page.raw(t.say("What this does not show")).raw("</h2><ul>");
    for limit in not_shown(report, t) {
        page.element("<li>", limit, "</li>");
    }
    page.raw("</ul></section>\n");
}

/// The registered picture beside the frame that is nearest to it in time.
pub(crate) fn beside_registered(
    page: &mut Markup,
    report: &Report,
    samples: &[Sample],
    original: Option<&Original>,
    t: Language,
) {
    let shown: Vec<&Sample> = samples.iter().filter(|sample| is_jpeg(&sample.jpeg)).collect();
    let times: Vec<f64> = shown.iter().map(|sample| sample.time).collect();
    let still = beside(report, &times).and_then(|number| shown.get(number));
    if let (Some(original), Some(still)) = (original, still)
        && let Some(pair) =
            pair_markup(report, &Shown::Registered(original), &Shown::Still(still), still.time, t)
    {
        page.append(&pair);
    }
}

pub(crate) fn evidence(page: &mut Markup, report: &Report, samples: &[Sample], t: Language) {
    let samples: Vec<&Sample> = samples.iter().take(SAMPLES_SHOWN).collect();
    let times: Vec<f64> = samples.iter().map(|sample| sample.time).collect();
    if let Some(figure) = timeline(report, &times, t) {
        page.raw("<section aria-labelledby=\"evidence-title\"><h2 id=\"evidence-title\">");
        page.raw(t.say("Evidence over time")).raw("</h2>").append(&figure).raw("</section>\n");
    }
    if samples.is_empty() {
        return;
    }
    page.raw("<section aria-labelledby=\"frames-title\"><h2 id=\"frames-title\">").raw(t.say("Frames"));
    page.raw("</h2>");
    if let Some(first) = samples.first().filter(|first| is_jpeg(&first.jpeg))
        && let Some(grid) = placement_markup(report, t)
    {
        page.raw("<figure class=\"placement\"><div class=\"frame\"><img alt=\"\"")
            .jpeg_source(&first.jpeg)
            .raw(">");
        page.append(&grid).raw("</div><figcaption>");
        page.raw(t.say("The frame with the grid of the watermark as it lies in it now.")).raw(" ");
        page.text(&placed(report, t), 300).raw("</figcaption></figure>");
    }
    if let Some((frame, drawing, words)) = heat_markup(report, &times, t)
        && let Some(sample) = samples.get(frame).filter(|sample| is_jpeg(&sample.jpeg))
    {
        page.raw("<figure class=\"placement\"><div class=\"frame\"><img alt=\"\"")
            .jpeg_source(&sample.jpeg)
            .raw(">");
        page.append(&drawing).raw("</div><figcaption>").text(&words, 400).raw("</figcaption></figure>");
    }
    page.raw("<ul class=\"frames\">");
    for sample in samples {
        frame(page, sample, t);
    }
    page.raw("</ul></section>\n");
}

/// The timeline in a wide and a narrow drawing, of which the style sheet shows one; none when the length is not known.
pub(crate) fn timeline(report: &Report, times: &[f64], t: Language) -> Option<Markup> {
    let wide = plot::timeline_markup(report, times, 880, t)?;
    let mut figure = Markup::new();
    figure
        .raw("<figure class=\"evidence\"><div class=\"wide\">")
        .append(&wide)
        .raw("</div><div class=\"narrow\">");
    if let Some(narrow) = plot::timeline_markup(report, times, 340, t) {
        figure.append(&narrow);
    }
    figure.raw("</div><figcaption>");
    figure.text(&plot::description(report, plot::duration(report).unwrap_or(0.0), t), 600);
    if !times.is_empty() {
        figure.raw(" ").raw(t.say("Triangles on the time line stand for the frames below."));
    }
    figure.raw("</figcaption></figure>");
    Some(figure)
}

fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff]) && bytes.len() <= JPEG_BYTES
}

fn frame(page: &mut Markup, sample: &Sample, t: Language) {
    let time = clock(sample.time);
    page.raw("<li><figure>");
    if is_jpeg(&sample.jpeg) {
        let words = t.fill("Frame at {}. {}", &[&time, &sample.caption]);
        page.raw("<img").attribute("alt", &words).jpeg_source(&sample.jpeg).raw(">");
    } else {
        page.raw("<p class=\"missing\">").raw(t.say("No picture")).raw("</p>");
    }
    page.raw("<figcaption><strong>").text(&time, 20).raw("</strong> <bdi>");
    page.text(&sample.caption, 200).raw("</bdi></figcaption></figure></li>");
}
