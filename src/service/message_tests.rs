//! That whatever the page tells people when something goes wrong is translated.

use std::fs;
use std::path::Path;

use filigrane_verdict::Language;

/// Of the registry's interface alone, which programs read.
const FOR_PROGRAMS: [&str; 8] = [
    "bindings.rs",
    "content.rs",
    "manifests.rs",
    "matches.rs",
    "name.rs",
    "services.rs",
    "state.rs",
    "withdrawals.rs",
];
/// What a message is handed to.
const TELLERS: [&str; 7] = [
    "Problem::new(",
    "Problem::bad_request(",
    "Self::new(",
    "Outcome::Failed(",
    "archive.fail(",
    "let why =",
    "wrong(",
];

/// Up to where the statement ends: what stands in quotes ends none.
fn statement(rest: &str) -> &str {
    let mut quoted = false;
    let end = rest.find(|character| {
        quoted ^= character == '"';
        !quoted && matches!(character, ';' | '}')
    });
    &rest[..end.unwrap_or(rest.len())]
}

/// The literals of a statement, with a number in the place of each value.
fn literals(statement: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut characters = statement.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '"' {
            continue;
        }
        let mut text = String::new();
        while let Some(character) = characters.next() {
            match character {
                '"' => break,
                '{' => {
                    characters.by_ref().find(|end| *end == '}');
                    text.push('7');
                }
                '\\' if characters.peek() == Some(&'\n') => {
                    while characters.peek().is_some_and(|next| next.is_whitespace()) {
                        characters.next();
                    }
                }
                other => text.push(other),
            }
        }
        found.push(text);
    }
    found
}

#[test]
fn every_message_that_a_page_may_show_is_translated() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in [here.to_owned(), here.join("pages")] {
        files.extend(fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()));
    }
    let mut checked = 0;
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".rs") || name.ends_with("tests.rs") || FOR_PROGRAMS.contains(&name.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let own = text.split("#[cfg(test)]").next().unwrap();
        for teller in TELLERS {
            for (at, _) in own.match_indices(teller) {
                let rest = &own[at + teller.len()..];
                let statement = statement(rest);
                for message in literals(statement).into_iter().take(1) {
                    let known = Language::French.message(&message);
                    assert!(!known.contains("en anglais"), "{name}: {message:?} is not translated");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 40, "{checked} messages were found");
}
