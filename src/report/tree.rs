use crate::details::codes;
use crate::markup::Markup;
use filigrane_verdict::{Language, Report};
use serde_json::Value;

const MOST_MANIFESTS: usize = 50;
const MOST_STATEMENTS: usize = 60;
const NAME_LIMIT: usize = 300;
/// Longest JSON of one statement shown, bytes.
const LONGEST_JSON: usize = 16 << 10;

/// The manifests of a video (crJSON) as a tree of folds: for each who signed, when and with what; below it what was done, the
/// sources, the other statements, and the official status codes. None when the document holds none.
///
/// What the manifests state stands under signatures that may not hold: the report says whether they do.
pub fn tree(document: &Value, report: &Report, t: Language) -> Option<String> {
    let manifests = document.get("manifests")?.as_array().filter(|manifests| !manifests.is_empty())?;
    let active = report.credentials.manifest.as_deref();
    let mut page = Markup::new();
    page.raw("<section class=\"tree\" aria-labelledby=\"tree-title\"><h2 id=\"tree-title\">");
    page.raw(t.say("Manifests in the file")).raw("</h2>");
    for one in manifests.iter().take(MOST_MANIFESTS) {
        let label = text(one, &["label"]);
        let own = label.is_some() && label == active;
        manifest(&mut page, one, own, t);
    }
    page.raw("</section>\n");
    Some(page.finish())
}

fn manifest(page: &mut Markup, one: &Value, own: bool, t: Language) {
    let subject = ["O", "CN"]
        .into_iter()
        .find_map(|name| text(one, &["signature", "certificateInfo", "subject", name]));
    page.raw(if own { "<details open><summary>" } else { "<details><summary>" });
    page.raw("<bdi>").text(subject.unwrap_or(t.say("somebody without a name")), NAME_LIMIT).raw("</bdi>");
    page.raw(" <span class=\"state\">");
    page.raw(if own { t.say("about this file") } else { t.say("about a source, or an earlier version") });
    page.raw("</span></summary><dl>");
    let claim = one.get("claim.v2").or_else(|| one.get("claim")).unwrap_or(&Value::Null);
    let stamped = text(one, &["signature", "timeStampInfo", "timestamp"]);
    let rows = [
        (t.say("Manifest"), text(one, &["label"]).map(str::to_owned)),
        (t.say("Signed at"), stamped.map(str::to_owned)),
        (t.say("Made with"), generator(claim)),
        (t.say("Title"), text(claim, &["dc:title"]).map(str::to_owned)),
        (t.say("Signature"), text(one, &["signature", "algorithm"]).map(str::to_owned)),
        (
            t.say("Certificate until"),
            text(one, &["signature", "certificateInfo", "validity", "notAfter"]).map(str::to_owned),
        ),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            page.raw("<div><dt>")
                .raw(name)
                .raw("</dt><dd><bdi>")
                .text(&value, NAME_LIMIT)
                .raw("</bdi></dd></div>");
        }
    }
    page.raw("</dl>");
    let statements = one.get("assertions").and_then(Value::as_object);
    let statements = || statements.into_iter().flatten().take(MOST_STATEMENTS);
    for (_, value) in statements().filter(|(label, _)| label.starts_with("c2pa.actions")) {
        actions(page, value, t);
    }
    for (_, value) in statements().filter(|(label, _)| label.starts_with("c2pa.ingredient")) {
        ingredient(page, value, t);
    }
    for (label, value) in statements() {
        if !label.starts_with("c2pa.actions") && !label.starts_with("c2pa.ingredient") {
            page.raw("<details><summary><code>").text(label, 120).raw("</code></summary>");
            json(page, value);
            page.raw("</details>");
        }
    }
    results(page, one, t);
    page.raw("</details>");
}

fn actions(page: &mut Markup, value: &Value, t: Language) {
    let all = value.get("actions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    page.raw("<details open><summary>").text(&t.fill("What was done: {}", &[&all.len().to_string()]), 80);
    page.raw("</summary><ul>");
    for action in all.iter().take(MOST_STATEMENTS) {
        let name = text(action, &["action"]).unwrap_or_default();
        page.raw("<li>").text(done(name, t), 200).raw(" <code>").text(name, 100).raw("</code>");
        let parts = [
            text(action, &["when"]).map(str::to_owned),
            text(action, &["softwareAgent", "name"]).or(text(action, &["softwareAgent"])).map(str::to_owned),
            text(action, &["digitalSourceType"])
                .map(|kind| kind.rsplit('/').next().unwrap_or_default().to_owned()),
        ];
        for part in parts.into_iter().flatten() {
            page.raw(" · <bdi>").text(&part, 120).raw("</bdi>");
        }
        page.raw("</li>");
    }
    page.raw("</ul></details>");
}

/// What an action is in words; C2PA's own names alone.
pub(crate) fn done(name: &str, t: Language) -> &'static str {
    match name {
        "c2pa.created" => t.say("Made"),
        "c2pa.opened" => t.say("An earlier version was opened"),
        "c2pa.placed" => t.say("A source was put in"),
        "c2pa.removed" => t.say("A source was taken out"),
        "c2pa.edited" => t.say("Edited"),
        "c2pa.edited.metadata" => t.say("Statements about it were edited"),
        "c2pa.color_adjustments" | "c2pa.adjustedColor" => t.say("Colours were changed"),
        "c2pa.enhanced" => t.say("Enhanced"),
        "c2pa.addedText" => t.say("Text was put in"),
        "c2pa.cropped" => t.say("Cropped"),
        "c2pa.trimmed" => t.say("Shortened"),
        "c2pa.deleted" => t.say("A part was deleted"),
        "c2pa.changedSpeed" => t.say("The speed was changed"),
        "c2pa.resized" | "c2pa.resized.proportional" => t.say("Scaled"),
        "c2pa.orientation" => t.say("Turned or mirrored"),
        "c2pa.filtered" => t.say("A filter was applied"),
        "c2pa.drawing" => t.say("Something was drawn"),
        "c2pa.dubbed" => t.say("Dubbed"),
        "c2pa.translated" => t.say("Translated"),
        "c2pa.transcoded" | "c2pa.converted" => t.say("Encoded in another way"),
        "c2pa.repackaged" => t.say("Put into another container"),
        "c2pa.published" => t.say("Published"),
        "c2pa.redacted" => t.say("A statement was removed"),
        name if name.starts_with("c2pa.watermarked") => t.say("A watermark was put in"),
        _ => t.say("An action of another kind"),
    }
}

fn ingredient(page: &mut Markup, value: &Value, t: Language) {
    let relation = match text(value, &["relationship"]) {
        Some("parentOf") => t.say("made from"),
        Some("inputTo") => t.say("used to make it"),
        _ => t.say("a part of it"),
    };
    page.raw("<details><summary>").raw(t.say("Source")).raw(": <bdi>");
    page.text(text(value, &["dc:title"]).unwrap_or(t.say("without a name")), NAME_LIMIT);
    page.raw("</bdi> <span class=\"state\">").raw(relation).raw("</span></summary>");
    json(page, value);
    page.raw("</details>");
}

fn results(page: &mut Markup, one: &Value, t: Language) {
    let results = one.get("validationResults").unwrap_or(&Value::Null);
    let of = |kind: &str| results.get(kind).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let all: Vec<&str> = ["failure", "informational", "success"]
        .into_iter()
        .flat_map(of)
        .filter_map(|status| text(status, &["code"]))
        .collect();
    if !all.is_empty() {
        page.raw("<details><summary>").text(&t.fill("Status codes: {}", &[&all.len().to_string()]), 80);
        page.raw("</summary>");
        codes(page, all.into_iter(), t);
        page.raw("</details>");
    }
}

fn generator(claim: &Value) -> Option<String> {
    let info = claim.get("claim_generator_info")?;
    let first = info.as_array().and_then(|all| all.first()).unwrap_or(info);
    let name = text(first, &["name"])?;
    Some(match text(first, &["version"]) {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    })
}

fn json(page: &mut Markup, value: &Value) {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let shown = text.floor_char_boundary(LONGEST_JSON);
    page.raw("<pre tabindex=\"0\"><code>").lines(&text[..shown]);
    page.raw(if shown < text.len() { "\n…</code></pre>" } else { "</code></pre>" });
}

fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(value, |value, name| value.get(name))?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;
    use filigrane_verdict::Code;
    use serde_json::json;

    #[test]
    fn who_when_what_and_sources_are_told_and_no_markup_of_theirs_gets_out() {
        let attack = "\"><script>alert(1)</script>";
        let document = json!({ "manifests": [{
            "label": examples::MANIFEST,
            "claim.v2": { "dc:title": attack, "claim_generator_info": [{ "name": "Cam", "version": "2" }] },
            "signature": { "algorithm": "es256", "certificateInfo": { "subject": { "O": attack } } },
            "assertions": {
                "c2pa.actions.v2": { "actions": [{ "action": "c2pa.created", "when": attack }, { "action": attack }] },
                "c2pa.ingredient.v3": { "relationship": "parentOf", "dc:title": attack },
                attack: { "deep": [[[attack]]] },
            },
            "validationResults": { "success": [{ "code": "claimSignature.validated" }], "failure": [{ "code": attack }] },
        }]});
        let report = examples::report(Code::Signed);
        for t in Language::ALL {
            let page = tree(&document, &report, t).unwrap();
            assert!(!page.contains("<script"), "{page}");
            for told in ["Cam 2", "claimSignature.validated", "c2pa.created", "<details open>"] {
                assert!(page.contains(told), "{told}");
            }
        }
        assert_eq!(tree(&json!({ "manifests": [] }), &report, Language::English), None);
        assert_eq!(tree(&json!([1, 2]), &report, Language::English), None);
        let odd = json!({ "manifests": [null, 1, {}, { "assertions": [], "signature": [] }] });
        assert!(tree(&odd, &report, Language::English).is_some());
    }
}
