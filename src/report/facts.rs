//! What a report rests on and what it does not show, one sentence each; free of markup and not yet escaped.

use crate::wording::{clock, odds, origin, percent};
use filigrane_verdict::{
    AudioMark, Classifier, ClassifierState, Code, Credentials, CredentialsState, FurtherMark,
    ManifestSignature, RegistryFinding, RegistryState, Report, Via, Watermark, WatermarkState, Withdrawal,
    WithdrawnBy, visible,
};

const NAME_LIMIT: usize = 100;

/// How the evidence of one stage is to be read at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    For,
    Reserved,
    Against,
    Nothing,
}

/// The finding of one stage.
pub(crate) struct Fact {
    pub stage: &'static str,
    pub state: &'static str,
    pub sign: Sign,
    pub sentence: String,
}

/// The four stages in order: credentials, watermark, registry, classifier.
pub(crate) fn facts(report: &Report) -> [Fact; 4] {
    [
        credentials(&report.credentials),
        watermark(&report.watermark),
        registry(&report.registry),
        classifier(&report.classifier),
    ]
}

fn credentials(credentials: &Credentials) -> Fact {
    let signer = name(credentials.issuer.as_deref());
    let (state, sign, mut sentence) = match credentials.state {
        CredentialsState::Trusted => (
            "trusted",
            Sign::For,
            format!("Signed by {signer}, whose certificate is on the trust list; nothing was changed since."),
        ),
        CredentialsState::Valid => (
            "valid, signer unknown",
            Sign::Reserved,
            format!(
                "Signed under the name {signer}, which is not on the trust list: anybody could have made that name. Nothing was changed since."
            ),
        ),
        CredentialsState::Invalid if credentials.certificate_fault => (
            "unchanged, certificate not good",
            Sign::Reserved,
            "Nothing was changed since, but the signer's certificate can't be relied on: it is out of date with no \
             time-stamp to say that it was used before, or not one that may sign content."
                .to_owned(),
        ),
        CredentialsState::Invalid => {
            let reason = credentials
                .explanation
                .as_deref()
                .map(|text| format!(": {}", visible(text.trim_end_matches('.'), 200)));
            let sentence = format!("Present, but they do not hold{}.", reason.unwrap_or_default());
            ("do not hold", Sign::Against, sentence)
        }
        CredentialsState::Absent => {
            ("none", Sign::Nothing, "The file carries none. Most videos do not.".to_owned())
        }
        CredentialsState::Skipped => {
            ("not checked", Sign::Nothing, "This check was not asked for.".to_owned())
        }
    };
    if let Some(stated) = credentials.origin.filter(|_| credentials.intact()) {
        sentence.push_str(&format!(" They say that the content was {}.", origin(stated)));
    }
    Fact { stage: "Credentials", state, sign, sentence }
}

fn watermark(watermark: &Watermark) -> Fact {
    let (state, sign, sentence) = match watermark.state {
        WatermarkState::Found => {
            let span = match (watermark.start, watermark.end) {
                (Some(start), Some(end)) => format!("Found from {} to {}", clock(start), clock(end)),
                _ => "Found".to_owned(),
            };
            let odds = watermark
                .log10_p
                .map(|log10_p| format!("; chance of a false alarm: {}", odds(log10_p)))
                .unwrap_or_default();
            let (state, bits) = match watermark.payload {
                Some(_) => ("found", ""),
                None => ("found, bits unread", " Its bits could not be read, so it leads to no manifest."),
            };
            let also: String = watermark.also.iter().take(4).map(also).collect();
            (state, Sign::Reserved, format!("{span}{odds}.{bits}{also}"))
        }
        WatermarkState::Absent => ("none found", Sign::Nothing, "Looked for and not found.".to_owned()),
        WatermarkState::Skipped => ("not checked", Sign::Nothing, "This check was not asked for.".to_owned()),
    };
    let sentence = match in_sound(&watermark.audio) {
        Some(words) => format!("{sentence} {words}"),
        None => sentence,
    };
    Fact { stage: "Watermark", state, sign, sentence }
}

/// What is said of a mark that the credentials state, found beside the one that was read.
fn also(mark: &FurtherMark) -> String {
    let odds = mark.log10_p.map(|log10_p| format!("; chance of a false alarm: {}", odds(log10_p)));
    let payload = visible(&mark.payload, NAME_LIMIT);
    format!(" The mark {payload}, which the credentials state, is there too{}.", odds.unwrap_or_default())
}

/// What is said of the mark in the sound; none when there was no sound to look into.
fn in_sound(mark: &AudioMark) -> Option<String> {
    match mark.state {
        WatermarkState::Found => {
            let payload = match mark.found_payload() {
                Some(payload) => format!("the mark {}", visible(payload, NAME_LIMIT)),
                None => "a mark whose bits could not be read".to_owned(),
            };
            let odds = mark
                .log10_p
                .map(|log10_p| format!("; chance of a false alarm: {}", odds(log10_p)))
                .unwrap_or_default();
            Some(format!("The sound carries {payload}{odds}."))
        }
        WatermarkState::Absent => Some("None was found in the sound.".to_owned()),
        WatermarkState::Skipped => None,
    }
}

fn registry(registry: &RegistryFinding) -> Fact {
    let led = match registry.via {
        Some(Via::Watermark) => "The watermark leads to",
        Some(Via::Fingerprint) => "The pictures are like those of",
        None => "There is",
    };
    let (state, sign, sentence) = match registry.state {
        RegistryState::Match => {
            let (sign, signed) = match registry.signature {
                Some(ManifestSignature::Trusted) => (
                    Sign::For,
                    format!("signed by {}, who is on the trust list", name(registry.issuer.as_deref())),
                ),
                Some(ManifestSignature::Valid) => (
                    Sign::Reserved,
                    format!(
                        "signed under the name {}, which is not on the trust list",
                        name(registry.issuer.as_deref())
                    ),
                ),
                Some(ManifestSignature::Invalid) => {
                    (Sign::Against, "whose signature does not hold".to_owned())
                }
                Some(ManifestSignature::Absent) => (Sign::Against, "which is not signed".to_owned()),
                None => (Sign::Reserved, "whose signature was not checked".to_owned()),
            };
            let says = match registry.origin {
                Some(stated) if registry.signature.is_some_and(ManifestSignature::holds) => {
                    format!(" It says that the content was {}.", origin(stated))
                }
                _ => String::new(),
            };
            let (sign, doubt) = match &registry.withdrawal {
                Some(withdrawal) => (Sign::Reserved, unconfirmed(withdrawal)),
                None => (sign, String::new()),
            };
            let sentence =
                format!("{led} a registered manifest that fits this content, {signed}.{says}{doubt}");
            ("fits", sign, sentence)
        }
        RegistryState::Mismatch => {
            ("does not fit", Sign::Against, format!("{led} a registered manifest of other content."))
        }
        RegistryState::Unknown if registry.manifest.is_some() => (
            "not compared",
            Sign::Reserved,
            format!("{led} a registered manifest, but the contents could not be compared."),
        ),
        RegistryState::Unknown => {
            ("nothing found", Sign::Nothing, "Nothing registered belongs to this content.".to_owned())
        }
        RegistryState::Revoked => (
            "withdrawn",
            Sign::Against,
            format!(
                "{led} a registered manifest that was withdrawn, or whose signer was.{}",
                given(registry)
            ),
        ),
        RegistryState::Unavailable => ("no answer", Sign::Nothing, "The registry did not answer.".to_owned()),
        RegistryState::Skipped => ("not asked", Sign::Nothing, "Nothing was looked up.".to_owned()),
    };
    Fact { stage: "Registry", state, sign, sentence }
}

/// Whose word a withdrawal is, and why.
fn given(registry: &RegistryFinding) -> String {
    let Some(withdrawal) = &registry.withdrawal else { return String::new() };
    let who = match withdrawal.by {
        WithdrawnBy::Signer => "Its own signer",
        _ => "Somebody on the trust list",
    };
    format!(" {who} withdrew it on {}: {}.", visible(&withdrawal.at, 40), name(Some(&withdrawal.reason)))
}

/// A withdrawal that does not count, which may be right nevertheless.
fn unconfirmed(withdrawal: &Withdrawal) -> String {
    let who = match withdrawal.by {
        WithdrawnBy::Stranger => "Somebody who is neither its signer nor on the trust list",
        _ => "An entry in the registry that nobody's signature confirms",
    };
    format!(" {who} says that it was withdrawn: {}.", name(Some(&withdrawal.reason)))
}

fn classifier(classifier: &Classifier) -> Fact {
    let (state, sentence) = match classifier.state {
        ClassifierState::Ran => match (classifier.interval(), classifier.generated) {
            (Some((low, high)), generated) => {
                let middle = generated.map(|value| format!("{}; ", percent(value))).unwrap_or_default();
                let range = format!("between {} and {}", percent(low), percent(high));
                ("ran", format!("Estimated probability of being generated: {middle}{range}."))
            }
            (None, _) => ("abstained", "It looked and declines to answer.".to_owned()),
        },
        ClassifierState::Skipped => ("not run", "This check was not asked for, or not needed.".to_owned()),
        ClassifierState::Unavailable => ("not available", "No statistical detector is installed.".to_owned()),
    };
    Fact { stage: "Classifier", state, sign: Sign::Nothing, sentence }
}

/// What the report does not show, the most pressing first.
pub(crate) fn not_shown(report: &Report) -> Vec<&'static str> {
    let mut limits = Vec::new();
    match report.verdict.as_ref().map(|verdict| verdict.code) {
        Some(Code::Verified) => limits.push("That the signer tells the truth. The signature shows who vouches for the file and that it is unchanged since."),
        Some(Code::Signed) => limits.push("Who signed it. The certificate was vouched for by nobody on the trust list, so its name can be made up."),
        Some(Code::Recovered) => limits.push("That every detail is as it was. The comparison is of pictures as a whole, and a small edit can pass it."),
        Some(Code::Marked) => limits.push("Where it comes from. The mark shows that somebody marked the video, not who, nor what they said of it."),
        Some(Code::Altered) => limits.push("What was changed, by whom, or on purpose. Re-encoding by a platform breaks credentials as well."),
        Some(Code::Mismatched) => limits.push("Who put the mark here, and why. Nor that anything in the picture is manipulated."),
        Some(Code::Revoked) => limits.push("Why it was withdrawn, or that the content is wrong."),
        Some(Code::LikelyGenerated) => limits.push("That a model made it. The estimate is wrong for some videos, and this may be one."),
        Some(Code::LikelyCamera) => limits.push("That a camera recorded it. No sign of generation was seen, which is no proof of the opposite."),
        Some(Code::Inconclusive) => limits.push("That it was generated, or that it was not. Missing provenance is the normal case."),
        None => limits.push("Anything about the content: the file could not be read."),
    }
    limits.push("That what it depicts happened, or happened there and then. Provenance is about files, not about events.");
    if report.credentials.intact()
        && !report.credentials.time_stamped
        && report.credentials.signed_at.is_some()
    {
        limits.push("When it was signed, independently: the time is the signer's own statement.");
    }
    if report.watermark.state == WatermarkState::Absent {
        limits.push("That it was never marked. Heavy compression or editing can wash a mark out.");
    }
    if report.registry.state == RegistryState::Unavailable {
        limits.push("Whether anything is registered for it: the registry did not answer.");
    }
    let skipped = [report.credentials.ran(), report.watermark.ran()].contains(&false);
    if skipped && report.verdict.is_some() {
        limits.push("What the checks that were not asked for would have found.");
    }
    if report.verdict.is_some() && !report.classifier.ran() {
        limits.push("Whether it looks generated: no statistical detector was run.");
    }
    limits
}

fn name(name: Option<&str>) -> String {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => format!("“{}”", visible(name, NAME_LIMIT)),
        None => "somebody without a name".to_owned(),
    }
}
