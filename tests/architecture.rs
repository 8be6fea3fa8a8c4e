//! Keeps `ARCHITECTURE.md` true: who may import whom, and what must be absent where.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each room and the rooms it may import.
const ROOMS: [(&str, &[&str]); 18] = [
    ("frame", &[]),
    ("signal", &["frame"]),
    ("verdict", &[]),
    ("jail", &["frame"]),
    ("media", &["frame"]),
    ("infer", &["frame"]),
    // `media` drives its examples, which write what training reads.
    ("detect", &["frame", "infer", "media", "signal"]),
    ("generate", &["frame", "infer"]),
    ("provenance", &["frame"]),
    ("registry", &["frame"]),
    ("watermark", &["frame", "signal"]),
    ("fingerprint", &["frame", "signal"]),
    ("archive", &["frame"]),
    ("fleet", &["frame"]),
    ("report", &["verdict"]),
    (
        "pipeline",
        &[
            "detect",
            "frame",
            "fingerprint",
            "generate",
            "jail",
            "media",
            "provenance",
            "registry",
            "verdict",
            "watermark",
        ],
    ),
    ("scan", &["frame", "pipeline", "report", "verdict"]),
    ("service", &["archive", "frame", "pipeline", "registry", "report", "verdict"]),
];

/// Each library that few rooms know: its package, how sources name it, the rooms.
const SECRETS: [(&str, &[&str], &[&str]); 17] = [
    ("ffmpeg-next", &["ffmpeg_next", "ffmpeg_sys_next", "ffmpeg::"], &["media"]),
    ("c2pa", &["c2pa::"], &["provenance"]),
    ("cryptoki", &["cryptoki::"], &["provenance"]),
    ("ort", &["use ort::", "ort::session", "ort::value"], &["infer"]),
    ("tract-onnx", &["tract_onnx::"], &["infer"]),
    ("tokenizers", &["tokenizers::"], &["generate"]),
    ("ureq", &["ureq::"], &["provenance", "registry", "service"]),
    ("sqlx", &["sqlx::"], &["registry", "archive", "fleet"]),
    ("riverqueue", &["riverqueue::"], &["fleet"]),
    ("object_store", &["object_store::"], &["registry", "scan"]),
    ("reqwest", &["reqwest::"], &["scan"]),
    ("parquet", &["parquet::"], &["scan"]),
    ("axum", &["axum::"], &["service"]),
    ("hyper", &["hyper::", "hyper_util::"], &["service"]),
    ("landlock", &["landlock::"], &["jail"]),
    ("seccompiler", &["seccompiler::"], &["jail"]),
    ("tower-http", &["tower_http::"], &["service"]),
];

/// Terminal, arguments and signals are the root's.
const ROOT_ONLY: [&str; 3] = ["clap", "ctrlc", "indicatif"];

/// Past this, a file holds more than one idea.
const MOST_LINES: usize = 600;

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every package of the workspace with all it depends on, tests included.
fn packages() -> Vec<(String, Vec<String>)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(top())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            (name(package), dependencies.iter().map(name).collect())
        })
        .collect()
}

/// The Rust files under a folder, with their text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                found.push((path, text));
            }
        }
    }
    found
}

/// The lines of a file that are not comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|character: char| !character.is_alphanumeric() && character != '_').any(|found| found == word)
}

#[test]
fn each_room_imports_only_what_its_line_of_the_table_allows() {
    let packages = packages();
    for (name, dependencies) in &packages {
        let ours = dependencies.iter().filter_map(|dependency| dependency.strip_prefix("filigrane-"));
        let Some(room) = name.strip_prefix("filigrane-") else {
            assert_eq!(name, "filigrane");
            continue;
        };
        // Its targets are no room: they see what the root makes public.
        if room == "fuzz" {
            assert!(dependencies.iter().any(|name| name == "filigrane") && ours.count() == 0);
            continue;
        }
        let row = ROOMS.iter().find(|(listed, _)| *listed == room);
        let (_, allowed) = row.unwrap_or_else(|| panic!("{room} is missing in the table"));
        for import in ours {
            assert!(allowed.contains(&import), "{room} imports {import}");
        }
        for taboo in ROOT_ONLY {
            assert!(!dependencies.iter().any(|dependency| dependency == taboo), "{room} imports {taboo}");
        }
    }
    // Beside the root and the fuzz targets.
    assert_eq!(packages.len(), ROOMS.len() + 2, "every room of the table exists");
}

#[test]
fn few_rooms_know_each_large_library() {
    for (name, dependencies) in packages() {
        for (library, _, keepers) in SECRETS {
            let knows = dependencies.iter().any(|dependency| dependency == library);
            let may = keepers.iter().any(|keeper| name == format!("filigrane-{keeper}"));
            assert_eq!(knows, may, "{name} and {library}");
        }
    }
    for (path, text) in sources(&top().join("src")) {
        for (_, names, keepers) in SECRETS {
            if keepers.iter().any(|keeper| path.starts_with(top().join("src").join(keeper))) {
                continue;
            }
            for name in names {
                assert!(!code(&text).any(|line| line.contains(name)), "{} names {name}", path.display());
            }
        }
    }
}

#[test]
fn unsafe_code_stands_at_the_edge_to_ffmpeg_alone_and_says_why_it_is_sound() {
    let edge = top().join("src/media/ffi");
    for (path, text) in sources(&top().join("src")) {
        let used = code(&text).any(|line| has_word(line, "unsafe"));
        assert!(!used || path.starts_with(&edge), "{} has unsafe code", path.display());
        assert!(!used || text.contains("// SAFETY:"), "{} does not say why it is sound", path.display());
    }
}

#[test]
fn files_stay_short_and_library_roots_hold_no_code() {
    let files = ["src", "tests"].into_iter().flat_map(|folder| sources(&top().join(folder)));
    for (path, text) in files {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", path.display());
        if path.ends_with("lib.rs") {
            assert!(!code(&text).any(|line| has_word(line, "fn")), "{} holds code", path.display());
        }
    }
}

/// The string literals that stand first in calls of `say` and `fill`, as the compiler reads them but for escapes.
fn spoken(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in [".say(", ".fill("] {
        for (at, _) in text.match_indices(call) {
            let Some(literal) = text[at + call.len()..].trim_start().strip_prefix('"') else { continue };
            let mut spoken = String::new();
            let mut characters = literal.chars().peekable();
            while let Some(character) = characters.next() {
                match character {
                    '"' => break,
                    '\\' if characters.peek() == Some(&'\n') => {
                        while characters.peek().is_some_and(|next| next.is_whitespace()) {
                            characters.next();
                        }
                    }
                    '\\' => spoken.extend([Some('\\'), characters.next()].into_iter().flatten()),
                    other => spoken.push(other),
                }
            }
            found.push(spoken);
        }
    }
    found
}

#[test]
fn every_text_for_people_stands_in_the_catalogue_beside_its_translation() {
    let catalogue: String =
        sources(&top().join("src/verdict/texts")).into_iter().map(|(_, text)| text).collect();
    let mut checked = 0;
    let mut files = sources(&top().join("src"));
    for entry in fs::read_dir(top().join("src/service/templates")).expect("templates").flatten() {
        files.push((entry.path(), fs::read_to_string(entry.path()).expect("text")));
    }
    for (path, text) in files.iter().filter(|(path, _)| !path.ends_with("verdict/language.rs")) {
        let own = text.split("#[cfg(test)]").next().unwrap_or_default();
        for spoken in spoken(own) {
            let line = format!("    (\"{spoken}\", \"");
            assert!(catalogue.contains(&line), "{}: {spoken:?} is not translated", path.display());
            checked += 1;
        }
    }
    assert!(checked > 300, "{checked} texts were found");
}
