use crate::facts::{Sign, facts, not_shown};
use crate::wording::{
    Tone, clock, confidence, consents, geometry, grouped, headline, models, origin, registered_signer,
    signer, trusted_by,
};
use filigrane_verdict::{Language, Report, Weight, explain, visible};

/// How the text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour with ANSI escape sequences.
    pub colour: bool,
    /// Columns of the terminal; lines are broken to fit, 40 at least.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: false, width: 80 }
    }
}

const EN: Language = Language::English;
const NAME_LIMIT: usize = 200;
const CODES_SHOWN: usize = 12;
const ERRORS_SHOWN: usize = 8;
const CLUES_SHOWN: usize = 3;

/// The report as text for people: the verdict on the first line, then what it rests on, what it does not show, and
/// details. Ends with a line break; no line but one with an unbreakable word is wider than `style.width`.
pub fn terminal(report: &Report, style: Style) -> String {
    let mut page = Page { text: String::new(), style: Style { width: style.width.max(40), ..style } };
    let headline = headline(report, EN);
    page.line(paint(headline.tone), &format!("{} {}", headline.symbol, headline.words));
    page.wrapped("  ", "  ", &visible(&report.file, NAME_LIMIT));
    if let Some(verdict) = &report.verdict {
        page.wrapped("  ", "  ", &visible(&verdict.summary, 1000));
    }
    for error in report.errors.iter().take(ERRORS_SHOWN) {
        page.wrapped("  ! ", "    ", &visible(error, 400));
    }
    rests_on(&mut page, report);
    page.heading("What this does not show");
    for limit in not_shown(report, EN) {
        page.wrapped("  - ", "    ", limit);
    }
    details(&mut page, report);
    page.text
}

fn rests_on(page: &mut Page, report: &Report) {
    if report.verdict.is_none() {
        return;
    }
    page.heading("What this rests on");
    for fact in facts(report, EN) {
        let symbol = match fact.sign {
            Sign::For => "+",
            Sign::Reserved => "±",
            Sign::Against => "!",
            Sign::Nothing => "·",
        };
        page.wrapped(&format!("  {symbol} {:<12}", fact.stage), "                ", &fact.sentence);
    }
    if report.classifier.ran() && !report.classifier.abstained {
        for clue in report.classifier.evidence.iter().take(CLUES_SHOWN) {
            let (what, points_to) = (visible(&clue.what, 300), visible(&clue.points_to, 40));
            page.wrapped(
                "                - ",
                "                  ",
                &format!("{what} (points to {points_to})"),
            );
        }
    }
}

fn details(page: &mut Page, report: &Report) {
    let mut rows: Vec<(&'static str, String)> = Vec::new();
    if let Some(verdict) = &report.verdict {
        rows.push(("verdict", verdict.code.to_string()));
        rows.push(("confidence", confidence(verdict, EN)));
        if let Some(stated) = verdict.origin {
            rows.push(("origin", format!("{} (as the manifest says)", origin(stated, EN))));
        }
    }
    let credentials = &report.credentials;
    optional(&mut rows, "signer", signer(credentials, EN).as_deref());
    optional(&mut rows, "trusted by", trusted_by(credentials, EN).as_deref());
    if let Some(time) = &credentials.signed_at {
        let source = if credentials.time_stamped { "time-stamped" } else { "by the signer's statement" };
        rows.push(("signed", format!("{} ({source})", visible(time, 40))));
    }
    optional(&mut rows, "manifest", credentials.manifest.as_deref());
    optional(&mut rows, "made with", credentials.generator.as_deref());
    if !credentials.actions.is_empty() {
        let actions: Vec<String> =
            credentials.actions.iter().take(8).map(|action| visible(action, 60)).collect();
        rows.push(("actions", actions.join(", ")));
    }
    rows.extend(models(credentials, EN).map(|text| ("model", text)));
    rows.extend(consents(credentials, EN).map(|text| ("consent", text)));
    optional(&mut rows, "mark", report.watermark.found_payload());
    for mark in report.watermark.also.iter().take(4) {
        rows.push(("mark beside it", visible(&mark.payload, NAME_LIMIT)));
    }
    optional(&mut rows, "mark in sound", report.watermark.audio.found_payload());
    optional(&mut rows, "its manifest", report.watermark.audio.registered.as_deref());
    if let Some(changed) = &report.watermark.geometry {
        rows.push(("picture", format!("{} since it was marked", geometry(changed, EN))));
    }
    let registry = &report.registry;
    optional(&mut rows, "registered", registry.manifest.as_deref());
    optional(&mut rows, "title", registry.title.as_deref());
    optional(&mut rows, "its signer", registered_signer(registry, EN).as_deref());
    optional(&mut rows, "registered at", registry.registered_at.as_deref());
    if let Some(distance) = registry.distance {
        rows.push(("distance", format!("{distance} (fingerprint; smaller is nearer)")));
    }
    if let Some(media) = &report.media {
        rows.push(("video", described(media, EN)));
    }
    optional(&mut rows, "sha256", report.sha256.as_deref());
    if let Some(bytes) = report.bytes {
        rows.push(("size", format!("{} bytes", grouped(bytes))));
    }
    if report.timing.total_s > 0.0 {
        rows.push(("took", format!("{:.2} s", report.timing.total_s)));
    }
    if rows.is_empty() {
        return;
    }
    page.heading("Details");
    for (name, value) in rows {
        page.wrapped(&format!("  {name:<14}"), "                ", &value);
    }
    codes(page, report);
}

/// Checks that passed are counted; the others are explained.
fn codes(page: &mut Page, report: &Report) {
    let weighed = report.credentials.codes.iter().map(|code| (code, explain(code)));
    let (passed, others): (Vec<_>, Vec<_>) =
        weighed.partition(|(_, meaning)| meaning.is_some_and(|meaning| meaning.weight == Weight::Passed));
    if !passed.is_empty() {
        page.wrapped("  checks        ", "                ", &format!("{} passed", passed.len()));
    }
    for (code, meaning) in others.iter().take(CODES_SHOWN) {
        let plain = meaning.map_or("A status that this program does not know.", |meaning| meaning.plain);
        page.wrapped("                ", "                ", &format!("{plain} [{}]", visible(code, 60)));
    }
    if others.len() > CODES_SHOWN {
        page.wrapped("                ", "", &format!("and {} more", others.len() - CODES_SHOWN));
    }
}

pub(crate) fn described(media: &filigrane_verdict::Media, t: Language) -> String {
    let mut parts = vec![visible(&media.container, 40)];
    if let Some(codec) = &media.video {
        parts.push(format!("{} {} × {}", visible(codec, 40), media.width, media.height));
    }
    if let Some(fps) = media.fps.filter(|fps| fps.is_finite()) {
        let fps = format!("{fps:.3}");
        parts.push(t.fill("{} pictures a second", &[fps.trim_end_matches('0').trim_end_matches('.')]));
    }
    if let Some(duration) = media.duration {
        parts.push(clock(duration));
    }
    parts.push(match media.audio.as_deref() {
        Some(codec) => t.fill("sound {}", &[&visible(codec, 40)]),
        None => t.say("no sound").to_owned(),
    });
    parts.join(", ")
}

fn optional(rows: &mut Vec<(&'static str, String)>, name: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        rows.push((name, visible(value, NAME_LIMIT)));
    }
}

fn paint(tone: Tone) -> &'static str {
    match tone {
        Tone::Sound => "1;32",
        Tone::Partial => "1;36",
        Tone::Open => "1;33",
        Tone::Wrong => "1;31",
    }
}

struct Page {
    text: String,
    style: Style,
}

impl Page {
    fn line(&mut self, colour: &str, line: &str) {
        if self.style.colour {
            self.text.push_str(&format!("\u{1b}[{colour}m{line}\u{1b}[0m\n"));
        } else {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    fn heading(&mut self, words: &str) {
        self.text.push('\n');
        self.line("1", words);
    }

    /// Adds `text` broken at spaces, the first line after `first`, the others after `rest`.
    fn wrapped(&mut self, first: &str, rest: &str, text: &str) {
        let mut line = first.to_owned();
        let mut columns = line.chars().count();
        let mut bare = true;
        for word in text.split(' ') {
            let length = word.chars().count();
            if !bare && columns + 1 + length > self.style.width {
                self.text.push_str(line.trim_end());
                self.text.push('\n');
                line = rest.to_owned();
                columns = line.chars().count();
                bare = true;
            }
            if !bare {
                line.push(' ');
                columns += 1;
            }
            line.push_str(word);
            columns += length;
            bare = false;
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

#[cfg(test)]
#[path = "terminal_tests.rs"]
mod tests;
