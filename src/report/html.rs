use crate::markup::Markup;
use crate::original::Original;
use crate::wording::headline;
use crate::{details, sections};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use filigrane_verdict::{Language, Report};
use sha2::{Digest, Sha256};

/// A frame of the video to show in the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Presentation time, seconds.
    pub time: f64,
    /// The frame as a JPEG file.
    pub jpeg: Vec<u8>,
    /// A few words under the picture.
    pub caption: String,
}

const STYLE: &str = include_str!("page.css");

/// The report in English as [`html_in`] gives it.
pub fn html(report: &Report, samples: &[Sample], generated_at: &str, version: &str) -> String {
    html_in(report, samples, None, generated_at, version, Language::English)
}

/// The report as one HTML file that needs nothing else: no script, no request, styles bound by their digest in the
/// content security policy, sample frames as data URIs; with the picture that the registered manifest holds beside one of
/// them. `generated_at` and `version` are printed as given.
pub fn html_in(
    report: &Report,
    samples: &[Sample],
    original: Option<&Original>,
    generated_at: &str,
    version: &str,
    t: Language,
) -> String {
    let headline = headline(report, t);
    let mut page = Markup::new();
    page.raw("<!doctype html>\n<html").attribute("lang", t.tag());
    page.raw(">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\"").attribute("content", &policy()).raw(">\n");
    page.raw(
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>",
    );
    page.text(headline.words, 80).raw(" · ").text(&report.file, 80).raw(" · filigrane</title>\n<style>");
    page.raw(STYLE).raw("</style>\n</head>\n");
    page.raw("<body").attribute("class", headline.tone.class()).raw(">\n");
    page.raw("<a class=\"skip\" href=\"#verdict\">").raw(t.say("Skip to the verdict")).raw("</a>\n");
    sections::masthead(&mut page, generated_at, t);
    page.raw("<main>\n");
    sections::verdict(&mut page, report, t);
    sections::layers(&mut page, report, t);
    sections::limits(&mut page, report, t);
    sections::beside_registered(&mut page, report, samples, original, t);
    sections::evidence(&mut page, report, samples, t);
    details::details(&mut page, report, t);
    details::technical(&mut page, report, true, t);
    page.raw("</main>\n");
    details::colophon(&mut page, report, generated_at, version, t);
    page.raw("</body>\n</html>\n");
    page.finish()
}

/// The content security policy of a report: its own styles and pictures, and nothing else.
pub fn policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
