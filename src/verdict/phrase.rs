//! One plain sentence a verdict. Names out of a file are shown only when a trusted chain vouches for them.

use crate::policy::Evidence;
use crate::sound;
use crate::{
    ClassifierState, Code, CredentialsState, ManifestSignature, Origin, RegistryState, Via, WatermarkState,
    visible,
};

/// What led to a registered manifest that can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Watermark,
    Fingerprint,
}

const NAME_LIMIT: usize = 80;
const CONTENT_CHANGED: [&str; 4] = [
    "assertion.bmffHash.mismatch",
    "assertion.dataHash.mismatch",
    "assertion.boxesHash.mismatch",
    "org.filigrane.layout.mismatch",
];
const CLAIM_CHANGED: [&str; 2] = ["claimSignature.mismatch", "assertion.hashedURI.mismatch"];
const NOT_YET: &str = "org.filigrane.signingCredential.early";
const OUT_OF_TIME: [&str; 2] = ["signingCredential.expired", "claimSignature.outsideValidity"];

pub(crate) fn summary(evidence: Evidence<'_>, code: Code) -> String {
    let t = evidence.language;
    let sentence = match code {
        Code::Verified => verified(evidence),
        Code::Signed => signed(evidence),
        Code::Recovered => recovered(evidence),
        Code::Marked if evidence.credentials.certificate_fault => {
            format!("{}{}{}", marked(evidence), t.say("; "), unproven(evidence))
        }
        Code::Marked => marked(evidence).to_owned(),
        Code::Altered => altered(evidence),
        Code::Mismatched => mismatched(evidence),
        Code::Revoked => revoked(evidence),
        Code::LikelyGenerated => t.fill(
            "{}; the classifier sees signs that a model made it, which is an estimate and no proof",
            &[nothing_found(evidence)],
        ),
        Code::LikelyCamera => t.fill(
            "{}; the classifier sees no signs that a model made it, which does not prove that a camera recorded it",
            &[nothing_found(evidence)],
        ),
        Code::Inconclusive => inconclusive(evidence),
    };
    match sound::clause(evidence) {
        Some(clause) => format!("{sentence}{}{clause}.", t.say("; ")),
        None => format!("{sentence}."),
    }
}

fn verified(evidence: Evidence<'_>) -> String {
    let t = evidence.language;
    let signer = match named(evidence.credentials.issuer.as_deref()) {
        Some(name) => t.fill("signed by {}, whose certificate is on the trust list", &[&name]),
        None => t.say("signed by somebody whose certificate is on the trust list").to_owned(),
    };
    let says = statement(evidence, evidence.credentials.origin, "; they say that the content {}");
    t.fill("The file carries intact credentials {}{}{}", &[&signer, &says, &beside_credentials(evidence)])
}

fn signed(evidence: Evidence<'_>) -> String {
    let says = statement(evidence, evidence.credentials.origin, ", which say that the content {},");
    let comma = if says.is_empty() { "," } else { "" };
    evidence.language.fill(
        "The file carries intact credentials{} but their signer is not on the trust list, so anybody could have made the \
         name in them{}",
        &[&format!("{says}{comma}"), &beside_credentials(evidence)],
    )
}

/// What mark and registry add to credentials that hold: the gravest thing only.
fn beside_credentials(evidence: Evidence<'_>) -> String {
    let t = evidence.language;
    if let Some((_, before)) = evidence.contradiction() {
        return t.fill(
            "; the watermark contradicts this: it leads to a registered manifest which says that the content {}",
            &[described(evidence, before)],
        );
    }
    if evidence.registry.state == RegistryState::Revoked && evidence.likeness_of_another() {
        return t
            .say("; content like it is registered under another manifest, which was withdrawn")
            .to_owned();
    }
    let led = evidence.reached() == Some(Reach::Watermark);
    if evidence.marked_before() {
        let rest = if led {
            t.say("leads to another registered manifest, which fits as well")
        } else {
            t.say("names a manifest that could not be relied on")
        };
        return t.fill(
            "; the watermark that they state is in the picture, and under it one that was there before and {}",
            &[rest],
        );
    }
    let note = match evidence.mark_names_own_manifest() {
        Some(true) => t.say("; the watermark in the picture names the same manifest"),
        Some(false) if led => {
            t.say("; the watermark in the picture leads to another registered manifest, which fits as well")
        }
        Some(false) => {
            t.say("; the watermark in the picture names another manifest, which could not be relied on")
        }
        None => "",
    };
    note.to_owned()
}

fn recovered(evidence: Evidence<'_>) -> String {
    let (t, registry) = (evidence.language, evidence.registry);
    let missing = match evidence.credentials.state {
        CredentialsState::Absent => t.say("The file carries no credentials, but "),
        CredentialsState::Invalid => {
            t.say("The file's own credentials rest on a certificate that can't be relied on, but ")
        }
        _ => t.say("Without a look at the file's own credentials, "),
    };
    let led = match registry.via {
        Some(Via::Watermark) => {
            t.say("its watermark leads to a registered manifest that fits this content")
        }
        _ => t.say(
            "its pictures are so like registered ones that they lead to a manifest, which is a likeness and no proof",
        ),
    };
    let signer = match (registry.signature, named(registry.issuer.as_deref())) {
        (Some(ManifestSignature::Trusted), Some(name)) => {
            t.fill("signed by {}, who is on the trust list", &[&name])
        }
        (Some(ManifestSignature::Trusted), None) => t.say("signed by somebody on the trust list").to_owned(),
        _ => t
            .say("signed by somebody who is not on the trust list, so anybody could have made that name")
            .to_owned(),
    };
    let says = statement(evidence, registry.origin, "; it says that the content {}");
    t.fill("{}{}; that manifest is {}{}", &[missing, led, &signer, &says])
}

fn marked(evidence: Evidence<'_>) -> &'static str {
    let (t, registry) = (evidence.language, evidence.registry);
    if evidence.watermark.found_payload().is_none() {
        return t.say(
            "A watermark is in the picture, but its bits could not be read, so it leads to no manifest",
        );
    }
    let led_by_mark = registry.manifest.is_some() && !evidence.foreign_payload();
    match registry.state {
        RegistryState::Unavailable => t.say(
            "A watermark is in the picture, but the registry did not answer, so what it names is not known",
        ),
        RegistryState::Skipped => t.say(
            "A watermark is in the picture, but no registry was asked, so what it names is not known",
        ),
        RegistryState::Match if led_by_mark => t.say(
            "A watermark is in the picture, but the signature on the manifest that it leads to could not be confirmed, so \
             nothing that manifest says is relied on",
        ),
        RegistryState::Unknown if led_by_mark => t.say(
            "A watermark is in the picture and leads to a registered manifest, but the contents could not be compared, so \
             whether it belongs to this video is not known",
        ),
        RegistryState::Match => t.say(
            "A watermark is in the picture, but the manifest it names is not in the registry; content like it is \
             registered under another name",
        ),
        _ => t.say("A watermark is in the picture, but the manifest it names is not in the registry"),
    }
}

fn altered(evidence: Evidence<'_>) -> String {
    let t = evidence.language;
    let codes = &evidence.credentials.codes;
    let failed = |names: &[&str]| codes.iter().any(|code| names.contains(&code.as_str()));
    let reason = if failed(&CONTENT_CHANGED) {
        t.say("the content is not what was signed")
    } else if failed(&CLAIM_CHANGED) {
        t.say("what they say is not what was signed")
    } else {
        t.say("a check of them failed, so nothing they say is relied on")
    };
    let mark = match evidence.reached() {
        Some(reach) => {
            let led = match reach {
                Reach::Watermark => {
                    t.say("; its watermark leads to a registered manifest that fits this content")
                }
                Reach::Fingerprint => t.say("; its pictures are like those of a registered manifest"),
            };
            format!("{led}{}", statement(evidence, evidence.registry.origin, " and says that it {}"))
        }
        None if evidence.registry.state == RegistryState::Mismatch
            && evidence.registry.via != Some(Via::Fingerprint) =>
        {
            t.say("; its watermark leads to a manifest of other content").to_owned()
        }
        None if evidence.marked() => t.say("; a watermark is in the picture").to_owned(),
        None => String::new(),
    };
    t.fill("The file carries credentials that do not hold: {}{}", &[reason, &mark])
}

/// What is wrong with credentials whose one fault is their signer's certificate.
fn unproven(evidence: Evidence<'_>) -> &'static str {
    let t = evidence.language;
    if evidence.credentials.codes.iter().any(|code| code == NOT_YET) {
        t.say(
            "the file's credentials are unchanged, but their signer's certificate is not valid yet: a clock is wrong, there \
             or here",
        )
    } else if evidence.credentials.codes.iter().any(|code| OUT_OF_TIME.contains(&code.as_str())) {
        t.say(
            "the file's credentials are unchanged, but their signer's certificate is out of date and no time-stamp shows \
             that it was used before",
        )
    } else {
        t.say(
            "the file's credentials are unchanged, but their signer's certificate is not one that may sign content",
        )
    }
}

fn mismatched(evidence: Evidence<'_>) -> String {
    let t = evidence.language;
    if evidence.mark_unstated() {
        return t
            .say(
                "The watermark in the picture is not the one that the credentials in the file state, although these are \
                 intact: they were put on footage that carries somebody else's mark",
            )
            .to_owned();
    }
    t.fill(
        "The watermark leads to a manifest of other content{}: the mark was copied here, or marked footage is only a part of \
         this picture",
        &[although_intact(evidence)],
    )
}

fn although_intact(evidence: Evidence<'_>) -> &'static str {
    if evidence.credentials.intact() {
        evidence.language.say(", although the credentials in the file are intact")
    } else {
        ""
    }
}

fn revoked(evidence: Evidence<'_>) -> String {
    let t = evidence.language;
    if evidence.certificate_withdrawn() {
        return t
            .say(
                "The certificate behind the credentials in this file was withdrawn by the authority that issued it",
            )
            .to_owned();
    }
    let led = match evidence.registry.via {
        Some(Via::Watermark) => {
            t.say("The watermark leads to a manifest that was withdrawn, or whose signer was")
        }
        Some(Via::Fingerprint) => t.say(
            "The pictures are like those of a registered manifest that was withdrawn, or whose signer was",
        ),
        None => t.say("The manifest registered for this content was withdrawn, or its signer was"),
    };
    t.fill("{}{}, so nothing it says is relied on", &[led, although_intact(evidence)])
}

fn inconclusive(evidence: Evidence<'_>) -> String {
    let t = evidence.language;
    let ran = evidence.credentials.ran()
        || evidence.watermark.ran()
        || evidence.registry.ran()
        || evidence.classifier.ran();
    if !ran {
        return t.say("No check was run, so nothing is known about where this video comes from").to_owned();
    }
    if evidence.watermark.audio.state == WatermarkState::Found {
        return t.say("No provenance of the picture was found").to_owned();
    }
    if evidence.credentials.certificate_fault {
        return t.fill("No provenance that could be relied on was found: {}", &[unproven(evidence)]);
    }
    let classifier = match evidence.classifier.state {
        ClassifierState::Ran => t.say(", and the classifier gives no answer"),
        ClassifierState::Skipped | ClassifierState::Unavailable => "",
    };
    t.fill(
        "{}{}; most videos carry none, so this says nothing for or against it",
        &[nothing_found(evidence), classifier],
    )
}

fn nothing_found(evidence: Evidence<'_>) -> &'static str {
    let t = evidence.language;
    let everything = evidence.credentials.ran()
        && evidence.watermark.state != WatermarkState::Skipped
        && evidence.registry.ran();
    if evidence.registry.state == RegistryState::Unavailable {
        t.say("No provenance was found, though the registry did not answer")
    } else if !everything {
        t.say("No provenance was found by the checks that were run")
    } else if evidence.registry.state == RegistryState::Match {
        t.say("No provenance that could be relied on was found")
    } else {
        t.say("No provenance was found")
    }
}

fn statement(evidence: Evidence<'_>, origin: Option<Origin>, lead: &'static str) -> String {
    origin.map(|origin| evidence.language.fill(lead, &[described(evidence, origin)])).unwrap_or_default()
}

fn described(evidence: Evidence<'_>, origin: Origin) -> &'static str {
    let t = evidence.language;
    match origin {
        Origin::Generated => t.say("was generated by a model"),
        Origin::Edited => t.say("was edited"),
        Origin::Composite => t.say("was composed of several sources, generated parts possibly among them"),
        Origin::Camera => t.say("was recorded by a camera"),
    }
}

fn named(name: Option<&str>) -> Option<String> {
    let name = name.map(str::trim).filter(|name| !name.is_empty())?;
    Some(format!("“{}”", visible(name, NAME_LIMIT)))
}
