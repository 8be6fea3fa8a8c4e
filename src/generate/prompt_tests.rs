use serde_json::Value;

use super::clean;
use crate::testing::fixture;

/// Prompts of the fixtures that were decoded in the wrong character set, which ftfy guesses right and we leave.
const MIS_DECODED: [&str; 3] = ["The Mona Lisa doesnâ€™t", "schÃ¶n und", "l’humanitÃ©"];

#[test]
fn two_hundred_prompts_are_cleaned_as_diffusers_cleans_them() {
    let record: Value = serde_json::from_slice(&fixture("tokenizers/expected.json")).unwrap();
    let prompts = record["prompts"].as_array().unwrap();
    let mut compared = 0;
    for (prompt, expected) in prompts.iter().zip(record["cleaned"].as_array().unwrap()) {
        let (prompt, expected) = (prompt.as_str().unwrap(), expected.as_str().unwrap());
        if MIS_DECODED.iter().any(|start| prompt.starts_with(start)) {
            continue;
        }
        assert_eq!(clean(prompt), expected, "{prompt:?}");
        compared += 1;
    }
    assert_eq!(compared, 200 - MIS_DECODED.len());
}

#[test]
fn layers_of_escapes_end() {
    let nested = "&amp;lt;".to_owned() + &"&amp;".repeat(100_000);
    assert!(clean(&nested).len() < nested.len());
    let deep = (0..2000).fold("x".to_owned(), |text, _| format!("&amp;{text}"));
    assert!(clean(&deep).ends_with('x'));
}
