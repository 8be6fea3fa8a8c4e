use crate::markup::Markup;
use crate::wording::{Tone, headline};
use crate::{base64, sections};
use filigrane_verdict::Report;
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

/// The report as one HTML file that needs nothing else: no script, no request, styles bound by their digest in the
/// content security policy, sample frames as data URIs. `generated_at` and `version` are printed as given.
pub fn html(report: &Report, samples: &[Sample], generated_at: &str, version: &str) -> String {
    let headline = headline(report);
    let mut page = Markup::new();
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\"").attribute("content", &policy()).raw(">\n");
    page.raw(
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>",
    );
    page.text(headline.words, 80).raw(" · ").text(&report.file, 80).raw(" · filigrane</title>\n<style>");
    page.raw(STYLE).raw("</style>\n</head>\n");
    page.raw(match headline.tone {
        Tone::Sound => "<body class=\"sound\">\n",
        Tone::Partial => "<body class=\"partial\">\n",
        Tone::Open => "<body class=\"open\">\n",
        Tone::Wrong => "<body class=\"wrong\">\n",
    });
    page.raw("<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n");
    sections::masthead(&mut page, generated_at);
    page.raw("<main>\n");
    sections::verdict(&mut page, report);
    sections::layers(&mut page, report);
    sections::limits(&mut page, report);
    sections::evidence(&mut page, report, samples);
    sections::details(&mut page, report);
    sections::technical(&mut page, report);
    page.raw("</main>\n");
    sections::colophon(&mut page, report, generated_at, version);
    page.raw("</body>\n</html>\n");
    page.finish()
}

fn policy() -> String {
    let digest = base64::encode(&Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
