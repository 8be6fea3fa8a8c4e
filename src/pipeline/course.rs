use filigrane_verdict::{Code, Depth, Report};

/// In which order evidence is gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// All there is, whatever it shows.
    Thorough,
    /// From the cheapest tier to this one, until one answers. Key frames and the window may only say `verified`, `signed`,
    /// `recovered` or `marked`; whatever else shows in them is looked into as deep as can be.
    Tiered(Depth),
}

/// What one tier amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It answers.
    Answer,
    /// It found nothing: the next tier may.
    Nothing,
    /// It found what it may not answer with.
    Grave,
    /// No picture could be looked at, or the reader died: the next tier would fare no better.
    Unreadable,
}

/// What a report amounts to that was made of key frames or of a window.
pub(crate) fn outcome(report: &Report) -> Outcome {
    let Some(verdict) = &report.verdict else { return Outcome::Unreadable };
    match verdict.code {
        Code::Verified | Code::Signed | Code::Recovered => Outcome::Answer,
        // More pictures may read the bits, or tell whether the content is the registered one.
        Code::Marked if report.watermark.payload.is_none() || report.registry.manifest.is_some() => {
            Outcome::Nothing
        }
        Code::Marked => Outcome::Answer,
        Code::Altered | Code::Mismatched | Code::Revoked => Outcome::Grave,
        Code::LikelyGenerated | Code::LikelyCamera | Code::Inconclusive => Outcome::Nothing,
    }
}
