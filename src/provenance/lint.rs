//! The rubric of the C2PA Conformance Program 0.2 for assets of specification 2.4 ("C2PA Asset Conformance 0.2 Spec 2.4
//! Rubric" of 2026-08-06), rule by rule. A test holds it against the rules as published.

use serde_json::Value;

use crate::lint_tables::{
    ALLOWED_ACTIONS, ALLOWED_ASSERTIONS, DEPRECATED_ACTIONS, DEPRECATED_ASSERTIONS, FORBIDDEN_REFERENCES,
    HUMAN, INCEPTION, MALFORMED, MISMATCHES, NON_EDITORIAL, PARAMETERS, RELATIONSHIPS, TIFF,
};

/// The answer to one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The rule's name in the rubric, without `validation:`.
    pub rule: &'static str,
    /// Whether the manifest keeps it.
    pub kept: bool,
    /// Whether breaking it only earns a warning.
    pub advice: bool,
    /// One sentence on what it asks for.
    pub asks: &'static str,
    /// What breaks it: texts of the file, to be escaped.
    pub found: Vec<String>,
}

/// Version of the specification that the rubric is for.
const EXPECTED: (&str, &str) = ("2", "4");
const MOST_FOUND: usize = 20;
const LONGEST_FOUND: usize = 100;

type Check = fn(&Active<'_>) -> Vec<String>;

/// The active manifest of a crJSON document.
struct Active<'a> {
    manifest: &'a Value,
    actions: Vec<&'a Value>,
    ingredients: Vec<&'a Value>,
}

const RULES: [(&str, &str, Check); 31] = [
    (
        "mandatory_dst_for_perceptible_transformations",
        "Each action that can be perceived states a digitalSourceType.",
        perceptible,
    ),
    ("mandatory_spec_version", "claim_generator_info states specVersion 2.4.", spec_version),
    (
        "mandatory_all_actions_included",
        "Each actions assertion states allActionsIncluded.",
        all_actions_included,
    ),
    ("no_dst_for_opened_action", "No c2pa.opened action states a digitalSourceType.", opened_without_source),
    ("well_formed_data_present", "There are validation results to judge the structure by.", results_present),
    ("well_formed_success", "No check of the structure failed.", |active| active.failures(&MALFORMED)),
    ("valid_data_present", "There are validation results to judge the integrity by.", results_present),
    ("valid_success", "No check of the integrity failed.", |active| active.failures(&MISMATCHES)),
    (
        "inception_action_position",
        "The first created actions assertion is c2pa.actions.v2 and begins with c2pa.created or c2pa.opened.",
        inception_first,
    ),
    ("no_deprecated_assertions", "No assertion has a label that is deprecated.", deprecated_assertions),
    (
        "no_unsupported_assertions",
        "Every c2pa. assertion is one of the specification's.",
        unsupported_assertions,
    ),
    ("no_deprecated_actions", "No action is deprecated.", |active| {
        active.named_actions(|name| DEPRECATED_ACTIONS.contains(&name))
    }),
    ("no_unsupported_actions", "Every c2pa. action is one of the specification's.", |active| {
        active.named_actions(|name| name.starts_with("c2pa.") && !ALLOWED_ACTIONS.contains(&name))
    }),
    (
        "no_unrecognized_custom_assertions",
        "Labels of others' assertions name their owner (with a dot).",
        |active| active.labels(|label| !label.starts_with("c2pa.") && !label.contains('.')),
    ),
    ("no_unrecognized_custom_actions", "Names of others' actions name their owner (with a dot).", |active| {
        active.named_actions(|name| !name.starts_with("c2pa.") && !name.contains('.'))
    }),
    (
        "no_unrecognized_custom_action_parameters",
        "Parameters of others name their owner (with a dot).",
        custom_parameters,
    ),
    (
        "discouraged_legacy_action_parameters",
        "No parameters hold a description or a single ingredient, as they once did.",
        legacy_parameters,
    ),
    ("active_manifest_urn", "The manifest's name begins with urn:c2pa:.", urn),
    ("review_ratings_datasource", "No review ratings stand beside a human source.", review_ratings),
    (
        "ingredient_v3_no_active_manifest",
        "No ingredient without a manifest has validation results.",
        |active| {
            active.ingredients_with(|one| none(&one["activeManifest"]) && !none(&one["validationResults"]))
        },
    ),
    (
        "ingredient_v3_mandatory_validation_results",
        "Each ingredient with a manifest has validation results.",
        |active| {
            active.ingredients_with(|one| !none(&one["activeManifest"]) && none(&one["validationResults"]))
        },
    ),
    ("ingredient_relationship_values", "Each ingredient is parentOf, inputTo or componentOf.", |active| {
        active.ingredients_with(|one| {
            !one["relationship"].as_str().is_some_and(|name| RELATIONSHIPS.contains(&name))
        })
    }),
    ("mandatory_dst_for_created_action", "Each c2pa.created action states a digitalSourceType.", |active| {
        active.actions_with(|action| named(action, "c2pa.created") && none(&action["digitalSourceType"]))
    }),
    ("no_deprecated_claim_fields", "The claim itself has no specVersion.", |active| {
        if none(&active.claim()["specVersion"]) {
            Vec::new()
        } else {
            vec!["specVersion in claim".to_owned()]
        }
    }),
    ("ingredient_v3_choice", "No ingredient has both a manifest and a digitalSourceType.", |active| {
        active.ingredients_with(|one| !none(&one["activeManifest"]) && !none(&one["digitalSourceType"]))
    }),
    (
        "alternative_content_representation_choice",
        "An original image is given in exactly one of two ways.",
        original_image,
    ),
    (
        "forbidden_labels_in_external_references",
        "No external reference stands for actions, hashes or ingredients.",
        external_references,
    ),
    ("no_url_in_hashes", "No hash assertion has the deprecated url.", url_in_hashes),
    ("all_actions_included_opened", "Opening alone states allActionsIncluded.", opened_alone),
    (
        "opened_action_ingredient_reference",
        "Each c2pa.opened action refers to one ingredient.",
        opened_reference,
    ),
    ("no_box_hash_for_tiff", "No box hash is used for TIFF.", box_hash_for_tiff),
];

/// Rules whose breach earns a warning.
const ADVICE: [&str; 1] = ["discouraged_legacy_action_parameters"];

/// How the active manifest of a crJSON document keeps the 31 rules, in the rubric's order; `None` without a manifest.
pub fn lint(crjson: &Value) -> Option<Vec<Ruling>> {
    let manifest = crjson.get("manifests")?.as_array()?.first()?;
    let values = || manifest["assertions"].as_object().into_iter().flat_map(|all| all.values());
    let actions = values().filter_map(|value| value["actions"].as_array()).flatten().collect();
    let ingredients = values().filter(|value| !none(&value["relationship"])).collect();
    let active = Active { manifest, actions, ingredients };
    let rulings = RULES.iter().map(|&(rule, asks, check)| {
        let mut found = check(&active);
        let kept = found.is_empty();
        found.truncate(MOST_FOUND);
        found.iter_mut().for_each(|text| *text = text.chars().take(LONGEST_FOUND).collect());
        Ruling { rule, kept, advice: ADVICE.contains(&rule), asks, found }
    });
    Some(rulings.collect())
}

impl<'a> Active<'a> {
    fn claim(&self) -> &'a Value {
        &self.manifest["claim.v2"]
    }

    fn assertions(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.manifest["assertions"].as_object().into_iter().flatten()
    }

    fn failures(&self, counted: &[&str]) -> Vec<String> {
        if none(&self.manifest["validationResults"]) {
            return vec!["MISSING_VALIDATION_RESULTS".to_owned()];
        }
        let failures = self.manifest["validationResults"]["failure"].as_array();
        let codes = failures.into_iter().flatten().filter_map(|status| status["code"].as_str());
        codes.filter(|code| counted.contains(code)).map(str::to_owned).collect()
    }

    fn labels(&self, wrong: impl Fn(&str) -> bool) -> Vec<String> {
        self.assertions().filter(|(label, _)| wrong(label)).map(|(label, _)| label.clone()).collect()
    }

    fn named_actions(&self, wrong: impl Fn(&str) -> bool) -> Vec<String> {
        self.actions_with(|action| wrong(name_of(action)))
    }

    fn actions_with(&self, wrong: impl Fn(&Value) -> bool) -> Vec<String> {
        self.actions.iter().filter(|action| wrong(action)).map(|action| name_of(action).to_owned()).collect()
    }

    fn ingredients_with(&self, wrong: impl Fn(&Value) -> bool) -> Vec<String> {
        let wrong = self.ingredients.iter().filter(|one| wrong(one));
        wrong
            .map(|one| {
                one["dc:title"].as_str().or(one["title"].as_str()).unwrap_or("an ingredient").to_owned()
            })
            .collect()
    }
}

/// Absent and null are one to the rubric's language.
fn none(value: &Value) -> bool {
    value.is_null()
}

fn name_of(action: &Value) -> &str {
    action["action"].as_str().unwrap_or_default()
}

fn named(action: &Value, name: &str) -> bool {
    name_of(action) == name
}

fn perceptible(active: &Active<'_>) -> Vec<String> {
    active.actions_with(|action| {
        let name = name_of(action);
        name.starts_with("c2pa.")
            && !INCEPTION.contains(&name)
            && !NON_EDITORIAL.contains(&name)
            && name != "c2pa.placed"
            && none(&action["digitalSourceType"])
    })
}

fn spec_version(active: &Active<'_>) -> Vec<String> {
    let info = &active.claim()["claim_generator_info"];
    let stated = if none(&info[0]["specVersion"]) { &info["specVersion"] } else { &info[0]["specVersion"] };
    let Some(text) = stated.as_str() else {
        return vec![if none(stated) { "missing".to_owned() } else { stated.to_string() }];
    };
    let mut parts = text.split('.');
    if (parts.next(), parts.next()) == (Some(EXPECTED.0), Some(EXPECTED.1)) {
        Vec::new()
    } else {
        vec![text.to_owned()]
    }
}

fn all_actions_included(active: &Active<'_>) -> Vec<String> {
    let lacking = active
        .assertions()
        .filter(|(_, value)| !none(&value["actions"]) && none(&value["allActionsIncluded"]));
    lacking.map(|(label, _)| label.clone()).collect()
}

fn opened_without_source(active: &Active<'_>) -> Vec<String> {
    active.actions_with(|action| named(action, "c2pa.opened") && !none(&action["digitalSourceType"]))
}

fn results_present(active: &Active<'_>) -> Vec<String> {
    if none(&active.manifest["validationResults"]) { vec!["missing".to_owned()] } else { Vec::new() }
}

fn inception_first(active: &Active<'_>) -> Vec<String> {
    let created = active.claim()["created_assertions"].as_array();
    let mut urls = created.into_iter().flatten().filter_map(|entry| entry["url"].as_str());
    let first = urls.find(|url| url.contains("c2pa.actions")).unwrap_or_default();
    let begins = active.actions.first().is_some_and(|action| INCEPTION.contains(&name_of(action)));
    let begun = !active.actions.iter().any(|action| named(action, "c2pa.created")) || begins;
    if first.ends_with("c2pa.actions.v2") && begun { Vec::new() } else { vec![first.to_owned()] }
}

fn deprecated_assertions(active: &Active<'_>) -> Vec<String> {
    active.labels(|label| label.starts_with("stds.") || DEPRECATED_ASSERTIONS.contains(&label))
}

fn unsupported_assertions(active: &Active<'_>) -> Vec<String> {
    active.labels(|label| {
        let base = label.split("__").next().unwrap_or(label);
        label.starts_with("c2pa.")
            && !ALLOWED_ASSERTIONS.contains(&base)
            && !DEPRECATED_ASSERTIONS.contains(&base)
    })
}

fn custom_parameters(active: &Active<'_>) -> Vec<String> {
    let names = active
        .actions
        .iter()
        .filter_map(|action| action["parameters"].as_object())
        .flat_map(|all| all.keys());
    names.filter(|name| !PARAMETERS.contains(&name.as_str()) && !name.contains('.')).cloned().collect()
}

fn legacy_parameters(active: &Active<'_>) -> Vec<String> {
    active.actions_with(|action| {
        let parameters = &action["parameters"];
        !none(&parameters["description"]) || !none(&parameters["ingredient"])
    })
}

fn urn(active: &Active<'_>) -> Vec<String> {
    let label = active.manifest["label"].as_str().unwrap_or_default();
    if label.starts_with("urn:c2pa:") { Vec::new() } else { vec![label.to_owned()] }
}

fn review_ratings(active: &Active<'_>) -> Vec<String> {
    let wrong = active.assertions().filter(|(_, value)| {
        !none(&value["reviewRatings"])
            && value["dataSource"]["type"].as_str().is_some_and(|kind| HUMAN.contains(&kind))
    });
    wrong.map(|(label, _)| label.clone()).collect()
}

fn original_image(active: &Active<'_>) -> Vec<String> {
    const KIND: &str = "exif.originalPreservationImage";
    let wrong = active.assertions().filter(|(_, value)| {
        let parameters = &value["parameters"];
        let about = value["type"] == KIND || parameters["type"] == KIND;
        about
            && none(&parameters["multiAssetPartIndex"])
                == none(&parameters["embeddedOriginalPreservationImage"])
    });
    wrong.map(|(label, _)| label.clone()).collect()
}

fn external_references(active: &Active<'_>) -> Vec<String> {
    let labels = active.assertions().filter_map(|(_, value)| {
        (!none(&value["url"]) && none(&value["relationship"])).then_some(value["label"].as_str()?)
    });
    let wrong = labels.filter(|label| {
        FORBIDDEN_REFERENCES.contains(label)
            || label.starts_with("c2pa.hash")
            || label.starts_with("c2pa.ingredient")
    });
    wrong.map(str::to_owned).collect()
}

fn url_in_hashes(active: &Active<'_>) -> Vec<String> {
    let assertions = &active.manifest["assertions"];
    let hashes = ["c2pa.hash.data", "c2pa.hash.bmff.v3"].into_iter();
    hashes.filter(|label| !none(&assertions[*label]["url"])).map(str::to_owned).collect()
}

fn opened_alone(active: &Active<'_>) -> Vec<String> {
    let included = &active.manifest["assertions"]["c2pa.actions.v2"]["allActionsIncluded"];
    if active.actions.len() == 1 && included != &Value::Bool(true) {
        active.named_actions(|name| name == "c2pa.opened")
    } else {
        Vec::new()
    }
}

fn opened_reference(active: &Active<'_>) -> Vec<String> {
    active.actions_with(|action| {
        let one = action["parameters"]["ingredients"].as_array().is_some_and(|all| all.len() == 1);
        named(action, "c2pa.opened") && !one
    })
}

fn box_hash_for_tiff(active: &Active<'_>) -> Vec<String> {
    let assertions = &active.manifest["assertions"];
    let format = assertions["c2pa.asset-type.v2"]["dc:format"].as_str().unwrap_or_default();
    if assertions.get("c2pa.hash.boxes").is_some() && TIFF.contains(&format) {
        vec!["c2pa.hash.boxes".to_owned()]
    } else {
        Vec::new()
    }
}
