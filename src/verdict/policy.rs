//! From evidence to verdict. Three layers are kept apart: signatures and hashes (facts), watermark and fingerprint
//! (soft matches), the classifier (an estimate). A lower layer never lends certainty to a higher one.

use crate::phrase::{self, Reach};
use crate::{
    Classifier, Code, Credentials, CredentialsState, Language, Origin, RegistryFinding, RegistryState,
    Verdict, Via, Watermark, WatermarkState, payload_of_manifest, same_manifest,
};

/// No verdict claims more: a stolen key or a defect, here or at the signer's, is in nobody's arithmetic.
pub const CONFIDENCE_CEILING: f64 = 0.999;

/// No finding that rests on the likeness of pictures alone claims more; a limit, not a measurement.
pub const SOFT_CEILING: f64 = 0.9;

/// The verdict that the evidence supports, and not more.
///
/// In order; the first that holds:
/// 1. `revoked`: the registry says that the manifest or signer of this content was withdrawn, or the signer's
///    authority says so of the certificate. Not when the file has a manifest of its own and only a likeness leads to
///    the withdrawn one: content is republished under a corrected manifest.
/// 2. `altered`: the file's own credentials do not hold. Whatever the mark says is said in the sentence. Not when the
///    one fault is the signer's certificate (out of date without a time-stamp, or none that may sign): nothing was
///    changed then, and nothing is shown either, so such credentials count as none.
/// 3. `mismatched`: the mark leads to a manifest of other content, even when the credentials hold. They may hold for
///    bytes that are not the ones shown (ranges excluded from the hash), and a composition may carry a foreign mark.
///    Also when no mark in the picture is among those that the file's manifests say it carries, unless a registered
///    manifest explains it. A mark from before beside a stated one is no fault: footage is marked more than once.
/// 4. `verified`, `signed`: credentials that hold, by a signer on the trust list or not.
/// 5. `recovered`: a registered manifest that fits this content and whose own signature holds.
/// 6. `marked`: a mark, and no registered manifest that could be relied on.
/// 7. `likely-generated`, `likely-camera`: the classifier's interval lies wholly on one side of one half.
/// 8. `inconclusive`.
///
/// Evidence that contradicts itself (a match "via watermark" where the payload names another manifest, a match
/// without a manifest) never leads to a verdict better than the same evidence without the contradictory part.
pub fn policy(
    credentials: &Credentials,
    watermark: &Watermark,
    registry: &RegistryFinding,
    classifier: &Classifier,
) -> Verdict {
    Evidence { credentials, watermark, registry, classifier, language: Language::English }.verdict()
}

/// The sentence of a verdict that was given, in a language.
pub(crate) fn restated(report: &crate::Report, code: Code, language: Language) -> String {
    let crate::Report { credentials, watermark, registry, classifier, .. } = report;
    phrase::summary(Evidence { credentials, watermark, registry, classifier, language }, code)
}

/// All that the stages gave about one input.
#[derive(Clone, Copy)]
pub(crate) struct Evidence<'a> {
    pub credentials: &'a Credentials,
    pub watermark: &'a Watermark,
    pub registry: &'a RegistryFinding,
    pub classifier: &'a Classifier,
    /// What the sentence is told in.
    pub language: Language,
}

impl Evidence<'_> {
    fn verdict(self) -> Verdict {
        let (code, confidence) = self.finding();
        Verdict { code, summary: phrase::summary(self, code), origin: self.origin(code), confidence }
    }

    fn finding(self) -> (Code, f64) {
        let credentials = self.credentials;
        if self.certificate_withdrawn() {
            return (Code::Revoked, CONFIDENCE_CEILING);
        }
        if self.manifest_withdrawn() {
            return (Code::Revoked, self.reach_confidence());
        }
        match credentials.state {
            CredentialsState::Invalid if !credentials.certificate_fault => {
                return (Code::Altered, CONFIDENCE_CEILING);
            }
            _ if self.mark_of_other_content() || self.mark_unstated() => {
                return (Code::Mismatched, self.mark_confidence().min(SOFT_CEILING));
            }
            CredentialsState::Trusted => return (Code::Verified, CONFIDENCE_CEILING),
            CredentialsState::Valid => return (Code::Signed, CONFIDENCE_CEILING),
            CredentialsState::Invalid | CredentialsState::Absent | CredentialsState::Skipped => {}
        }
        if self.reached().is_some() && !self.foreign_payload() {
            return (Code::Recovered, self.reach_confidence());
        }
        if self.marked() {
            return (Code::Marked, self.mark_confidence());
        }
        match self.classifier.interval() {
            Some((low, _)) if low > 0.5 => (Code::LikelyGenerated, low.min(CONFIDENCE_CEILING)),
            Some((_, high)) if high < 0.5 => (Code::LikelyCamera, (1.0 - high).min(CONFIDENCE_CEILING)),
            _ => (Code::Inconclusive, 0.0),
        }
    }

    fn origin(self, code: Code) -> Option<Origin> {
        match code {
            Code::Verified | Code::Signed if self.contradiction().is_some() => None,
            Code::Verified | Code::Signed => self.credentials.origin,
            Code::Recovered => self.registry.origin,
            _ => None,
        }
    }

    /// True when a watermark was detected, its bits read or not.
    pub fn marked(self) -> bool {
        self.watermark.state == WatermarkState::Found
    }

    /// True when the file carries a manifest of its own, holding or not.
    fn has_credentials(self) -> bool {
        self.credentials.intact() || self.credentials.state == CredentialsState::Invalid
    }

    /// The state `Invalid` is asked for because codes of the manifest's sources stand in the same list.
    pub fn certificate_withdrawn(self) -> bool {
        self.credentials.state == CredentialsState::Invalid
            && self.credentials.codes.iter().any(|code| {
                matches!(code.as_str(), "signingCredential.ocsp.revoked" | "signingCredential.revoked")
            })
    }

    fn manifest_withdrawn(self) -> bool {
        self.registry.state == RegistryState::Revoked && !self.likeness_of_another()
    }

    /// True when the file has a manifest and only a likeness leads to a different one.
    pub fn likeness_of_another(self) -> bool {
        let different = match (&self.credentials.manifest, &self.registry.manifest) {
            (Some(own), Some(registered)) => !same_manifest(own, registered),
            _ => false,
        };
        self.has_credentials() && different && self.registry.via == Some(Via::Fingerprint)
    }

    /// A fingerprint that does not fit led nowhere; only a mark can be copied.
    fn mark_of_other_content(self) -> bool {
        self.registry.state == RegistryState::Mismatch && self.registry.via != Some(Via::Fingerprint)
    }

    /// True when intact credentials state a mark, and no mark in the picture is that one or one of a source.
    pub fn mark_unstated(self) -> bool {
        self.credentials.intact()
            && !self.credentials.marks.is_empty()
            && self.watermark.found_payload().is_some()
            && !self.watermark.all_payloads().any(|payload| self.states(payload))
            && self.reached() != Some(Reach::Watermark)
    }

    /// True when the mark that was read is none that the file's manifests state, and one that they do state is there
    /// beside it: the footage was marked before.
    pub fn marked_before(self) -> bool {
        let foreign = self.watermark.found_payload().is_some_and(|payload| !self.states(payload));
        foreign && self.watermark.all_payloads().skip(1).any(|payload| self.states(payload))
    }

    fn states(self, payload: &str) -> bool {
        self.credentials.marks.iter().any(|mark| mark.eq_ignore_ascii_case(payload))
    }

    /// The registered manifest that fits this content, whose signature holds, and what led to it.
    pub fn reached(self) -> Option<Reach> {
        let registry = self.registry;
        let manifest = registry.manifest.as_deref().filter(|name| !name.is_empty())?;
        let holds = registry.signature.is_some_and(|signature| signature.holds());
        let via = registry.via?;
        let led = match via {
            Via::Watermark => {
                let payload = self.watermark.found_payload()?;
                payload_of_manifest(manifest).is_some_and(|digits| digits.eq_ignore_ascii_case(payload))
            }
            Via::Fingerprint => true,
        };
        (registry.state == RegistryState::Match && holds && led).then_some(match via {
            Via::Watermark => Reach::Watermark,
            Via::Fingerprint => Reach::Fingerprint,
        })
    }

    /// True when a mark was read that names another manifest than the registered one: this copy was published
    /// under a name of its own, so what is registered for similar content is not said of it.
    pub fn foreign_payload(self) -> bool {
        match (self.watermark.found_payload(), &self.registry.manifest) {
            (Some(payload), Some(manifest)) => {
                !payload_of_manifest(manifest).is_some_and(|digits| digits.eq_ignore_ascii_case(payload))
            }
            _ => false,
        }
    }

    /// True when the mark carries the first 64 bits of the name of the file's own manifest; none when either is
    /// missing.
    pub fn mark_names_own_manifest(self) -> Option<bool> {
        let payload = self.watermark.found_payload()?;
        let own = payload_of_manifest(self.credentials.manifest.as_deref()?)?;
        Some(own.eq_ignore_ascii_case(payload))
    }

    /// What a registered manifest, reached through a mark that is not the file's own, says against the file's
    /// manifest about how the content came to be.
    pub fn contradiction(self) -> Option<(Origin, Origin)> {
        if self.reached() != Some(Reach::Watermark) || self.mark_names_own_manifest() == Some(true) {
            return None;
        }
        match (self.credentials.origin?, self.registry.origin?) {
            // Editing and composing come after; only "a camera recorded this" denies what came before.
            (Origin::Camera, Origin::Camera) => None,
            (Origin::Camera, before) => Some((Origin::Camera, before)),
            _ => None,
        }
    }

    fn reach_confidence(self) -> f64 {
        match self.registry.via {
            Some(Via::Watermark) if self.marked() => self.mark_confidence(),
            _ => against_chance(self.registry.log10_p).unwrap_or(SOFT_CEILING).min(SOFT_CEILING),
        }
    }

    /// 0 when no false-alarm probability was stated.
    fn mark_confidence(self) -> f64 {
        against_chance(self.watermark.log10_p).unwrap_or(0.0)
    }
}

/// 1 − 10^`log10_p`, at most the ceiling; none without a usable number.
fn against_chance(log10_p: Option<f64>) -> Option<f64> {
    let log10_p = log10_p.filter(|value| !value.is_nan())?;
    Some((1.0 - 10f64.powf(log10_p)).clamp(0.0, CONFIDENCE_CEILING))
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
