//! Tables, status codes and what stands at the end of a report.

use crate::facts::explanation;
use crate::json;
use crate::markup::Markup;
use crate::meaning::meaning;
use crate::terminal::described;
use crate::wording::{
    clock, consents, geometry, grouped, models, odds, origin, registered_signer, signer, trusted_by,
};
use filigrane_verdict::{
    CredentialsState, Language, ManifestSignature, Report, Via, WatermarkState, Weight, explain,
};

const NAME_LIMIT: usize = 300;
const CODES_SHOWN: usize = 200;
/// Longest JSON put into the page.
const JSON_BYTES: usize = 256 << 10;

pub(crate) fn details(page: &mut Markup, report: &Report, t: Language) {
    page.raw("<section aria-labelledby=\"details-title\"><h2 id=\"details-title\">").raw(t.say("Details"));
    page.raw("</h2><div class=\"tables\">");
    manifest(page, report, t);
    mark(page, report, t);
    registered(page, report, t);
    file(page, report, t);
    page.raw("</div></section>\n");
}

fn manifest(page: &mut Markup, report: &Report, t: Language) {
    let credentials = &report.credentials;
    let mut rows: Vec<(&'static str, String)> = Vec::new();
    optional(&mut rows, t.say("Signer"), signer(credentials, t).as_deref());
    optional(&mut rows, t.say("Trusted by"), trusted_by(credentials, t).as_deref());
    optional(&mut rows, t.say("Signed at"), credentials.signed_at.as_deref());
    if credentials.signed_at.is_some() {
        let source = if credentials.time_stamped {
            t.say("a time-stamping authority")
        } else {
            t.say("the signer's own statement")
        };
        rows.push((t.say("Time according to"), source.to_owned()));
    }
    optional(&mut rows, t.say("Manifest"), credentials.manifest.as_deref());
    optional(&mut rows, t.say("Made with"), credentials.generator.as_deref());
    optional(&mut rows, t.say("Origin stated"), credentials.origin.map(|stated| origin(stated, t)));
    if !credentials.actions.is_empty() {
        let actions: Vec<&str> = credentials.actions.iter().take(12).map(String::as_str).collect();
        rows.push((t.say("Actions stated"), actions.join(", ")));
    }
    rows.extend(models(credentials, t).map(|text| (t.say("Model stated"), text)));
    rows.extend(consents(credentials, t).map(|text| (t.say("Consent stated"), text)));
    optional(&mut rows, t.say("Finding"), explanation(credentials, t).as_deref());
    let title = match credentials.state {
        CredentialsState::Invalid => t.say("Manifest in the file, which does not hold"),
        _ => t.say("Manifest in the file"),
    };
    table(page, "m", title, &rows, t);
}

fn mark(page: &mut Markup, report: &Report, t: Language) {
    let watermark = &report.watermark;
    let mut rows: Vec<(&'static str, String)> = Vec::new();
    optional(&mut rows, t.say("Payload"), watermark.found_payload());
    // Where no mark is said to be there, nothing can be a false alarm.
    if let Some(log10_p) = watermark.log10_p.filter(|_| watermark.state == WatermarkState::Found) {
        rows.push((t.say("Chance of a false alarm"), odds(log10_p, t)));
    }
    if let (Some(start), Some(end)) = (watermark.start, watermark.end) {
        rows.push((t.say("Marked span"), t.fill("{} to {}", &[&clock(start), &clock(end)])));
    }
    for mark in watermark.also.iter().take(4) {
        rows.push((t.say("Payload beside it, as stated"), mark.payload.clone()));
    }
    if let Some(changed) = &watermark.geometry {
        rows.push((t.say("Picture since marking"), geometry(changed, t)));
    }
    let audio = &watermark.audio;
    optional(&mut rows, t.say("Payload in the sound"), audio.found_payload());
    if let (Some(log10_p), Some(_)) = (audio.log10_p, audio.found_payload()) {
        rows.push((t.say("Chance of a false alarm there"), odds(log10_p, t)));
    }
    optional(&mut rows, t.say("Registered as"), audio.registered.as_deref());
    table(page, "w", t.say("Watermark"), &rows, t);
}

fn registered(page: &mut Markup, report: &Report, t: Language) {
    let registry = &report.registry;
    let mut rows: Vec<(&'static str, String)> = Vec::new();
    optional(&mut rows, t.say("Manifest"), registry.manifest.as_deref());
    let via = registry.via.map(|via| match via {
        Via::Watermark => t.say("the watermark"),
        Via::Fingerprint => t.say("the fingerprint"),
    });
    optional(&mut rows, t.say("Found through"), via);
    if let Some(distance) = registry.distance {
        rows.push((
            t.say("Fingerprint distance"),
            t.fill("{} (smaller is nearer)", &[&distance.to_string()]),
        ));
    }
    let signature = registry.signature.map(|signature| match signature {
        ManifestSignature::Trusted => t.say("holds; signer on the trust list"),
        ManifestSignature::Valid => t.say("holds; signer not on the trust list"),
        ManifestSignature::Invalid => t.say("does not hold"),
        ManifestSignature::Absent => t.say("not signed"),
    });
    optional(&mut rows, t.say("Its signature"), signature);
    optional(&mut rows, t.say("Its signer"), registered_signer(registry, t).as_deref());
    optional(&mut rows, t.say("Title"), registry.title.as_deref());
    optional(&mut rows, t.say("Origin stated"), registry.origin.map(|stated| origin(stated, t)));
    optional(&mut rows, t.say("Registered at"), registry.registered_at.as_deref());
    table(page, "r", t.say("Registered manifest"), &rows, t);
}

fn file(page: &mut Markup, report: &Report, t: Language) {
    let mut rows: Vec<(&'static str, String)> = vec![(t.say("Name"), report.file.clone())];
    if let Some(bytes) = report.bytes {
        rows.push((t.say("Size"), t.fill("{} bytes", &[&grouped(bytes)])));
    }
    optional(&mut rows, t.say("SHA-256"), report.sha256.as_deref());
    if let Some(media) = &report.media {
        rows.push((t.say("Video"), described(media, t)));
    }
    table(page, "f", t.say("File"), &rows, t);
}

/// The official status codes and times, folded; with the whole document where the page has to stand alone.
pub(crate) fn technical(page: &mut Markup, report: &Report, whole: bool, t: Language) {
    page.raw("<details class=\"technical\"><summary>").raw(t.say("Technical details")).raw("</summary>");
    if !report.credentials.codes.is_empty() {
        page.raw("<h2>").raw(t.say("Status codes of the manifest check")).raw("</h2>");
        codes(page, report.credentials.codes.iter().map(String::as_str), t);
    }
    page.raw("<h2>").raw(t.say("Time spent")).raw("</h2><dl class=\"inline\">");
    let timing = &report.timing;
    for (stage, seconds) in [
        (t.say("total"), timing.total_s),
        (t.say("decoding"), timing.decode_s),
        (t.say("credentials"), timing.credentials_s),
        (t.say("watermark"), timing.watermark_s),
        (t.say("registry"), timing.registry_s),
        (t.say("classifier"), timing.classifier_s),
    ] {
        row(page, "t", stage, &format!("{seconds:.2} s"), t);
    }
    page.raw("</dl>");
    if whole {
        document(page, report, t);
    }
    page.raw("</details>\n");
}

/// A table of status codes with their meaning.
pub(crate) fn codes<'a>(page: &mut Markup, codes: impl Iterator<Item = &'a str>, t: Language) {
    page.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\"")
        .attribute("aria-label", t.say("Status codes"));
    page.raw("><table><thead><tr>");
    for title in [t.say("Result"), t.say("Code"), t.say("Meaning")] {
        page.raw("<th scope=\"col\">").raw(title).raw("</th>");
    }
    page.raw("</tr></thead><tbody>");
    for code in codes.take(CODES_SHOWN) {
        let meaning = explain(code);
        let (row, result) = match meaning.map(|meaning| meaning.weight) {
            Some(Weight::Passed) => ("<tr><td>", t.say("passed")),
            Some(Weight::Note) => ("<tr><td>", t.say("note")),
            Some(Weight::Failed) => ("<tr class=\"failed\"><td>", t.say("failed")),
            None => ("<tr><td>", t.say("unknown")),
        };
        page.raw(row).raw(result).raw("</td><td><code>").text(code, 100).raw("</code></td><td>");
        let plain = meaning.map_or(t.say("Not known to this program."), |meaning| t.say(meaning.plain));
        page.text(plain, 300).raw("</td></tr>");
    }
    page.raw("</tbody></table></div>");
}

fn document(page: &mut Markup, report: &Report, t: Language) {
    page.raw("<h2>").raw(t.say("The whole report as JSON"));
    page.raw("</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"JSON\" lang=\"en\"><pre><code>");
    let text = json(std::slice::from_ref(report));
    let shown = text.floor_char_boundary(JSON_BYTES);
    page.lines(&text[..shown]);
    if shown < text.len() {
        page.raw("\n").raw(t.say("… cut here; the program's --json output is whole"));
    }
    page.raw("</code></pre></div>");
}

pub(crate) fn colophon(page: &mut Markup, report: &Report, generated_at: &str, version: &str, t: Language) {
    page.raw("<footer><div class=\"measure\"><p>");
    page.text(&t.fill("Made by filigrane {}", &[version]), 100);
    if !generated_at.is_empty() {
        page.raw(", ").text(generated_at, 60);
    }
    page.raw(". ").raw(t.say("This page needs no network and runs no script.")).raw("</p><p>");
    match &report.classifier.model {
        Some(model) => page.text(&t.fill("Model of the classifier: {}.", &[model]), 300),
        None => page.raw(t.say("No model of a classifier was used.")),
    };
    page.raw("</p>");
    if let Some(digest) = &report.sha256 {
        page.raw("<p>").raw(t.say("About the file with SHA-256")).raw(" <code class=\"digest\">");
        page.text(digest, 80).raw("</code>.</p>");
    }
    page.raw("</div></footer>\n");
}

fn table(
    page: &mut Markup,
    place: &'static str,
    title: &'static str,
    rows: &[(&'static str, String)],
    t: Language,
) {
    if rows.is_empty() {
        return;
    }
    page.element("<div class=\"group\"><h3>", title, "</h3><dl>");
    for (name, value) in rows {
        row(page, place, name, value, t);
    }
    page.raw("</dl></div>");
}

/// A name and its value; where the name needs words, they are shown when somebody points at it. `place` keeps the names of
/// equal rows apart.
pub(crate) fn row(page: &mut Markup, place: &'static str, name: &'static str, value: &str, t: Language) {
    page.raw("<div><dt>");
    match meaning(name, t) {
        Some((number, words)) => {
            let id = format!("tip-{place}-{number}");
            page.raw("<button type=\"button\" class=\"term\"").attribute("aria-describedby", &id).raw(">");
            page.raw(name).raw("</button><span class=\"tip\" role=\"tooltip\"").attribute("id", &id);
            page.raw(">").raw(words).raw("</span>");
        }
        None => {
            page.raw(name);
        }
    }
    page.raw("</dt><dd><bdi>").text(value, NAME_LIMIT).raw("</bdi></dd></div>");
}

fn optional(rows: &mut Vec<(&'static str, String)>, name: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        rows.push((name, value.to_owned()));
    }
}
