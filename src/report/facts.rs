//! What a report rests on and what it does not show, one sentence each; free of markup and not yet escaped.

use crate::wording::{clock, odds, origin, percent};
use filigrane_verdict::{
    AudioMark, Classifier, ClassifierState, Code, Credentials, CredentialsState, FurtherMark, Language,
    ManifestSignature, RegistryFinding, RegistryState, Report, Via, Watermark, WatermarkState, Weight,
    Withdrawal, WithdrawnBy, explain, visible,
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
pub(crate) fn facts(report: &Report, t: Language) -> [Fact; 4] {
    [
        credentials(&report.credentials, t),
        watermark(&report.watermark, t),
        registry(&report.registry, t),
        classifier(&report.classifier, t),
    ]
}

fn credentials(credentials: &Credentials, t: Language) -> Fact {
    let signer = name(credentials.issuer.as_deref(), t);
    let (state, sign, mut sentence) = match credentials.state {
        CredentialsState::Trusted => (
            t.say("trusted"),
            Sign::For,
            t.fill("Signed by {}, whose certificate is on the trust list; nothing was changed since.", &[&signer]),
        ),
        CredentialsState::Valid => (
            t.say("valid, signer unknown"),
            Sign::Reserved,
            t.fill(
                "Signed under the name {}, which is not on the trust list: anybody could have made that name. Nothing was changed since.",
                &[&signer],
            ),
        ),
        CredentialsState::Invalid if credentials.certificate_fault => (
            t.say("unchanged, certificate not good"),
            Sign::Reserved,
            t.say(
                "Nothing was changed since, but the signer's certificate can't be relied on: it is out of date with no \
                 time-stamp to say that it was used before, or not one that may sign content.",
            )
            .to_owned(),
        ),
        CredentialsState::Invalid => {
            let reason = explanation(credentials, t).map(|text| format!(": {}", text.trim_end_matches('.')));
            let sentence = t.fill("Present, but they do not hold{}.", &[&reason.unwrap_or_default()]);
            (t.say("do not hold"), Sign::Against, sentence)
        }
        CredentialsState::Absent => {
            let sentence = t.say("The file carries none. Most videos do not.");
            (t.say("none"), Sign::Nothing, sentence.to_owned())
        }
        CredentialsState::Skipped => not_asked(t),
    };
    if let Some(stated) = credentials.origin.filter(|_| credentials.intact()) {
        sentence.push_str(&t.fill(" They say that the content was {}.", &[origin(stated, t)]));
    }
    Fact { stage: t.say("Credentials"), state, sign, sentence }
}

/// The first thing about credentials that does not hold: in the validator's own words, or, in another language than theirs,
/// in those for its status code.
pub(crate) fn explanation(credentials: &Credentials, t: Language) -> Option<String> {
    let own = credentials.explanation.as_deref()?;
    let failed = credentials.codes.iter().find_map(|code| {
        explain(code).filter(|meaning| meaning.weight == Weight::Failed).map(|meaning| (code, meaning.plain))
    });
    Some(match (t, failed) {
        (Language::English, _) => visible(own, 200),
        (other, None) => visible(&other.message(own), 300),
        (other, Some((code, plain))) => {
            let words = other.say(plain).trim_end_matches('.');
            format!("{words} ({})", visible(code, 100))
        }
    })
}

fn not_asked(t: Language) -> (&'static str, Sign, String) {
    (t.say("not checked"), Sign::Nothing, t.say("This check was not asked for.").to_owned())
}

fn watermark(watermark: &Watermark, t: Language) -> Fact {
    let (state, sign, sentence) = match watermark.state {
        WatermarkState::Found => {
            let span = match (watermark.start, watermark.end) {
                (Some(start), Some(end)) => t.fill("Found from {} to {}", &[&clock(start), &clock(end)]),
                _ => t.say("Found").to_owned(),
            };
            let chance = chance(watermark.log10_p, t);
            let (state, bits) = match watermark.payload {
                Some(_) => (t.say("found"), ""),
                None => (
                    t.say("found, bits unread"),
                    t.say(" Its bits could not be read, so it leads to no manifest."),
                ),
            };
            let also: String = watermark.also.iter().take(4).map(|mark| also(mark, t)).collect();
            (state, Sign::Reserved, format!("{span}{chance}.{bits}{also}"))
        }
        WatermarkState::Absent => {
            (t.say("none found"), Sign::Nothing, t.say("Looked for and not found.").to_owned())
        }
        WatermarkState::Skipped => not_asked(t),
    };
    let sentence = match in_sound(&watermark.audio, t) {
        Some(words) => format!("{sentence} {words}"),
        None => sentence,
    };
    Fact { stage: t.say("Watermark"), state, sign, sentence }
}

/// The stated false-alarm probability, as the end of a clause.
fn chance(log10_p: Option<f64>, t: Language) -> String {
    log10_p.map(|log10_p| t.fill("; chance of a false alarm: {}", &[&odds(log10_p, t)])).unwrap_or_default()
}

/// What is said of a mark that the credentials state, found beside the one that was read.
fn also(mark: &FurtherMark, t: Language) -> String {
    let payload = visible(&mark.payload, NAME_LIMIT);
    t.fill(
        " The mark {}, which the credentials state, is there too{}.",
        &[&payload, &chance(mark.log10_p, t)],
    )
}

/// What is said of the mark in the sound; none when there was no sound to look into.
fn in_sound(mark: &AudioMark, t: Language) -> Option<String> {
    match mark.state {
        WatermarkState::Found => {
            let payload = match mark.found_payload() {
                Some(payload) => t.fill("the mark {}", &[&visible(payload, NAME_LIMIT)]),
                None => t.say("a mark whose bits could not be read").to_owned(),
            };
            Some(t.fill("The sound carries {}{}.", &[&payload, &chance(mark.log10_p, t)]))
        }
        WatermarkState::Absent => Some(t.say("None was found in the sound.").to_owned()),
        WatermarkState::Skipped => None,
    }
}

fn registry(registry: &RegistryFinding, t: Language) -> Fact {
    let led = match registry.via {
        Some(Via::Watermark) => t.say("The watermark leads to"),
        Some(Via::Fingerprint) => t.say("The pictures are like those of"),
        None => t.say("There is"),
    };
    let (state, sign, sentence) = match registry.state {
        RegistryState::Match => {
            let (sign, signed) = signature(registry, t);
            let says = match registry.origin {
                Some(stated) if registry.signature.is_some_and(ManifestSignature::holds) => {
                    t.fill(" It says that the content was {}.", &[origin(stated, t)])
                }
                _ => String::new(),
            };
            let (sign, doubt) = match &registry.withdrawal {
                Some(withdrawal) => (Sign::Reserved, unconfirmed(withdrawal, t)),
                None => (sign, String::new()),
            };
            let sentence = t.fill(
                "{} a registered manifest that fits this content, {}.{}{}",
                &[led, &signed, &says, &doubt],
            );
            (t.say("fits"), sign, sentence)
        }
        RegistryState::Mismatch => {
            let sentence = t.fill("{} a registered manifest of other content.", &[led]);
            (t.say("does not fit"), Sign::Against, sentence)
        }
        RegistryState::Unknown if registry.manifest.is_some() => (
            t.say("not compared"),
            Sign::Reserved,
            t.fill("{} a registered manifest, but the contents could not be compared.", &[led]),
        ),
        RegistryState::Unknown => {
            let sentence = t.say("Nothing registered belongs to this content.");
            (t.say("nothing found"), Sign::Nothing, sentence.to_owned())
        }
        RegistryState::Revoked => (
            t.say("withdrawn"),
            Sign::Against,
            t.fill(
                "{} a registered manifest that was withdrawn, or whose signer was.{}",
                &[led, &given(registry, t)],
            ),
        ),
        RegistryState::Unavailable => {
            (t.say("no answer"), Sign::Nothing, t.say("The registry did not answer.").to_owned())
        }
        RegistryState::Skipped => {
            (t.say("not asked"), Sign::Nothing, t.say("Nothing was looked up.").to_owned())
        }
    };
    Fact { stage: t.say("Registry"), state, sign, sentence }
}

/// Who signed a registered manifest, and how that weighs.
fn signature(registry: &RegistryFinding, t: Language) -> (Sign, String) {
    let signer = name(registry.issuer.as_deref(), t);
    match registry.signature {
        Some(ManifestSignature::Trusted) => {
            (Sign::For, t.fill("signed by {}, who is on the trust list", &[&signer]))
        }
        Some(ManifestSignature::Valid) => {
            (Sign::Reserved, t.fill("signed under the name {}, which is not on the trust list", &[&signer]))
        }
        Some(ManifestSignature::Invalid) => {
            (Sign::Against, t.say("whose signature does not hold").to_owned())
        }
        Some(ManifestSignature::Absent) => (Sign::Against, t.say("which is not signed").to_owned()),
        None => (Sign::Reserved, t.say("whose signature was not checked").to_owned()),
    }
}

/// Whose word a withdrawal is, and why.
fn given(registry: &RegistryFinding, t: Language) -> String {
    let Some(withdrawal) = &registry.withdrawal else { return String::new() };
    let who = match withdrawal.by {
        WithdrawnBy::Signer => t.say("Its own signer"),
        _ => t.say("Somebody on the trust list"),
    };
    t.fill(
        " {} withdrew it on {}: {}.",
        &[who, &visible(&withdrawal.at, 40), &name(Some(&withdrawal.reason), t)],
    )
}

/// A withdrawal that does not count, which may be right nevertheless.
fn unconfirmed(withdrawal: &Withdrawal, t: Language) -> String {
    let who = match withdrawal.by {
        WithdrawnBy::Stranger => t.say("Somebody who is neither its signer nor on the trust list"),
        _ => t.say("An entry in the registry that nobody's signature confirms"),
    };
    t.fill(" {} says that it was withdrawn: {}.", &[who, &name(Some(&withdrawal.reason), t)])
}

fn classifier(classifier: &Classifier, t: Language) -> Fact {
    let (state, sentence) = match classifier.state {
        ClassifierState::Ran => match (classifier.interval(), classifier.generated) {
            (Some((low, high)), generated) => {
                let middle = generated.map(|value| format!("{}; ", percent(value))).unwrap_or_default();
                let sentence = t.fill(
                    "Estimated probability of being generated: {}between {} and {}.",
                    &[&middle, &percent(low), &percent(high)],
                );
                (t.say("ran"), sentence)
            }
            (None, _) => {
                let reason = classifier.reason.as_deref();
                let declines = t.say("It looked and declines to answer.");
                (
                    t.say("abstained"),
                    reason.map_or_else(|| declines.to_owned(), |why| format!("{declines} {}", t.told(why))),
                )
            }
        },
        ClassifierState::Skipped => {
            (t.say("not run"), t.say("This check was not asked for, or not needed.").to_owned())
        }
        ClassifierState::Unavailable => {
            (t.say("not available"), t.say("No statistical detector is installed.").to_owned())
        }
    };
    Fact { stage: t.say("Classifier"), state, sign: Sign::Nothing, sentence }
}

/// What the report does not show, the most pressing first.
pub(crate) fn not_shown(report: &Report, t: Language) -> Vec<&'static str> {
    let mut limits = Vec::new();
    match report.verdict.as_ref().map(|verdict| verdict.code) {
        Some(Code::Verified) => limits.push(t.say("That the signer tells the truth. The signature shows who vouches for the file and that it is unchanged since.")),
        Some(Code::Signed) => limits.push(t.say("Who signed it. The certificate was vouched for by nobody on the trust list, so its name can be made up.")),
        Some(Code::Recovered) => limits.push(t.say("That every detail is as it was. The comparison is of pictures as a whole, and a small edit can pass it.")),
        Some(Code::Marked) => limits.push(t.say("Where it comes from. The mark shows that somebody marked the video, not who, nor what they said of it.")),
        Some(Code::Altered) => limits.push(t.say("What was changed, by whom, or on purpose. Re-encoding by a platform breaks credentials as well.")),
        Some(Code::Mismatched) => limits.push(t.say("Who put the mark here, and why. Nor that anything in the picture is manipulated.")),
        Some(Code::Revoked) => limits.push(t.say("Why it was withdrawn, or that the content is wrong.")),
        Some(Code::LikelyGenerated) => limits.push(t.say("That a model made it. The estimate is wrong for some videos, and this may be one.")),
        Some(Code::LikelyCamera) => limits.push(t.say("That a camera recorded it. No sign of generation was seen, which is no proof of the opposite.")),
        Some(Code::Inconclusive) => limits.push(t.say("That it was generated, or that it was not. Missing provenance is the normal case.")),
        None => limits.push(t.say("Anything about the content: the file could not be read.")),
    }
    limits.push(t.say("That what it depicts happened, or happened there and then. Provenance is about files, not about events."));
    if report.credentials.intact()
        && !report.credentials.time_stamped
        && report.credentials.signed_at.is_some()
    {
        limits.push(t.say("When it was signed, independently: the time is the signer's own statement."));
    }
    if report.watermark.state == WatermarkState::Absent {
        limits.push(t.say("That it was never marked. Heavy compression or editing can wash a mark out."));
    }
    if report.registry.state == RegistryState::Unavailable {
        limits.push(t.say("Whether anything is registered for it: the registry did not answer."));
    }
    let skipped = [report.credentials.ran(), report.watermark.ran()].contains(&false);
    if skipped && report.verdict.is_some() {
        limits.push(t.say("What the checks that were not asked for would have found."));
    }
    if report.verdict.is_some() && !report.classifier.ran() {
        limits.push(t.say("Whether it looks generated: no statistical detector was run."));
    }
    limits
}

fn name(name: Option<&str>, t: Language) -> String {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => format!("“{}”", visible(name, NAME_LIMIT)),
        None => t.say("somebody without a name").to_owned(),
    }
}
