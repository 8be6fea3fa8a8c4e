use std::fs;

use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::TensorView as Stored;

use super::*;

/// A safetensors file of these tensors, by the reference's own writer.
fn write(path: &Path, tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) {
    let views = tensors.iter().map(|(name, kind, shape, data)| {
        (*name, Stored::new(*kind, shape.to_vec(), data).expect("a tensor"))
    });
    safetensors::serialize_to_file(views, None, path).expect("written");
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn half_precision_of_both_kinds_is_read_as_single() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    let values = [0.5, -3.0, 65504.0];
    let halves = values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
    let brains = values.iter().flat_map(|&value| bf16::from_f32(value).to_le_bytes()).collect();
    write(
        &path,
        &[
            ("whole", Dtype::F32, &[3], floats(&values)),
            ("half", Dtype::F16, &[3], halves),
            ("brain", Dtype::BF16, &[3], brains),
        ],
    );
    let weights = Weights::open(folder.path(), "model").expect("sound");
    assert_eq!(weights.read_f32("whole").expect("read"), values);
    assert_eq!(weights.read_f32("half").expect("read"), values);
    assert_eq!(weights.read_f32("brain").expect("read"), [0.5, -3.0, 65536.0]);
    assert_eq!(weights.bytes(), 24);
}

#[test]
fn shards_are_one_network_and_an_index_can_not_lie_or_lead_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("inside");
    fs::create_dir(&inside).expect("made");
    write(&inside.join("one.safetensors"), &[("a", Dtype::F32, &[1], floats(&[1.0]))]);
    write(&inside.join("two.safetensors"), &[("b", Dtype::F32, &[2], floats(&[2.0, 3.0]))]);
    write(&folder.path().join("secret.safetensors"), &[("c", Dtype::F32, &[1], floats(&[4.0]))]);
    let index = inside.join("model.safetensors.index.json");
    let open = |map: &str| {
        fs::write(&index, format!(r#"{{"metadata":{{}},"weight_map":{map}}}"#)).expect("written");
        Weights::open(&inside, "model")
    };
    let weights = open(r#"{"a":"one.safetensors","b":"two.safetensors"}"#).expect("sound");
    assert_eq!(weights.read_f32("b").expect("read"), [2.0, 3.0]);
    assert_eq!(weights.files().count(), 2);
    for (map, expected) in [
        (r#"{"b":"one.safetensors"}"#, "tensor b is not in one.safetensors"),
        (r#"{"c":"../secret.safetensors"}"#, "not a file name beside the index"),
        (r#"{"c":"/etc/passwd"}"#, "not a file name beside the index"),
        (r#"{"c":".."}"#, "not a file name beside the index"),
        (r#"{"c":"sub\\secret.safetensors"}"#, "not a file name beside the index"),
        (r#"{"a":"gone.safetensors"}"#, "gone.safetensors"),
        (r#"["a"]"#, "no index"),
    ] {
        let said = open(map).expect_err("a lie").to_string();
        assert!(said.contains(expected) && !said.contains('\n'), "{map}: {said}");
    }
}

#[test]
fn a_weight_of_another_shape_or_type_is_refused_with_file_and_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    write(
        &path,
        &[
            ("a", Dtype::F32, &[2, 1], floats(&[1.0, 2.0])),
            ("ids", Dtype::I64, &[1], 5i64.to_le_bytes().to_vec()),
        ],
    );
    let weights = Weights::open_file(&path).expect("sound");
    assert!(weights.needed("a", &[2, 1]).is_ok());
    for (name, shape, expected) in
        [("a", [1, 2].as_slice(), "[2, 1]"), ("b", &[1], "is missing"), ("ids", &[1], "type i64")]
    {
        let said = weights.needed(name, shape).expect_err("refused").to_string();
        assert!(
            said.contains("model.safetensors") && said.contains(name) && said.contains(expected),
            "{said}"
        );
    }
    assert!(weights.read_bytes("a", &mut [0; 4]).is_err(), "a target of another length");
    fs::write(&path, b"").expect("emptied");
    assert!(weights.read_f32("a").is_err(), "a file that was cut while it was open");
}

#[test]
fn nothing_where_weights_should_be_is_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = Weights::open(folder.path(), "diffusion_pytorch_model").expect_err("nothing").to_string();
    assert!(said.contains("diffusion_pytorch_model.safetensors: no such file"), "{said}");
}
