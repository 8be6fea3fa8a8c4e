//! The parts of the page, top down.

use crate::facts::{Fact, Sign, facts, not_shown};
use crate::html::Sample;
use crate::markup::Markup;
use crate::motif::rosette;
use crate::terminal::described;
use crate::wording::{
    clock, confidence, consents, geometry, grouped, headline, models, odds, origin, registered_signer,
    signer, trusted_by,
};
use crate::{json, plot};
use filigrane_verdict::{CredentialsState, ManifestSignature, Report, Via, Weight, explain};

const NAME_LIMIT: usize = 300;
const ERRORS_SHOWN: usize = 20;
const CODES_SHOWN: usize = 200;
const CLUES_SHOWN: usize = 12;
const SAMPLES_SHOWN: usize = 24;
/// Largest sample frame put into the page.
const JPEG_BYTES: usize = 2 << 20;
/// Longest JSON put into the page.
const JSON_BYTES: usize = 256 << 10;

pub(crate) fn masthead(page: &mut Markup, generated_at: &str) {
    page.raw("<header class=\"masthead\"><div class=\"measure\">");
    page.append(&rosette());
    page.raw("<p class=\"brand\">filigrane</p><p class=\"kind\">Provenance report");
    if !generated_at.is_empty() {
        page.raw("<span class=\"when\">").text(generated_at, 60).raw("</span>");
    }
    page.raw("</p></div></header>\n");
}

pub(crate) fn verdict(page: &mut Markup, report: &Report) {
    let headline = headline(report);
    page.raw("<section id=\"verdict\" class=\"verdict\" aria-labelledby=\"verdict-title\" tabindex=\"-1\">");
    page.raw("<div class=\"seal\" aria-hidden=\"true\">").append(&rosette());
    page.raw("<span>").text(headline.symbol, 4).raw("</span></div><div>");
    page.raw("<p class=\"file\"><bdi>").text(&report.file, NAME_LIMIT).raw("</bdi></p>");
    page.element("<h1 id=\"verdict-title\">", headline.words, "</h1>");
    if let Some(verdict) = &report.verdict {
        page.raw("<p class=\"summary\"><bdi>").text(&verdict.summary, 1000).raw("</bdi></p>");
        page.raw("<dl class=\"inline\">");
        row(page, "Verdict", verdict.code.as_str());
        row(page, "Confidence", &confidence(verdict));
        if let Some(stated) = verdict.origin {
            row(page, "Origin, as the manifest says", origin(stated));
        }
        page.raw("</dl>");
    }
    if !report.errors.is_empty() {
        page.raw("<ul class=\"errors\">");
        for error in report.errors.iter().take(ERRORS_SHOWN) {
            page.raw("<li><bdi>").text(error, 400).raw("</bdi></li>");
        }
        page.raw("</ul>");
    }
    page.raw("</div></section>\n");
}

/// Three layers side by side, never blended into one number.
pub(crate) fn layers(page: &mut Markup, report: &Report) {
    if report.verdict.is_none() {
        return;
    }
    let [credentials, watermark, registry, classifier] = facts(report);
    page.raw(
        "<section aria-labelledby=\"layers-title\"><h2 id=\"layers-title\">What this rests on</h2>\
         <div class=\"layers\"><article class=\"layer\"><h3>Cryptographic fact</h3>\
         <p class=\"how\">Signatures and hashes: they hold or they do not.</p>",
    );
    finding(page, &credentials);
    page.raw(
        "</article><article class=\"layer\"><h3>Soft match</h3>\
         <p class=\"how\">Invisible mark and likeness of pictures: strong against chance, yet a mark can be copied.</p>",
    );
    finding(page, &watermark);
    finding(page, &registry);
    page.raw(
        "</article><article class=\"layer\"><h3>Statistical estimate</h3>\
         <p class=\"how\">What the pictures look like to a classifier: it can be wrong on any video.</p>",
    );
    finding(page, &classifier);
    if report.classifier.ran() && !report.classifier.evidence.is_empty() {
        page.raw("<ul class=\"clues\">");
        for clue in report.classifier.evidence.iter().take(CLUES_SHOWN) {
            page.raw("<li><bdi>").text(&clue.what, 300).raw("</bdi> <span class=\"points\">points to ");
            page.text(&clue.points_to, 40).raw("</span></li>");
        }
        page.raw("</ul>");
    }
    page.raw("</article></div></section>\n");
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

pub(crate) fn limits(page: &mut Markup, report: &Report) {
    page.raw(
        "<section class=\"limits\" aria-labelledby=\"limits-title\">\
         <h2 id=\"limits-title\">What this does not show</h2><ul>",
    );
    for limit in not_shown(report) {
        page.element("<li>", limit, "</li>");
    }
    page.raw("</ul></section>\n");
}

pub(crate) fn evidence(page: &mut Markup, report: &Report, samples: &[Sample]) {
    let samples: Vec<&Sample> = samples.iter().take(SAMPLES_SHOWN).collect();
    let times: Vec<f64> = samples.iter().map(|sample| sample.time).collect();
    if let Some(wide) = plot::timeline_markup(report, &times, 880) {
        page.raw(
            "<section aria-labelledby=\"evidence-title\"><h2 id=\"evidence-title\">Evidence over time</h2>\
             <figure class=\"evidence\"><div class=\"wide\">",
        );
        page.append(&wide).raw("</div><div class=\"narrow\">");
        if let Some(narrow) = plot::timeline_markup(report, &times, 340) {
            page.append(&narrow);
        }
        page.raw("</div><figcaption>");
        page.text(&plot::description(report, plot::duration(report).unwrap_or(0.0)), 600);
        if !samples.is_empty() {
            page.raw(" Triangles on the time line stand for the frames below.");
        }
        page.raw("</figcaption></figure></section>\n");
    }
    if samples.is_empty() {
        return;
    }
    page.raw(
        "<section aria-labelledby=\"frames-title\"><h2 id=\"frames-title\">Frames</h2><ul class=\"frames\">",
    );
    for sample in samples {
        frame(page, sample);
    }
    page.raw("</ul></section>\n");
}

fn frame(page: &mut Markup, sample: &Sample) {
    let time = clock(sample.time);
    page.raw("<li><figure>");
    if sample.jpeg.starts_with(&[0xff, 0xd8, 0xff]) && sample.jpeg.len() <= JPEG_BYTES {
        let words = format!("Frame at {time}. {}", sample.caption);
        page.raw("<img").attribute("alt", &words).jpeg_source(&sample.jpeg).raw(">");
    } else {
        page.raw("<p class=\"missing\">No picture</p>");
    }
    page.raw("<figcaption><strong>").text(&time, 20).raw("</strong> <bdi>");
    page.text(&sample.caption, 200).raw("</bdi></figcaption></figure></li>");
}

pub(crate) fn details(page: &mut Markup, report: &Report) {
    page.raw("<section aria-labelledby=\"details-title\"><h2 id=\"details-title\">Details</h2><div class=\"tables\">");
    manifest(page, report);
    mark(page, report);
    registered(page, report);
    file(page, report);
    page.raw("</div></section>\n");
}

fn manifest(page: &mut Markup, report: &Report) {
    let credentials = &report.credentials;
    let mut rows: Vec<(&'static str, String)> = Vec::new();
    optional(&mut rows, "Signer", signer(credentials).as_deref());
    optional(&mut rows, "Trusted by", trusted_by(credentials).as_deref());
    optional(&mut rows, "Signed at", credentials.signed_at.as_deref());
    if credentials.signed_at.is_some() {
        let source =
            if credentials.time_stamped { "a time-stamping authority" } else { "the signer's own statement" };
        rows.push(("Time according to", source.to_owned()));
    }
    optional(&mut rows, "Manifest", credentials.manifest.as_deref());
    optional(&mut rows, "Made with", credentials.generator.as_deref());
    optional(&mut rows, "Origin stated", credentials.origin.map(origin));
    if !credentials.actions.is_empty() {
        let actions: Vec<&str> = credentials.actions.iter().take(12).map(String::as_str).collect();
        rows.push(("Actions stated", actions.join(", ")));
    }
    rows.extend(models(credentials).map(|text| ("Model stated", text)));
    rows.extend(consents(credentials).map(|text| ("Consent stated", text)));
    optional(&mut rows, "Finding", credentials.explanation.as_deref());
    let title = match credentials.state {
        CredentialsState::Invalid => "Manifest in the file, which does not hold",
        _ => "Manifest in the file",
    };
    table(page, title, &rows);
}

fn mark(page: &mut Markup, report: &Report) {
    let watermark = &report.watermark;
    let mut rows: Vec<(&'static str, String)> = Vec::new();
    optional(&mut rows, "Payload", watermark.found_payload());
    if let Some(log10_p) = watermark.log10_p {
        rows.push(("Chance of a false alarm", odds(log10_p)));
    }
    if let (Some(start), Some(end)) = (watermark.start, watermark.end) {
        rows.push(("Marked span", format!("{} to {}", clock(start), clock(end))));
    }
    for mark in watermark.also.iter().take(4) {
        rows.push(("Payload beside it, as stated", mark.payload.clone()));
    }
    if let Some(changed) = &watermark.geometry {
        rows.push(("Picture since marking", geometry(changed)));
    }
    let audio = &watermark.audio;
    optional(&mut rows, "Payload in the sound", audio.found_payload());
    if let (Some(log10_p), Some(_)) = (audio.log10_p, audio.found_payload()) {
        rows.push(("Chance of a false alarm there", odds(log10_p)));
    }
    optional(&mut rows, "Registered as", audio.registered.as_deref());
    table(page, "Watermark", &rows);
}

fn registered(page: &mut Markup, report: &Report) {
    let registry = &report.registry;
    let mut rows: Vec<(&'static str, String)> = Vec::new();
    optional(&mut rows, "Manifest", registry.manifest.as_deref());
    let via = registry.via.map(|via| match via {
        Via::Watermark => "the watermark",
        Via::Fingerprint => "the fingerprint",
    });
    optional(&mut rows, "Found through", via);
    if let Some(distance) = registry.distance {
        rows.push(("Fingerprint distance", format!("{distance} (smaller is nearer)")));
    }
    let signature = registry.signature.map(|signature| match signature {
        ManifestSignature::Trusted => "holds; signer on the trust list",
        ManifestSignature::Valid => "holds; signer not on the trust list",
        ManifestSignature::Invalid => "does not hold",
        ManifestSignature::Absent => "not signed",
    });
    optional(&mut rows, "Its signature", signature);
    optional(&mut rows, "Its signer", registered_signer(registry).as_deref());
    optional(&mut rows, "Title", registry.title.as_deref());
    optional(&mut rows, "Origin stated", registry.origin.map(origin));
    optional(&mut rows, "Registered at", registry.registered_at.as_deref());
    table(page, "Registered manifest", &rows);
}

fn file(page: &mut Markup, report: &Report) {
    let mut rows: Vec<(&'static str, String)> = vec![("Name", report.file.clone())];
    if let Some(bytes) = report.bytes {
        rows.push(("Size", format!("{} bytes", grouped(bytes))));
    }
    optional(&mut rows, "SHA-256", report.sha256.as_deref());
    if let Some(media) = &report.media {
        rows.push(("Video", described(media)));
    }
    table(page, "File", &rows);
}

pub(crate) fn technical(page: &mut Markup, report: &Report) {
    page.raw("<details class=\"technical\"><summary>Technical details</summary>");
    if !report.credentials.codes.is_empty() {
        page.raw(
            "<h2>Status codes of the manifest check</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" \
             aria-label=\"Status codes\"><table><thead><tr><th scope=\"col\">Result</th><th scope=\"col\">Code</th>\
             <th scope=\"col\">Meaning</th></tr></thead><tbody>",
        );
        for code in report.credentials.codes.iter().take(CODES_SHOWN) {
            let meaning = explain(code);
            page.raw(match meaning.map(|meaning| meaning.weight) {
                Some(Weight::Passed) => "<tr><td>passed</td><td><code>",
                Some(Weight::Note) => "<tr><td>note</td><td><code>",
                Some(Weight::Failed) => "<tr class=\"failed\"><td>failed</td><td><code>",
                None => "<tr><td>unknown</td><td><code>",
            });
            page.text(code, 100).raw("</code></td><td>");
            page.text(meaning.map_or("Not known to this program.", |meaning| meaning.plain), 200);
            page.raw("</td></tr>");
        }
        page.raw("</tbody></table></div>");
    }
    page.raw("<h2>Time spent</h2><dl class=\"inline\">");
    let timing = &report.timing;
    for (stage, seconds) in [
        ("total", timing.total_s),
        ("decoding", timing.decode_s),
        ("credentials", timing.credentials_s),
        ("watermark", timing.watermark_s),
        ("registry", timing.registry_s),
        ("classifier", timing.classifier_s),
    ] {
        row(page, stage, &format!("{seconds:.2} s"));
    }
    page.raw(
        "</dl><h2>The whole report as JSON</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"JSON\"><pre><code>",
    );
    let text = json(std::slice::from_ref(report));
    let shown = text.floor_char_boundary(JSON_BYTES);
    page.lines(&text[..shown]);
    if shown < text.len() {
        page.raw("\n… cut here; the program's --json output is whole");
    }
    page.raw("</code></pre></div></details>\n");
}

pub(crate) fn colophon(page: &mut Markup, report: &Report, generated_at: &str, version: &str) {
    page.raw("<footer><div class=\"measure\"><p>Made by filigrane ").text(version, 40);
    if !generated_at.is_empty() {
        page.raw(", ").text(generated_at, 60);
    }
    page.raw(". This page needs no network and runs no script.</p>");
    if let Some(digest) = &report.sha256 {
        page.raw("<p>About the file with SHA-256 <code class=\"digest\">")
            .text(digest, 80)
            .raw("</code>.</p>");
    }
    page.raw("</div></footer>\n");
}

fn table(page: &mut Markup, title: &'static str, rows: &[(&'static str, String)]) {
    if rows.is_empty() {
        return;
    }
    page.element("<div class=\"group\"><h3>", title, "</h3><dl>");
    for (name, value) in rows {
        row(page, name, value);
    }
    page.raw("</dl></div>");
}

fn row(page: &mut Markup, name: &'static str, value: &str) {
    page.raw("<div><dt>").raw(name).raw("</dt><dd><bdi>").text(value, NAME_LIMIT).raw("</bdi></dd></div>");
}

fn optional(rows: &mut Vec<(&'static str, String)>, name: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        rows.push((name, value.to_owned()));
    }
}
