use std::fs;
use std::path::Path;

use filigrane_infer::Bits;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{MemoryNeed, Model, ModelFiles};
use crate::testing::fixtures;
use crate::{Error, FirstFrame, Plan, Request, Size};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy of a fixture's folder, to be spoiled.
fn folder(family: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&fixtures().join(family).join("model"), folder.path());
    folder
}

fn read(folder: &Path) -> Result<Model, Error> {
    Model::read(ModelFiles::Folder(folder.to_owned()))
}

fn change(folder: &Path, file: &str, name: &str, value: Value) {
    let path = folder.join(file);
    let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    json[name] = value;
    fs::write(path, json.to_string()).unwrap();
}

/// The one line that a spoiled folder is refused with.
fn refusal(folder: &Path) -> String {
    let line = read(folder).map(|_| ()).unwrap_err().to_string();
    assert!(!line.contains('\n') && line.len() < 300, "{line}");
    line
}

#[test]
fn folders_single_and_sharded_of_each_family_are_known() {
    for family in ["wan21", "wan22-pair", "wan22-ti2v", "ltx"] {
        let folder = folder(family);
        let model = read(folder.path()).unwrap();
        assert!(model.weight_bytes("transformer") > 50_000, "{family}");
        assert_eq!(model.weight_bytes("transformer_2") > 0, family == "wan22-pair");
        assert_eq!(model.family().takes_image(), family == "wan22-ti2v");
    }
}

#[test]
fn every_missing_file_is_named() {
    for file in [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "transformer/config.json",
        "vae/config.json",
        "tokenizer/tokenizer.json",
    ] {
        let folder = folder("wan21");
        fs::remove_file(folder.path().join(file)).unwrap();
        assert!(refusal(folder.path()).contains(file), "{file}");
    }
    for part in ["text_encoder", "transformer", "vae", "transformer_2"] {
        let folder = folder("wan22-pair");
        for file in fs::read_dir(folder.path().join(part)).unwrap().flatten() {
            if file.path().extension().is_some_and(|extension| extension == "safetensors") {
                fs::remove_file(file.path()).unwrap();
            }
        }
        assert!(refusal(folder.path()).contains(&format!("{part}/*.safetensors")), "{part}");
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(refusal(empty.path()).contains("model_index.json"));
    assert!(refusal(&empty.path().join("nowhere")).contains("model_index.json"));
}

#[test]
fn classes_that_are_not_built_and_parts_that_do_not_fit_are_told_in_one_line() {
    let pipeline = |class: &str| json!(class);
    let part = |class: &str| json!(["diffusers", class]);
    for (file, name, value, says) in [
        (
            "model_index.json",
            "_class_name",
            pipeline("HunyuanVideoPipeline"),
            "HunyuanVideoPipeline is not supported",
        ),
        ("model_index.json", "_class_name", pipeline("WanImageToVideoPipeline"), "image encoder"),
        ("model_index.json", "_class_name", json!(7), "no _class_name"),
        ("model_index.json", "transformer", part("UNet3DConditionModel"), "UNet3DConditionModel"),
        ("model_index.json", "transformer", json!([null, null]), "no transformer"),
        ("model_index.json", "vae", json!([null, null]), "no vae"),
        ("model_index.json", "text_encoder", part("CLIPTextModel"), "CLIPTextModel"),
        ("model_index.json", "boundary_ratio", json!(7), "boundary_ratio"),
        ("model_index.json", "boundary_ratio", json!(0.9), "transformer_2"),
        ("transformer/config.json", "_class_name", json!("Other"), "class Other"),
        ("transformer/config.json", "in_channels", json!(17), "takes 17 channels"),
        ("transformer/config.json", "in_channels", json!(-1), "invalid value"),
        ("transformer/config.json", "patch_size", json!([1, 0, 2]), "out of range"),
        ("transformer/config.json", "patch_size", json!([2, 2, 2]), "patches of [2, 2, 2]"),
        ("transformer/config.json", "image_dim", json!(1280), "image encoder"),
        ("text_encoder/config.json", "d_model", json!(64), "d_model is 64"),
        ("text_encoder/config.json", "vocab_size", json!(100), "do not belong together"),
        ("scheduler/scheduler_config.json", "_class_name", json!("DDIMScheduler"), "DDIMScheduler"),
    ] {
        let folder = folder("wan21");
        change(folder.path(), file, name, value);
        let line = refusal(folder.path());
        assert!(line.contains(says), "{line}");
    }
    for damage in [&b""[..], b"{", b"[]", b"\xff\xfe", b"null"] {
        for file in ["model_index.json", "transformer/config.json", "vae/config.json"] {
            let folder = folder("wan21");
            fs::write(folder.path().join(file), damage).unwrap();
            assert!(refusal(folder.path()).contains(file));
        }
    }
}

#[test]
fn weights_that_are_cut_short_or_lie_are_found_when_the_folder_is_opened() {
    for part in ["text_encoder", "transformer", "vae"] {
        let folder = folder("wan21");
        let stem = if part == "text_encoder" { "model" } else { "diffusion_pytorch_model" };
        let path = folder.path().join(part).join(format!("{stem}.safetensors"));
        let whole = fs::read(&path).unwrap();
        let mut lying = whole.clone();
        lying[..8].copy_from_slice(&(1u64 << 63).to_le_bytes());
        for bytes in [&whole[..whole.len() - 4], &whole[..100], &whole[..4], &lying] {
            fs::write(&path, bytes).unwrap();
            let line = refusal(folder.path());
            assert!(line.contains(&format!("{part}/{stem}.safetensors")), "{line}");
        }
    }
    let folder = folder("wan22-ti2v");
    fs::remove_file(folder.path().join("vae/diffusion_pytorch_model-00002-of-00003.safetensors")).unwrap();
    assert!(refusal(folder.path()).contains("00002-of-00003"));
}

#[test]
fn sizes_and_numbers_of_pictures_that_cannot_be_made_name_the_nearest_that_can() {
    let wan = read(folder("wan21").path()).unwrap();
    let plan = |model: &Model, width, height, frames| {
        let size = Some(Size { width, height });
        let request = Request { size, frames: Some(frames), steps: Some(4), ..Request::default() };
        Plan::new(model, &request)
    };
    assert!(plan(&wan, 48, 32, 9).is_ok());
    let line = plan(&wan, 500, 300, 81).unwrap_err().to_string();
    assert!(line.contains("multiples of 16") && line.contains("nearest is 496x304"), "{line}");
    let line = plan(&wan, 0, u32::MAX, 81).unwrap_err().to_string();
    assert!(line.contains("nearest is 16x512"), "{line}");
    let line = plan(&wan, 48, 32, 80).unwrap_err().to_string();
    assert!(line.contains("nearest is 81"), "{line}");
    let line = plan(&wan, 48, 32, u32::MAX).unwrap_err().to_string();
    assert!(line.contains("nearest is 125"), "{line}");
    let line = plan(&wan, 48, 32, 0).unwrap_err().to_string();
    assert!(line.contains("nearest is 1"), "{line}");
    let huge = folder("wan21");
    for (file, name) in
        [("transformer/config.json", "rope_max_seq_len"), ("vae/config.json", "scale_factor_spatial")]
    {
        change(huge.path(), file, name, json!(4096));
    }
    let line = plan(&read(huge.path()).unwrap(), u32::MAX, u32::MAX, u32::MAX).unwrap_err().to_string();
    assert!(line.contains("nearest is 8192x8192"), "{line}");
    let line = plan(&read(folder("ltx").path()).unwrap(), 500, 300, 9).unwrap_err().to_string();
    assert!(line.contains("nearest is 512x288"), "{line}");
}

#[test]
fn what_a_request_asks_in_vain_is_refused() {
    let wan = read(folder("wan21").path()).unwrap();
    let size = Size { width: 32, height: 32 };
    let image = |side| FirstFrame { size: Size { width: side, height: side }, rgb: vec![0; 3 * 32 * 32] };
    let base = Request { size: Some(size), frames: Some(5), steps: Some(4), ..Request::default() };
    for (request, says) in [
        (Request { image: Some(image(32)), ..base.clone() }, "from text alone"),
        (Request { guidance: Some(f64::NAN), ..base.clone() }, "guidance"),
        (Request { guidance: Some(-1.0), ..base.clone() }, "guidance"),
        (Request { guidance_low_noise: Some(2.0), ..base.clone() }, "no second transformer"),
        (Request { steps: Some(0), ..base.clone() }, "0 steps"),
        (Request { frame_rate: Some(0.0), ..base.clone() }, "pictures a second"),
        (Request { prompt: "x".repeat(2 << 20), ..base.clone() }, "bytes"),
    ] {
        let line = Plan::new(&wan, &request).unwrap_err().to_string();
        assert!(line.contains(says) && line.len() < 200, "{line}");
    }
    let ti2v = read(folder("wan22-ti2v").path()).unwrap();
    let line = Plan::new(&ti2v, &Request { image: Some(image(64)), ..base.clone() }).unwrap_err().to_string();
    assert!(line.contains("64x64, the clip 32x32"), "{line}");
    let short = FirstFrame { rgb: vec![0; 7], ..image(32) };
    let line = Plan::new(&ti2v, &Request { image: Some(short), ..base }).unwrap_err().to_string();
    assert!(line.contains("3072 bytes"), "{line}");
}

#[test]
fn too_little_memory_is_told_in_gigabytes_before_anything_is_loaded() {
    let need = MemoryNeed { text: 14_200_000_000, denoise: 9_000_000_000, decode: 1 };
    let line = need.check(9_100_000_000).unwrap_err().to_string();
    assert!(line.starts_with("needs 14.2 GB, this machine has 9.1 GB free: "), "{line}");
    assert!(need.check(15_000_000_000).is_ok());
    assert!(super::free_memory().is_some_and(|free| free > 1_000_000));
}

#[test]
fn the_memory_estimate_grows_with_size_and_pictures() {
    let folder = folder("wan21");
    let model = read(folder.path()).unwrap();
    let need = |side, frames| model.memory(Size { width: side, height: side }, frames);
    assert!(need(256, 81).denoise > need(128, 81).denoise);
    assert!(need(256, 81).denoise > need(256, 5).denoise);
    let few = model.memory_in(Size { width: 256, height: 256 }, 81, Some(Bits::Four));
    assert!(few.text < need(256, 81).text && few.denoise < need(256, 81).denoise);
    // Pictures are decoded one group after another.
    assert_eq!(need(256, 81).decode, need(256, 5).decode);
}
