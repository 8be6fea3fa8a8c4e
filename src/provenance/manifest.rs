use std::io::Cursor;

use c2pa::Builder;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::making::{SETTINGS, input_name};
use crate::{Claim, Error, Origin, SoftBinding};

/// The version of the specification that manifests are written to.
const SPECIFICATION: &str = "2.4.0";
/// Name by which the actions refer to the parent ingredient.
pub(crate) const PARENT: &str = "parent";

/// Name by which the actions refer to a model, the ingredient of that number.
fn model_name(index: usize) -> String {
    format!("model-{index}")
}

/// Adds the models that the claim's actions refer to.
pub(crate) fn add_models(builder: &mut Builder, claim: &Claim) -> Result<(), Error> {
    for (index, model) in claim.models.iter().enumerate() {
        builder.add_ingredient(model.ingredient(&model_name(index))?);
    }
    Ok(())
}

const SOFT_BINDING: &str = "c2pa.soft-binding";

/// Fills the builder with what the claim states, all of it vouched for by the signer (`created`, not `gathered`).
///
/// With a parent the history begins with `c2pa.opened`, else with `c2pa.created`, which needs an origin.
pub(crate) fn define(builder: Builder, claim: &Claim, parent: bool, now: &str) -> Result<Builder, Error> {
    let definition = json!({
        "claim_version": 2,
        "label": claim.urn(),
        "title": claim.title,
        "instance_id": format!("xmp:iid:{}", claim.id),
        "claim_generator_info": [{
            "name": "filigrane",
            "version": claim.generator_version,
            "specVersion": SPECIFICATION,
        }],
        "assertions": [{
            "label": "c2pa.actions.v2",
            "created": true,
            "data": { "actions": actions(claim, parent, now)?, "allActionsIncluded": true },
        }],
    });
    let refused = |error: c2pa::Error| Error::Claim(format!("the claim can't be written: {error}"));
    let mut builder = builder.with_definition(definition).map_err(refused)?;
    for binding in &claim.bindings {
        add_created(&mut builder, SOFT_BINDING, &SoftBindingAssertion::new(binding)?)?;
    }
    for assertion in &claim.assertions {
        add_created(&mut builder, &assertion.label, &assertion.data)?;
    }
    if let Some(jpeg) = &claim.thumbnail {
        // The engine offers no way to make this one a created assertion.
        builder.set_thumbnail("image/jpeg", &mut Cursor::new(jpeg)).map_err(refused)?;
    }
    Ok(builder)
}

fn add_created(builder: &mut Builder, label: &str, data: &impl Serialize) -> Result<(), Error> {
    builder
        .add_assertion(label, data)
        .map_err(|error| Error::Claim(format!("assertion {label} can't be written: {error}")))?;
    if let Some(assertion) = builder.definition.assertions.last_mut() {
        assertion.created = true;
    }
    Ok(())
}

fn actions(claim: &Claim, parent: bool, now: &str) -> Result<Vec<Value>, Error> {
    let mut actions = Vec::new();
    if parent {
        actions.push(json!({
            "action": "c2pa.opened",
            "when": now,
            "parameters": { "ingredientIds": [PARENT] },
        }));
        if let Some(origin) = claim.origin {
            // `c2pa.opened` may not carry a source type, and only an edit changes where content comes from.
            let action = match origin {
                Origin::Edited | Origin::Composite => "c2pa.edited",
                Origin::Generated | Origin::Camera => "c2pa.edited.metadata",
            };
            let source_type = origin.source_type();
            let edited = json!({ "action": action, "when": now, "digitalSourceType": source_type });
            actions.push(with_models(edited, claim));
        }
    } else {
        let origin = claim.origin.ok_or_else(|| {
            Error::Claim(
                "a manifest without a parent must say how the video came to be: give an origin".to_owned(),
            )
        })?;
        let created = json!({
            "action": "c2pa.created",
            "when": now,
            "digitalSourceType": origin.source_type(),
        });
        actions.push(with_making(with_models(created, claim), claim));
    }
    if claim.watermarked {
        if claim.bindings.is_empty() {
            return Err(Error::Claim("a watermark is claimed, but no soft binding says which".to_owned()));
        }
        actions.push(json!({ "action": "c2pa.watermarked.bound", "when": now }));
    }
    Ok(actions)
}

/// The action with the models that went into it.
fn with_models(mut action: Value, claim: &Claim) -> Value {
    if !claim.models.is_empty() {
        let names: Vec<String> = (0..claim.models.len()).map(model_name).collect();
        action["parameters"] = json!({ "ingredientIds": names });
    }
    action
}

/// The action with the program that did it, what that was told and what it was given.
fn with_making(mut action: Value, claim: &Claim) -> Value {
    let Some(making) = &claim.making else { return action };
    action["softwareAgent"] = json!({ "name": making.agent, "version": making.version });
    let inputs = (0..making.inputs.len()).map(|index| json!(input_name(index)));
    let named = action["parameters"]["ingredientIds"].as_array().cloned().unwrap_or_default();
    let named: Vec<Value> = named.into_iter().chain(inputs).collect();
    let mut parameters = json!({ SETTINGS: making.settings });
    if !named.is_empty() {
        parameters["ingredientIds"] = json!(named);
    }
    action["parameters"] = parameters;
    action
}

/// `soft-binding-map` of C2PA 2.4; a route through JSON would turn the byte strings into text.
#[derive(Serialize)]
struct SoftBindingAssertion<'a> {
    alg: &'a str,
    blocks: [Block<'a>; 1],
    /// Required up to C2PA 2.2, allowed since.
    pad: Bytes<'a>,
}

#[derive(Serialize)]
struct Block<'a> {
    scope: Scope,
    value: Bytes<'a>,
}

#[derive(Serialize)]
struct Scope {
    #[serde(skip_serializing_if = "Option::is_none")]
    timespan: Option<Timespan>,
}

#[derive(Serialize)]
struct Timespan {
    /// Milliseconds.
    start: u64,
    /// Milliseconds.
    end: u64,
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'a> SoftBindingAssertion<'a> {
    fn new(binding: &'a SoftBinding) -> Result<Self, Error> {
        if binding.algorithm.is_empty() || binding.value.is_empty() {
            return Err(Error::Claim("a soft binding needs an algorithm and a value".to_owned()));
        }
        let timespan = match binding.span {
            None => None,
            Some(span) if span.start >= 0.0 && span.end >= span.start && span.end.is_finite() => {
                let milliseconds = |seconds: f64| (seconds * 1000.0).round() as u64;
                Some(Timespan { start: milliseconds(span.start), end: milliseconds(span.end) })
            }
            Some(span) => {
                return Err(Error::Claim(format!(
                    "a soft binding's span from {} s to {} s is impossible",
                    span.start, span.end
                )));
            }
        };
        Ok(Self {
            alg: &binding.algorithm,
            blocks: [Block { scope: Scope { timespan }, value: Bytes(&binding.value) }],
            pad: Bytes(&[]),
        })
    }
}

/// The bindings that a soft-binding assertion states, from its JSON view: byte strings come as arrays of numbers,
/// and the text that other writers put there stands for its own bytes.
pub(crate) fn read_soft_binding(assertion: &Value, most: usize) -> Vec<SoftBinding> {
    let Some(algorithm) = assertion.get("alg").and_then(Value::as_str) else { return Vec::new() };
    let blocks = assertion.get("blocks").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let value_of = |block: &Value| match block.get("value")? {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Array(bytes) => {
            bytes.iter().map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect()
        }
        _ => None,
    };
    let span_of = |block: &Value| {
        let timespan = block.get("scope")?.get("timespan")?;
        let seconds = |name| Some(timespan.get(name)?.as_f64()? / 1000.0);
        let (start, end) = (seconds("start")?, seconds("end")?);
        (start >= 0.0 && end >= start).then_some(filigrane_frame::Interval { start, end })
    };
    blocks
        .iter()
        .take(most)
        .filter_map(|block| {
            let value = value_of(block)?;
            Some(SoftBinding { algorithm: algorithm.to_owned(), value, span: span_of(block) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_byte_values_of_other_writers_are_read() {
        let assertion = json!({
            "alg": "com.example.mark",
            "blocks": [
                { "scope": { "timespan": { "start": 500, "end": 2500 } }, "value": [0, 255] },
                { "scope": {}, "value": "2*01" },
                { "scope": {}, "value": [256] },
                { "scope": {} },
            ],
        });
        let bindings = read_soft_binding(&assertion, 10);
        assert_eq!(bindings.len(), 2);
        assert_eq!(bindings[0].value, [0, 255]);
        assert_eq!(bindings[0].span.map(|span| (span.start, span.end)), Some((0.5, 2.5)));
        assert_eq!(bindings[1].value, b"2*01");
        assert_eq!(bindings[1].span, None);
        assert_eq!(read_soft_binding(&assertion, 1).len(), 1);
        assert_eq!(read_soft_binding(&json!("nonsense"), 10), []);
    }

    #[test]
    fn a_creation_names_its_program_its_settings_and_what_went_in() {
        let mut claim = Claim::new(uuid::Uuid::new_v4(), "t", "0");
        claim.origin = Some(Origin::Generated);
        claim.models.push(crate::ModelCard { name: "m".into(), ..crate::ModelCard::default() });
        claim.making = Some(crate::Making {
            agent: "filigrane".into(),
            version: "1".into(),
            settings: json!({ "seed": 7 }),
            inputs: vec!["a.png".into()],
        });
        let created = &actions(&claim, false, "now").unwrap()[0];
        assert_eq!(created["softwareAgent"], json!({ "name": "filigrane", "version": "1" }));
        assert_eq!(created["parameters"]["ingredientIds"], json!(["model-0", "input-0"]));
        assert_eq!(created["parameters"][SETTINGS]["seed"], 7);
    }

    #[test]
    fn a_history_starts_with_opened_or_created_and_never_both() {
        let mut claim = Claim::new(uuid::Uuid::new_v4(), "t", "0");
        assert!(actions(&claim, false, "now").is_err());
        let names = |claim: &Claim, parent| -> Vec<String> {
            let actions = actions(claim, parent, "now").unwrap();
            actions.iter().map(|action| action["action"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&claim, true), ["c2pa.opened"]);
        claim.origin = Some(Origin::Edited);
        assert_eq!(names(&claim, true), ["c2pa.opened", "c2pa.edited"]);
        claim.watermarked = true;
        assert!(actions(&claim, false, "now").is_err());
        claim.bindings.push(SoftBinding { algorithm: "a.b".into(), value: vec![1], span: None });
        assert_eq!(names(&claim, false), ["c2pa.created", "c2pa.watermarked.bound"]);
    }
}
