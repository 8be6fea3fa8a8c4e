use crate::markup::Markup;
use crate::placement::placed;
use crate::wording::{face, headline};
use crate::{details, sections};
use filigrane_verdict::{Code, Language, Report};

/// The parts of a report as pieces of HTML, for a page that puts more around them. Every text in them is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The verdict in a few words, as text.
    pub headline: &'static str,
    /// The class of the page that gives the verdict its colour.
    pub tone: &'static str,
    /// The verdict and its sentence.
    pub verdict: String,
    /// What it rests on, in three layers.
    pub layers: String,
    /// What it does not show.
    pub limits: String,
    /// The evidence over time; none when the length of the video is not known.
    pub timeline: Option<String>,
    /// What was done to the picture since it was marked, as text; empty without a mark.
    pub geometry: String,
    /// Tables of details.
    pub details: String,
    /// Official status codes and times, folded.
    pub codes: String,
}

/// The parts of a report in a language, with marks at the times of sample frames, seconds.
pub fn parts(report: &Report, times: &[f64], t: Language) -> Parts {
    let headline = headline(report, t);
    let piece = |write: &dyn Fn(&mut Markup)| {
        let mut page = Markup::new();
        write(&mut page);
        page.finish()
    };
    Parts {
        headline: headline.words,
        tone: headline.tone.class(),
        verdict: piece(&|page| sections::verdict(page, report, t)),
        layers: piece(&|page| sections::layers(page, report, t)),
        limits: piece(&|page| sections::limits(page, report, t)),
        timeline: sections::timeline(report, times, t).map(Markup::finish),
        geometry: placed(report, t),
        details: piece(&|page| details::details(page, report, t)),
        codes: piece(&|page| details::technical(page, report, false, t)),
    }
}

/// A verdict's face in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headline {
    /// One character.
    pub symbol: &'static str,
    /// A few words.
    pub words: &'static str,
    /// The class that gives it its colour.
    pub tone: &'static str,
}

/// The face of a verdict; that of a file that could not be read without one.
pub fn headline_of(code: Option<Code>, t: Language) -> Headline {
    let face = face(code, t);
    Headline { symbol: face.symbol, words: face.words, tone: face.tone.class() }
}
