use serde_json::Value;

use super::Tokenizer;
use crate::model::ModelFiles;
use crate::testing::{fixture, fixtures};

/// A folder whose `tokenizer/` is one of the fixtures.
fn folder(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = folder.path().join("tokenizer");
    std::fs::create_dir(&tokenizer).unwrap();
    for file in std::fs::read_dir(fixtures().join("tokenizers").join(name)).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), tokenizer.join(file.file_name())).unwrap();
    }
    folder
}

fn ids(record: &Value, name: &str, row: usize) -> Vec<i64> {
    record[name][row].as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect()
}

#[test]
fn two_hundred_prompts_get_the_ids_that_transformers_gives_them() {
    let record: Value = serde_json::from_slice(&fixture("tokenizers/expected.json")).unwrap();
    let prompts = record["prompts"].as_array().unwrap();
    assert_eq!(prompts.len(), 200);
    for (name, expected, length) in [("t5", "t5", 128), ("umt5", "umt5", 512), ("spiece", "t5", 128)] {
        let folder = folder(name);
        let files = ModelFiles::Folder(folder.path().to_owned());
        let tokenizer = Tokenizer::open(&files, length, 4096).unwrap();
        for (row, prompt) in prompts.iter().enumerate() {
            let found = tokenizer.encode(prompt.as_str().unwrap()).unwrap();
            assert_eq!(found.ids.len(), length);
            assert_eq!(found.ids[..found.used], ids(&record, expected, row), "{name}: {prompt}");
            assert_eq!(
                found.whole,
                ids(&record, &format!("{expected}_whole"), row).len(),
                "{name}: {prompt}"
            );
            assert!(found.ids[found.used..].iter().all(|id| *id == 0));
        }
    }
}

#[test]
fn a_tokenizer_of_another_encoder_or_a_damaged_one_is_refused_in_one_line() {
    let folder = folder("umt5");
    let files = ModelFiles::Folder(folder.path().to_owned());
    let line = Tokenizer::open(&files, 512, 300).map(drop).unwrap_err().to_string();
    assert!(line.contains("640 tokens, the text encoder knows 300"), "{line}");
    let path = folder.path().join("tokenizer/tokenizer.json");
    let whole = std::fs::read(&path).unwrap();
    for damaged in [&whole[..whole.len() / 2], b"", b"{}", b"null", b"[1, 2]"] {
        std::fs::write(&path, damaged).unwrap();
        let line = Tokenizer::open(&files, 512, 4096).map(drop).unwrap_err().to_string();
        assert!(line.starts_with("tokenizer/tokenizer.json: ") && !line.contains('\n'), "{line}");
    }
    std::fs::remove_file(&path).unwrap();
    let line = Tokenizer::open(&files, 512, 4096).map(drop).unwrap_err().to_string();
    assert!(line.contains("no tokenizer/tokenizer.json"), "{line}");
}

#[test]
fn words_that_a_tokenizer_does_not_know_are_named() {
    let folder = folder("t5");
    let tokenizer = Tokenizer::open(&ModelFiles::Folder(folder.path().to_owned()), 128, 4096).unwrap();
    assert_eq!(tokenizer.encode("a red ☃ rolls").unwrap().unknown, ["☃"]);
    assert!(tokenizer.encode("a red ball rolls").unwrap().unknown.is_empty());
}

#[test]
fn damaged_tokenizers_are_refused_or_read_and_never_panic() {
    for (name, file, iterations) in [("spiece", "spiece.model", 120u32), ("t5", "tokenizer.json", 40)] {
        let folder = folder(name);
        let files = ModelFiles::Folder(folder.path().to_owned());
        let path = folder.path().join("tokenizer").join(file);
        let whole = std::fs::read(&path).unwrap();
        for seed in 0..iterations {
            let mut random = rand_mt::Mt::new(seed);
            let mut bytes = whole.clone();
            // Half of them hit the pieces at the start, half the table of characters.
            let span = if seed % 2 == 0 { 2000 } else { bytes.len() };
            for _ in 0..1 + seed % 8 {
                let at = random.next_u32() as usize % span;
                // Bytes of base64 stay base64, so that what they stand for is damaged.
                bytes[at] = if name == "t5" {
                    b'A' + (random.next_u32() % 26) as u8
                } else {
                    random.next_u32() as u8
                };
            }
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(tokenizer) = Tokenizer::open(&files, 128, 4096) {
                tokenizer.encode("a réd ﬁne ＢＡＬＬ 🐈 ①").ok();
            }
        }
    }
}
