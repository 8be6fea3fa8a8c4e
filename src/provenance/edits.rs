use serde_json::Value;

use crate::read::short;

/// Most edits taken from a file.
const MOST: usize = 64;
/// Steps in a history that leave what is seen and heard as it is, or are told elsewhere.
const NO_EDITS: [&str; 7] = [
    "c2pa.created",
    "c2pa.opened",
    "c2pa.published",
    "c2pa.edited.metadata",
    "c2pa.redacted",
    "c2pa.repackaged",
    "c2pa.unknown",
];

/// A change of the content, as a signer states it; where no part of the video is named, it is one of the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Name of the action, such as `c2pa.color_adjustments`.
    pub action: String,
    /// Where it begins, seconds; `None` for the beginning of the video.
    pub start: Option<f64>,
    /// Where it ends, seconds; `None` for the end of the video.
    pub end: Option<f64>,
}

/// The edits among actions in their JSON view: one for each part of the video that an action names.
pub(crate) fn of<'a>(actions: impl Iterator<Item = &'a Value>) -> Vec<Edit> {
    let edits = actions.filter_map(|action| Some((action.get("action")?.as_str()?, action)));
    let edits = edits.filter(|(name, _)| !NO_EDITS.contains(name) && !name.starts_with("c2pa.watermarked"));
    let told = edits.flat_map(|(name, action)| {
        let spans = spans(action);
        let whole = spans.is_empty().then_some((None, None));
        let edit = move |(start, end)| Edit { action: short(name), start, end };
        spans.into_iter().chain(whole).map(edit)
    });
    told.take(MOST).collect()
}

/// The stretches of time among the regions that an action changed (C2PA 2.4, `changes`).
fn spans(action: &Value) -> Vec<(Option<f64>, Option<f64>)> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let ranges = list(action.get("changes")).into_iter().flat_map(|region| list(region.get("region")));
    let times = ranges.filter_map(|range| {
        let time = range.get("time")?;
        // Times of the day say nothing of where in the video.
        let counted = time.get("type").and_then(Value::as_str).is_none_or(|kind| kind == "npt");
        let at = |name: &str| time.get(name).and_then(Value::as_str).and_then(seconds);
        let (start, end) = (at("start"), at("end"));
        let forward = end.is_none_or(|end| end > start.unwrap_or(0.0));
        (counted && forward && (start.is_some() || end.is_some())).then_some((start, end))
    });
    times.take(MOST).collect()
}

/// Seconds of a normal play time (RFC 2326, section 3.6): `12.5` or `0:01:02.5`.
fn seconds(text: &str) -> Option<f64> {
    let parts: Vec<f64> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let total = match parts[..] {
        [seconds] => seconds,
        [hours, minutes, seconds] => 3600.0 * hours + 60.0 * minutes + seconds,
        _ => return None,
    };
    (total.is_finite() && total >= 0.0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(action: Value) -> Vec<(Option<f64>, Option<f64>)> {
        of([action].iter()).into_iter().map(|edit| (edit.start, edit.end)).collect()
    }

    #[test]
    fn an_edit_has_the_stretches_that_it_names_and_is_one_of_the_whole_without() {
        let region = |time: Value| json!({ "region": [{ "type": "temporal", "time": time }] });
        let action = json!({ "action": "c2pa.color_adjustments", "changes": [
            region(json!({ "type": "npt", "start": "1.5", "end": "0:00:03" })),
            region(json!({ "start": "4" })),
            { "region": [{ "type": "spatial", "shape": {} }] },
        ]});
        assert_eq!(told(action), [(Some(1.5), Some(3.0)), (Some(4.0), None)]);
        assert_eq!(told(json!({ "action": "c2pa.cropped" })), [(None, None)]);
        for odd in [
            json!({ "start": "3", "end": "1" }),
            json!({ "start": "-1" }),
            json!({ "start": "inf" }),
            json!({ "start": "1:2" }),
            json!({ "type": "utc", "start": "2026-11-01T12:00:00Z" }),
            json!({ "type": "utc", "start": "12" }),
            json!(7),
        ] {
            let action = json!({ "action": "c2pa.edited", "changes": [region(odd.clone())] });
            assert_eq!(told(action), [(None, None)], "{odd}");
        }
    }

    #[test]
    fn what_is_no_edit_is_left_out_and_a_flood_is_cut() {
        for name in ["c2pa.created", "c2pa.opened", "c2pa.watermarked.bound", "c2pa.edited.metadata"] {
            assert_eq!(told(json!({ "action": name })), [], "{name}");
        }
        let flood = vec![json!({ "action": "c2pa.edited" }); 1000];
        assert_eq!(of(flood.iter()).len(), MOST);
        assert_eq!(of([json!(null), json!({ "action": 1 })].iter()), []);
    }
}
