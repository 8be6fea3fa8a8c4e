//! Validators that share no code with us judge what is signed here: `c2pa-python` (the engine of the Content
//! Authenticity Initiative), `encypher-c2pa`, and the rubric of the C2PA Conformance Program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::clip::{self, small};
use crate::program::{User, finish};
use crate::tampered::{SIGN, issue, sound_leaf};

/// The folder with the validators; `scripts/judges.sh` fills it on first use.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges");
        let ran = Command::new(top("scripts/judges.sh")).arg(&folder).output().expect("a shell");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        folder
    })
}

fn top(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What both engines say of each file, with these roots trusted.
pub fn judge(trust: Option<&Path>, files: &[PathBuf]) -> Vec<Value> {
    let mut command = Command::new(folder().join("python/bin/python"));
    command.arg(top("tests/judges/judge.py")).arg(trust.unwrap_or(Path::new("-"))).args(files);
    let answers = finish(command).succeeds().json();
    answers.as_array().expect("an array").clone()
}

/// What both engines say of each media segment with the initialisation segment before it, with these roots trusted.
pub fn judge_fragments(trust: &Path, init: &Path, fragments: &[PathBuf]) -> Value {
    let mut command = Command::new(folder().join("python/bin/python"));
    command.arg(top("tests/judges/fragments.py")).arg(trust).arg(init).args(fragments);
    finish(command).succeeds().json()
}

/// How each crJSON document keeps the rubric's rules.
fn rubric(files: &[PathBuf]) -> Vec<Value> {
    let mut command = Command::new("node");
    command.env("JUDGES", folder()).arg(top("tests/judges/rubric.mjs")).arg(top("tests/judges/rubric.yml"));
    command.args(files);
    let answers = finish(command).succeeds().json();
    answers.as_array().expect("an array").clone()
}

#[track_caller]
pub fn keeps_all(rulings: &Value, what: &str) {
    let rulings = rulings.as_object().expect("an object");
    let broken: Vec<_> = rulings.iter().filter(|(_, kept)| **kept != Value::Bool(true)).collect();
    assert_eq!((rulings.len(), broken.len()), (31, 0), "{what}: {broken:?}");
}

/// A clip in each container, and the containers that hold their manifest themselves.
const CONTAINERS: [(&str, &str, bool); 7] = [
    ("fragmented.mp4", "-c copy -movflags frag_keyframe+empty_moov", true),
    ("mp4", "-c copy", true),
    ("m4v", "-c copy", true),
    ("mov", "-c copy", true),
    ("avi", "-c copy", true),
    ("mkv", "-c copy", false),
    ("webm", "-c:v libvpx -deadline realtime", false),
];

fn clip_in(container: &str, arguments: &str) -> PathBuf {
    let source = small();
    clip::once(&format!("judged.{container}"), |path| {
        clip::ffmpeg(&format!("-i {} {arguments} -map_metadata -1", source.display()), path);
    })
}

fn root(user: &User, identity: &str) -> PathBuf {
    user.home().join("identities").join(identity).join("root.pem")
}

#[test]
fn every_container_and_algorithm_is_accepted_by_both_engines_and_keeps_every_rule_of_the_rubric() {
    let user = User::new();
    let card = r#"{"name": "Model", "version": "1", "type": "onnx", "licence": "MIT", "trainingData": "Own footage.",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "link": "https://example.org"}"#;
    std::fs::write(user.path("model.json"), card).unwrap();
    std::fs::write(user.path("upscaler.json"), r#"{"name": "Upscaler"}"#).unwrap();
    for algorithm in ["ed25519", "es256"] {
        user.run(["identity", "new", algorithm, "--algorithm", algorithm]).succeeds();
        let mut signed = Vec::new();
        for (container, arguments, _) in CONTAINERS {
            let output = user.path(format!("{algorithm}.{container}"));
            let options = format!(
                "--no-watermark --identity {algorithm} --origin generated --training deny --system Model_1 \
                 --disclose eu,california,china --model model.json --model upscaler.json"
            );
            user.stamp(&clip_in(container, arguments), &output, &options).succeeds();
            user.verify(&output, "--only credentials").verdict("verified", 0);
            signed.push(output);
        }
        let roots = root(&user, algorithm);
        for (trust, expected) in [(Some(roots.as_path()), "Trusted"), (None, "Valid")] {
            let answers = judge(trust, &signed);
            let mut documents = Vec::new();
            for (answer, (container, _, embeds)) in answers.iter().zip(CONTAINERS) {
                let what = format!("{algorithm} {container} {expected}: {answer:#}");
                assert_eq!(answer["initiative"]["state"], expected, "{what}");
                if embeds {
                    assert_eq!(answer["encypher"]["state"], expected, "{what}");
                } else {
                    // It reads no manifest beside a container for which C2PA 2.4 has no place inside.
                    let error = answer["encypher"]["error"].as_str().unwrap_or_default();
                    assert!(error.contains("unsupported"), "{what}");
                }
                let path = user.path(format!("{algorithm}-{container}-{expected}.crjson"));
                std::fs::write(&path, answer["initiative"]["crjson"].to_string()).unwrap();
                documents.push(path);
            }
            for (rulings, (container, ..)) in rubric(&documents).iter().zip(CONTAINERS) {
                keeps_all(rulings, &format!("{algorithm} {container}"));
            }
        }
        for output in &signed {
            let linted = user.run(["lint", "--json", output.to_str().unwrap()]).succeeds().json();
            assert_eq!((&linted["kept"], &linted["broken"]), (&31.into(), &0.into()), "{linted:#}");
        }
    }
}

#[test]
fn a_marked_clip_and_one_with_a_parent_are_accepted_and_keep_every_rule() {
    let scene = crate::scene::scene();
    let user = scene.creator();
    let again = user.path("again.mp4");
    user.stamp(&scene.signed, &again, "--no-watermark --origin edited").succeeds();
    let plain = user.path("opened.mp4");
    user.stamp(&clip_in("mp4", "-c copy"), &plain, "--no-watermark").succeeds();
    let files = [scene.signed.clone(), again.clone(), plain];
    let answers = judge(Some(&root(&user, "default")), &files);
    let mut documents = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        for engine in ["initiative", "encypher"] {
            assert_eq!(answer[engine]["state"], "Trusted", "{engine}: {answer:#}");
        }
        let path = user.path(format!("{index}.crjson"));
        std::fs::write(&path, answer["initiative"]["crjson"].to_string()).unwrap();
        documents.push(path);
    }
    for (rulings, file) in rubric(&documents).iter().zip(&files) {
        keeps_all(rulings, &file.display().to_string());
    }
    let document = user.run(["verify", "--format", "crjson", again.to_str().unwrap()]).succeeds().json();
    assert_eq!(document["manifests"].as_array().map(Vec::len), Some(2));
    let first = &document["manifests"][0]["assertions"]["c2pa.actions.v2"]["actions"][0];
    assert_eq!(first["action"], "c2pa.opened");
}

#[test]
fn a_generated_clip_and_one_that_begins_with_a_picture_are_accepted_and_keep_every_rule() {
    let user = User::new();
    let image =
        clip::once("judged.png", |path| clip::ffmpeg("-f lavfi -i testsrc=size=64x64 -frames:v 1", path));
    let image = image.display().to_string();
    let mut files = Vec::new();
    for (name, further) in [("text.mp4", &[][..]), ("image.mp4", &["--image", &image][..])] {
        let wish = ["generate", "a red ball moves right", "-o", name, "--steps", "2", "--frames", "5"];
        user.run(wish.iter().chain(further)).succeeds();
        files.push(user.path(name));
    }
    let answers = judge(Some(&root(&user, "default")), &files);
    let mut documents = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        for engine in ["initiative", "encypher"] {
            assert_eq!(answer[engine]["state"], "Trusted", "{engine}: {answer:#}");
        }
        let path = user.path(format!("{index}.crjson"));
        std::fs::write(&path, answer["initiative"]["crjson"].to_string()).unwrap();
        documents.push(path);
    }
    for (rulings, file) in rubric(&documents).iter().zip(&files) {
        keeps_all(rulings, &file.display().to_string());
    }
}

#[test]
fn a_manifest_of_another_program_becomes_the_parent_and_the_chain_holds_for_both_engines() {
    let user = User::new();
    issue(&user, sound_leaf(), "-days 20");
    std::fs::write(user.path("sign.py"), SIGN).unwrap();
    std::fs::copy(small(), user.path("in.mp4")).unwrap();
    let mut python = Command::new(folder().join("python/bin/python"));
    python.current_dir(user.work()).arg("sign.py");
    finish(python).succeeds();
    let [foreign, signed, marked, third] =
        ["out.mp4", "signed.mp4", "marked.mp4", "third.mp4"].map(|name| user.path(name));
    user.stamp(&foreign, &signed, "--no-watermark --origin edited").succeeds();
    user.stamp(&foreign, &marked, "--origin edited").succeeds();
    user.stamp(&signed, &third, "--no-watermark").succeeds();
    let roots = user.path("roots.pem");
    let text = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    std::fs::write(&roots, text(root(&user, "default")) + &text(user.path("authority.pem"))).unwrap();
    for (file, manifests) in [(&signed, 2), (&marked, 2), (&third, 3)] {
        let answer = user.verify(file, "--only credentials --trust authority.pem").verdict("verified", 0);
        assert_eq!(answer["verdict"]["origin"], "edited", "a later edit of what a camera recorded");
        let answer = &judge(Some(&roots), std::slice::from_ref(file))[0];
        for engine in ["initiative", "encypher"] {
            assert_eq!(answer[engine]["state"], "Trusted", "{engine}: {answer:#}");
        }
        let chain = answer["initiative"]["crjson"]["manifests"].as_array().map(Vec::len);
        assert_eq!(chain, Some(manifests), "{}", file.display());
    }
}

#[test]
fn our_own_lint_rules_as_the_published_rubric_does_on_every_rule_broken_in_turn() {
    let user = User::new();
    let signed = user.path("signed.mp4");
    user.stamp(&small(), &signed, "--no-watermark --origin generated").succeeds();
    let sound = user.run(["verify", "--format", "crjson", signed.to_str().unwrap()]).succeeds().json();
    let mut variants = Vec::new();
    for (pointer, value) in SPOILT {
        let mut document = sound.clone();
        let value: Value = serde_json::from_str(value).unwrap();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(&format!("/manifests/0{parent}")).expect(pointer);
        match parent {
            Value::Array(entries) => entries.insert(0, value),
            other => other[name] = value,
        }
        variants.push(document);
    }
    let paths: Vec<PathBuf> = variants
        .iter()
        .enumerate()
        .map(|(index, document)| {
            let path = user.path(format!("{index}.crjson"));
            std::fs::write(&path, document.to_string()).unwrap();
            path
        })
        .collect();
    let mut broken = std::collections::BTreeSet::new();
    for ((published, document), (pointer, value)) in rubric(&paths).iter().zip(&variants).zip(SPOILT) {
        let ours = filigrane::provenance::lint(document).expect("a manifest");
        for ruling in ours {
            assert_eq!(
                published[ruling.rule],
                Value::Bool(ruling.kept),
                "{} with {pointer} = {value}",
                ruling.rule
            );
            if !ruling.kept {
                broken.insert(ruling.rule);
            }
        }
    }
    assert_eq!(broken.len(), 31, "each rule was broken once: {broken:?}");
}

/// What is put where in a manifest that keeps all rules, so that one or more are broken.
const SPOILT: [(&str, &str); 32] = [
    ("/assertions/c2pa.actions.v2/actions/-", r#"{"action":"c2pa.cropped"}"#),
    ("/assertions/c2pa.actions.v2/actions/-", r#"{"action":"c2pa.opened","digitalSourceType":"x"}"#),
    ("/assertions/c2pa.actions.v2/actions/-", r#"{"action":"c2pa.copied"}"#),
    ("/assertions/c2pa.actions.v2/actions/-", r#"{"action":"c2pa.danced"}"#),
    ("/assertions/c2pa.actions.v2/actions/-", r#"{"action":"danced"}"#),
    ("/assertions/c2pa.actions.v2/actions/-", r#"{"action":"c2pa.created"}"#),
    ("/assertions/c2pa.actions.v2/actions/-", r#"{"action":"org.x.y","parameters":{"mine":1,"org.x":2}}"#),
    ("/assertions/c2pa.actions.v2/actions/-", r#"{"action":"org.x.y","parameters":{"description":"d"}}"#),
    ("/assertions/c2pa.actions.v2/actions", r#"[{"action":"c2pa.opened"}]"#),
    ("/assertions/c2pa.actions.v2", r#"{"actions":[{"action":"c2pa.opened"}],"allActionsIncluded":false}"#),
    ("/assertions/c2pa.actions.v2/allActionsIncluded", "null"),
    ("/claim.v2/claim_generator_info", r#"{"name":"x"}"#),
    ("/claim.v2/claim_generator_info", r#"{"name":"x","specVersion":"2.2.0"}"#),
    ("/claim.v2/claim_generator_info", r#"[{"name":"x","specVersion":24}]"#),
    ("/claim.v2/specVersion", r#""2.4.0""#),
    ("/claim.v2/created_assertions", "[]"),
    ("/validationResults", "null"),
    ("/validationResults/failure", r#"[{"code":"claim.malformed"}]"#),
    ("/validationResults/failure", r#"[{"code":"assertion.bmffHash.mismatch"}]"#),
    ("/validationResults/failure", r#"[{"code":"signingCredential.untrusted"}]"#),
    ("/assertions/stds.exif", "{}"),
    ("/assertions/c2pa.new-thing", "{}"),
    ("/assertions/mine", r#"{"reviewRatings":[],"dataSource":{"type":"humanEntry.anonymous"}}"#),
    ("/label", r#""urn:uuid:1""#),
    ("/assertions/c2pa.ingredient.v3", r#"{"relationship":"parentOf","validationResults":{}}"#),
    ("/assertions/c2pa.ingredient.v3", r#"{"relationship":"cousinOf","activeManifest":{}}"#),
    (
        "/assertions/c2pa.ingredient.v3",
        r#"{"relationship":"parentOf","activeManifest":{},"digitalSourceType":"x","validationResults":{}}"#,
    ),
    ("/assertions/org.x.image", r#"{"type":"exif.originalPreservationImage"}"#),
    ("/assertions/c2pa.external-reference", r#"{"label":"c2pa.hash.data","url":"x"}"#),
    ("/assertions/c2pa.external-reference", r#"{"label":"c2pa.cloud-data","url":"x"}"#),
    ("/assertions/c2pa.hash.bmff.v3", r#"{"url":"x"}"#),
    ("/assertions", r#"{"c2pa.hash.boxes":{"a":1},"c2pa.asset-type.v2":{"dc:format":"image/tiff"}}"#),
];
