//! What was done to the content, as the signers state it, over time.

use crate::tree::done;
use crate::wording::clock;
use filigrane_verdict::{Edit, Language, Report};

/// Most edits told.
const MOST: usize = 12;

/// The edits of a report, where its credentials can be relied on: what does not hold is not drawn.
pub(crate) fn edits(report: &Report) -> &[Edit] {
    let all = if report.credentials.intact() { report.credentials.edits.as_slice() } else { &[] };
    all.get(..MOST).unwrap_or(all)
}

/// Whether an edit is one of the whole video, as far as its signer says.
pub(crate) fn is_whole(edit: &Edit) -> bool {
    edit.start.is_none() && edit.end.is_none()
}

/// `Edited, Colours were changed (1.0 s to 3.0 s)`: each edit in words, those that are told in one way once.
pub(crate) fn told(report: &Report, t: Language) -> String {
    let mut parts: Vec<String> = Vec::new();
    for edit in edits(report) {
        let words = done(&edit.action, t);
        let part = match (edit.start, edit.end) {
            (None, None) => words.to_owned(),
            (start, Some(end)) => {
                t.fill("{} ({} to {})", &[words, &clock(start.unwrap_or(0.0)), &clock(end)])
            }
            (Some(start), None) => t.fill("{} (from {} on)", &[words, &clock(start)]),
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;
    use filigrane_verdict::{Code, CredentialsState};

    #[test]
    fn edits_are_told_with_their_stretches_and_only_where_the_credentials_hold() {
        let edit = |action: &str, start, end| Edit { action: action.into(), start, end };
        let mut report = examples::report(Code::Verified);
        report.credentials.edits = vec![
            edit("c2pa.cropped", None, None),
            edit("c2pa.cropped", None, None),
            edit("c2pa.color_adjustments", Some(1.0), Some(3.0)),
            edit("com.example.<b>", Some(4.0), None),
        ];
        assert_eq!(
            told(&report, Language::English),
            "Cropped, Colours were changed (1.0 s to 3.0 s), An action of another kind (from 4.0 s on)"
        );
        assert!(told(&report, Language::French).starts_with("Recadré, "));
        report.credentials.edits = vec![edit("c2pa.edited", None, None); 1000];
        assert_eq!(edits(&report).len(), MOST);
        report.credentials.state = CredentialsState::Invalid;
        assert_eq!(told(&report, Language::English), "");
    }
}
