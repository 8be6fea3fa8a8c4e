use crate::html::Sample;
use crate::markup::Markup;
use crate::original::Original;
use crate::plot;
use crate::wording::clock;
use filigrane_verdict::{Language, RegistryState, Report, same_manifest};

/// Where in a video `stamp` takes the picture that it puts into the manifest, as a share of the length.
const PLACE: f64 = 0.45;

/// A picture on a page.
pub(crate) enum Shown<'a> {
    /// At an address of the page's own server, written by this program.
    At(&'a str),
    Registered(&'a Original),
    Still(&'a Sample),
}

/// The picture out of the registered manifest beside a still of the video, each by its address; `time` is that of the still,
/// seconds. None where the registry has no manifest of this content or of another, or the file carries that one itself.
pub fn pair(report: &Report, original: &str, still: &str, time: f64, t: Language) -> Option<String> {
    pair_markup(report, &Shown::At(original), &Shown::At(still), time, t).map(Markup::finish)
}

pub(crate) fn pair_markup(
    report: &Report,
    original: &Shown<'_>,
    still: &Shown<'_>,
    time: f64,
    t: Language,
) -> Option<Markup> {
    if speaks_for_itself(report) {
        return None;
    }
    let note = match report.registry.state {
        RegistryState::Match => t.say(
            "The left picture is the one that the signer of the registered manifest put into it; compare by eye: a likeness is no \
             proof, and a small change is easily missed.",
        ),
        RegistryState::Mismatch => t.say(
            "The left picture is the one that the signer of the registered manifest put into it: the mark found in this video \
             belongs to that one.",
        ),
        _ => return None,
    };
    let mut page = Markup::new();
    page.raw("<section class=\"pair\" aria-labelledby=\"pair-title\"><h2 id=\"pair-title\">");
    page.raw(t.say("Side by side with what is registered")).raw("</h2><div class=\"two\">");
    let title = report.registry.title.as_deref().unwrap_or_default();
    figure(&mut page, original, t.say("As registered"), title);
    figure(&mut page, still, t.say("This video"), &clock(time));
    page.raw("</div><p class=\"hint\">").raw(note).raw("</p></section>\n");
    Some(page)
}

/// Whether the file carries the registered manifest itself, and that holds: its picture then shows nothing new.
fn speaks_for_itself(report: &Report) -> bool {
    let names = report.credentials.manifest.as_deref().zip(report.registry.manifest.as_deref());
    report.credentials.intact() && names.is_some_and(|(own, registered)| same_manifest(own, registered))
}

fn figure(page: &mut Markup, shown: &Shown<'_>, name: &'static str, what: &str) {
    page.raw("<figure><img").attribute("alt", name);
    match shown {
        Shown::At(address) => page.attribute("src", address),
        Shown::Registered(original) => page.picture_source(original),
        Shown::Still(sample) => page.jpeg_source(&sample.jpeg),
    };
    page.raw("><figcaption><strong>").raw(name).raw("</strong> <bdi>").text(what, 120);
    page.raw("</bdi></figcaption></figure>");
}

/// Which of the stills of a video lies nearest to the place of the registered picture in it.
pub fn beside(report: &Report, times: &[f64]) -> Option<usize> {
    let due = PLACE * plot::duration(report).unwrap_or(0.0);
    let distance = |time: f64| if time.is_finite() { (time - due).abs() } else { f64::INFINITY };
    let nearest =
        times.iter().enumerate().min_by(|one, other| distance(*one.1).total_cmp(&distance(*other.1)));
    nearest.map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;
    use filigrane_verdict::Code;

    #[test]
    fn a_match_and_a_mismatch_are_shown_beside_the_registered_picture_and_nothing_else_is() {
        for code in Code::ALL {
            let report = examples::report(code);
            let shown = pair(&report, "/original", "/still", 2.0, Language::English);
            let expected = matches!(code, Code::Recovered | Code::Altered | Code::Mismatched);
            assert_eq!(shown.is_some(), expected, "{code}");
            if let Some(shown) = shown {
                assert!(shown.contains("src=\"/original\"") && shown.contains("src=\"/still\""), "{shown}");
                assert!(shown.contains("Harbour at dawn") && shown.contains("2.0 s"), "{shown}");
            }
        }
    }

    #[test]
    fn a_file_that_carries_the_registered_manifest_itself_is_not_shown_beside_it() {
        let mut report = examples::report(Code::Verified);
        report.registry = examples::report(Code::Recovered).registry;
        assert!(pair(&report, "/original", "/still", 2.0, Language::English).is_none());
        report.registry.manifest = Some("urn:c2pa:0d9f8c1e-2b3a-4c5d-8e7f-112233445566".into());
        assert!(pair(&report, "/original", "/still", 2.0, Language::English).is_some());
    }

    #[test]
    fn the_still_nearest_to_the_place_of_the_registered_picture_is_taken() {
        let report = examples::report(Code::Recovered);
        assert_eq!(beside(&report, &[0.3, 0.9, 1.6, 2.2, 2.8, f64::NAN]), Some(3));
        assert_eq!(beside(&report, &[]), None);
    }
}
