//! A creator makes a clip with the embedded model; others ask where it comes from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::clip::{ffmpeg, once};
use crate::program::{Answer, User, program, signal, wait_until};

const PROMPT: &str = "a red ball moves right, in the middle, over the sea";
/// Few and short: what is tested here does not hang on how good the pictures are.
const QUICK: &str = "--seed 7 --steps 4 --frames 17 --preset veryfast";

fn generate(user: &User, prompt: &str, output: &str, options: &str) -> Answer {
    let mut arguments = vec!["generate", prompt, "-o", output];
    arguments.extend(options.split_whitespace());
    user.run(arguments)
}

/// The folder that the program embeds.
fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("generators/builtin/model")
}

/// A copy of it, to be spoilt.
fn copied(user: &User) -> PathBuf {
    let copy = user.path("model");
    let ran = Command::new("cp").arg("-r").arg(model()).arg(&copy).status().expect("cp");
    assert!(ran.success());
    copy
}

fn manifest(user: &User, name: &str) -> Value {
    let answer = user.run(["verify", "--format", "crjson", name]).succeeds().json();
    answer["manifests"][0]["assertions"].clone()
}

#[test]
fn a_generated_clip_is_verified_and_when_stripped_and_coded_again_recovered() {
    let user = User::new();
    let made = generate(&user, PROMPT, "ball.mp4", &format!("{QUICK} --json")).succeeds().json();
    assert_eq!((&made["width"], &made["height"], &made["frames"]), (&256.into(), &256.into(), &17.into()));
    assert_eq!((&made["registered"], &made["log"]["plan"]["seed"]), (&true.into(), &7.into()));
    assert_eq!(user.files(), ["ball.mp4"]);
    let answer = user.verify(&user.path("ball.mp4"), "").verdict("verified", 0);
    assert_eq!((&answer["verdict"]["origin"], &answer["media"]["fps"]), (&"generated".into(), &8.0.into()));
    assert_eq!(answer["watermark"]["payload"], made["payload"]);
    ffmpeg(
        &format!("-i {} -map_metadata -1 -c:v libx264 -crf 28", user.path("ball.mp4").display()),
        &user.path("stripped.mp4"),
    );
    let answer = user.verify(&user.path("stripped.mp4"), "").verdict("recovered", 0);
    assert_eq!(
        (&answer["registry"]["via"], &answer["verdict"]["origin"]),
        (&"watermark".into(), &"generated".into())
    );
    assert_eq!(answer["registry"]["manifest"], made["manifest"]);
}

#[test]
fn the_manifest_states_model_settings_and_disclosure_and_of_the_prompt_its_digest() {
    let user = User::new();
    generate(&user, PROMPT, "ball.mp4", QUICK).succeeds();
    let stated = manifest(&user, "ball.mp4");
    let actions = &stated["c2pa.actions.v2"]["actions"];
    let created = &actions[0];
    assert_eq!(created["action"], "c2pa.created");
    assert!(
        created["digitalSourceType"].as_str().is_some_and(|kind| kind.ends_with("/trainedAlgorithmicMedia"))
    );
    assert_eq!(created["softwareAgent"]["name"], "filigrane");
    assert_eq!(actions[1]["action"], "c2pa.watermarked.bound");
    let told = &created["parameters"]["org.filigrane.generation"];
    assert_eq!((&told["seed"], &told["steps"], &told["frames"]), (&7.into(), &4.into(), &17.into()));
    let digest = told["promptSha256"].as_str().expect("a digest");
    assert_eq!(digest, sha256(PROMPT), "anybody with the prompt can check it");
    assert!(!stated.to_string().contains("red ball"), "the prompt's words stay with the creator");
    let ingredient = &stated["c2pa.ingredient.v3"];
    assert_eq!(ingredient["relationship"], "inputTo");
    let card = &ingredient["metadata"]["org.filigrane.model"];
    let weights = card["sha256"].as_str().expect("a digest");
    let checked = user.run(["models", "check", "builtin", "--json"]).succeeds().json();
    assert_eq!(checked["card"]["sha256"], weights);
    for field in ["name", "version", "licence", "trainingData"] {
        assert!(card[field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
    }
    let disclosure = &stated["c2pa.ai-disclosure"];
    assert_eq!(disclosure["modelIdentifier"], format!("sha256:{weights}"));

    generate(&user, PROMPT, "told.mp4", &format!("{QUICK} --prompt-in-manifest")).succeeds();
    let told = &manifest(&user, "told.mp4")["c2pa.actions.v2"]["actions"][0]["parameters"];
    assert_eq!(told["org.filigrane.generation"]["prompt"], PROMPT);
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What FFmpeg's own program says of each picture.
fn pictures(path: &Path) -> String {
    let ran =
        Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(path).args(["-f", "framemd5", "-"]).output();
    String::from_utf8(ran.expect("ffmpeg").stdout).expect("text")
}

#[test]
fn the_same_seed_gives_the_same_pictures_and_another_seed_others() {
    let user = User::new();
    // The mark depends on the manifest's name.
    let id = "--id 6f1c0a2b-1122-4344-8555-66778899aabb --codec ffv1 --steps 2 --frames 5";
    for (name, seed) in [("a.mkv", 3), ("b.mkv", 3), ("c.mkv", 4)] {
        generate(&user, PROMPT, name, &format!("{id} --seed {seed}")).succeeds();
    }
    let [a, b, c] = ["a.mkv", "b.mkv", "c.mkv"].map(|name| pictures(&user.path(name)));
    assert_eq!(a.lines().filter(|line| !line.starts_with('#')).count(), 5);
    assert_eq!(a, b);
    assert_ne!(a, c);
}

#[test]
fn a_clip_that_begins_with_a_picture_names_it_and_a_damaged_one_is_refused() {
    let user = User::new();
    let image = once("first.png", |path| ffmpeg("-f lavfi -i testsrc=size=90x60 -frames:v 1", path));
    let options = format!("{QUICK} --image {}", image.display());
    generate(&user, PROMPT, "begun.mp4", &options).succeeds();
    let stated = manifest(&user, "begun.mp4");
    let input = &stated["c2pa.ingredient.v3__1"];
    assert_eq!((&input["relationship"], &input["dc:title"]), (&"inputTo".into(), &"first.png".into()));
    fs::write(user.path("bad.png"), &fs::read(&image).expect("bytes")[..200]).expect("written");
    generate(&user, PROMPT, "bad.mp4", "--image bad.png").refusal("bad.png");
    generate(&user, PROMPT, "bad.mp4", "--image gone.png").refusal("gone.png");
    assert_eq!(user.files(), ["bad.png", "begun.mp4"]);
}

#[test]
fn words_that_the_model_does_not_know_are_named_and_do_no_harm() {
    let user = User::new();
    let prompt = "a red\u{7} ball \u{202e}moves xylophonically right";
    let made = generate(&user, prompt, "a.mp4", "--steps 1 --frames 1 --json").succeeds();
    assert!(made.stderr.contains("xylophonically"), "{made:#?}");
    assert!(!made.stderr.contains('\u{7}') && !made.stdout.contains('\u{202e}'), "{made:#?}");
    for (prompt, name) in [("", "empty.mp4"), (&"ball ".repeat(5000)[..], "long.mp4")] {
        generate(&user, prompt, name, "--steps 1 --frames 1").succeeds();
        user.verify(&user.path(name), "--only credentials").verdict("verified", 0);
    }
}

/// The wish is refused with `word` before a file or any data of the user's is made.
#[track_caller]
fn refused(options: &str, word: &str) {
    let user = User::new();
    let said = generate(&user, PROMPT, "out.mp4", options).refusal(word);
    assert!(said.len() < 400, "{said}");
    assert!(user.files().is_empty(), "{:?}", user.files());
    let left = fs::read_dir(user.home()).map(|entries| entries.count()).unwrap_or_default();
    assert_eq!(left, 0, "{options}: something was left in the home");
}

#[test]
fn an_unmarked_or_unsigned_clip_is_refused_with_the_reason() {
    refused("--no-watermark", "marked before anything else can read it");
    refused("--no-credentials", "signed at its birth");
}

#[test]
fn what_the_model_cannot_do_is_refused_with_the_nearest_that_it_can() {
    refused("--frames 30", "the nearest is 29");
    refused("--frames 0", "the nearest is 1");
    refused("--size 300x256", "the nearest is 320x320");
    refused("--size 64x64", "the nearest is 256x256");
    refused("--size 4294967295x1", "the nearest is 1024x1024");
    refused("--size 256", "832x480");
    refused("--steps 0", "steps");
    refused("--guidance nan", "guidance");
    refused("--fps 0", "0 pictures a second");
    refused("--strength 7", "0.5 to 2");
    refused("--device tpu", "auto, cpu or cuda");
    refused("--model nowhere", "nowhere");
    refused("--id 6f1c0a2b-1122-1344-8555-66778899aabb", "version 4");
}

#[test]
fn a_gpu_that_is_not_there_is_said_before_anything_is_made() {
    if Path::new("/dev/nvidia0").exists() {
        return;
    }
    let user = User::new();
    let said = generate(&user, PROMPT, "out.mp4", "--device cuda --steps 1 --frames 1").refusal("CUDA");
    assert!(said.contains("GPU build") || said.contains("onnxruntime-gpu"), "{said}");
    assert!(user.files().is_empty());
}

#[test]
fn a_folder_that_lacks_something_or_lies_is_refused_with_the_file_at_fault() {
    let weights = "transformer/diffusion_pytorch_model.safetensors";
    let lie = |path: &Path, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(path).expect("bytes");
        change(&mut bytes);
        fs::write(path, bytes).expect("written");
    };
    type Spoil<'a> = (&'a str, &'a str, &'a dyn Fn(&Path));
    let spoilt: [Spoil<'_>; 9] = [
        ("no index", "model_index.json", &|folder| fs::remove_file(folder.join("model_index.json")).unwrap()),
        ("no tokenizer", "tokenizer", &|folder| fs::remove_dir_all(folder.join("tokenizer")).unwrap()),
        ("no weights", "vae", &|folder| {
            fs::remove_file(folder.join("vae/diffusion_pytorch_model.safetensors")).unwrap();
        }),
        ("unknown pipeline", "StableDiffusionPipeline", &|folder| {
            lie(&folder.join("model_index.json"), &|bytes| {
                let text = String::from_utf8(bytes.clone())
                    .unwrap()
                    .replace("WanPipeline", "StableDiffusionPipeline");
                *bytes = text.into_bytes();
            });
        }),
        ("truncated", weights, &|folder| {
            lie(&folder.join(weights), &|bytes| bytes.truncate(bytes.len() / 2))
        }),
        ("a header of 2^63 bytes", weights, &|folder| {
            lie(&folder.join(weights), &|bytes| bytes[..8].copy_from_slice(&(1u64 << 63).to_le_bytes()));
        }),
        ("offsets that lie", weights, &|folder| {
            lie(&folder.join(weights), &|bytes| {
                let head = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
                let text = String::from_utf8(bytes[8..8 + head].to_vec()).unwrap();
                let (first, rest) = text.split_once("\"data_offsets\":[").unwrap();
                // As long as before, and far beyond the file.
                let (numbers, rest) = rest.split_once(']').unwrap();
                let lie = format!(
                    "{first}\"data_offsets\":[{}]{rest}",
                    numbers.replace(|c: char| c.is_ascii_digit(), "9")
                );
                bytes[8..8 + head].copy_from_slice(lie.as_bytes());
            });
        }),
        ("no JSON", "vae/config.json", &|folder| fs::write(folder.join("vae/config.json"), "{").unwrap()),
        ("a card without a name", "card.toml", &|folder| {
            fs::write(folder.join("card.toml"), "version = \"1\"").unwrap()
        }),
    ];
    for (what, word, spoil) in spoilt {
        let user = User::new();
        spoil(&copied(&user));
        let said = generate(&user, PROMPT, "out.mp4", "--model model --steps 1 --frames 1 --size 128x128")
            .refusal(word);
        assert!(said.len() < 500, "{what}: {said}");
        assert_eq!(user.files(), ["model"], "{what}");
        if what != "a card without a name" {
            user.run(["models", "check", "model"]).refusal(word);
        }
        let listed = user.run(["models", "list", ".", "--json"]).succeeds().json();
        assert_eq!(listed["models"][0]["supported"], true, "{what}: the embedded one");
    }
}

#[test]
fn models_are_listed_shown_and_checked() {
    let user = User::new();
    copied(&user);
    let listed = user.run(["models", "list", ".", "--json"]).succeeds().json();
    let models = listed["models"].as_array().expect("an array");
    assert_eq!((models.len(), &models[1]["model"]), (2, &"./model".into()), "{listed}");
    assert_eq!((&models[1]["supported"], &models[1]["what"]), (&true.into(), &"WanPipeline".into()));
    let shown = user.run(["models", "show", "model", "--json"]).succeeds().json();
    assert_eq!((&shown["width"], &shown["frames"]), (&64.into(), &33.into()));
    assert!(shown["memory"]["denoise"].as_u64().is_some_and(|bytes| bytes > 1_000_000));
    assert_eq!(shown["fits"], true);
    let checked = user.run(["models", "check", "model", "--json"]).succeeds().json();
    let builtin = user.run(["models", "check", "builtin", "--json"]).succeeds().json();
    assert_eq!(checked["files"], builtin["files"], "the embedded model is this folder");
    assert_eq!(checked["card"], builtin["card"]);
    let words = user.run(["models", "check", "builtin"]).succeeds().words();
    assert!(words.contains("licence: ") && words.contains("needs "), "{words}");
}

#[test]
fn ctrl_c_at_any_step_leaves_nothing() {
    for wait in [0, 700, 2500] {
        let user = User::new();
        let mut command = Command::new(program());
        user.prepare(&mut command);
        command.args(["generate", PROMPT, "-o", "out.mp4", "--steps", "900"]);
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().expect("it starts");
        wait_until(&mut child, || user.home().exists());
        std::thread::sleep(std::time::Duration::from_millis(wait));
        signal(child.id(), "INT");
        let ended = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{wait}: {said}");
        assert!(said.contains("cancelled"), "{wait}: {said}");
        assert!(user.files().is_empty(), "{wait}: {:?}", user.files());
        let hidden = fs::read_dir(user.work()).expect("readable").count();
        assert_eq!(hidden, 0, "{wait}");
        let scratch = fs::read_dir(user.home()).expect("readable").flatten();
        let scratch =
            scratch.filter(|entry| entry.file_name().to_string_lossy().starts_with(".scratch")).count();
        assert_eq!(scratch, 0, "{wait}");
    }
}
