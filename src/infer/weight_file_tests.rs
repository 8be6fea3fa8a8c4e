use proptest::prelude::*;

use super::*;

/// A file of this header and as many bytes of data.
fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 7);
    bytes
}

fn entry(name: &str, kind: &str, shape: &str, start: u64, end: u64) -> String {
    format!(r#""{name}":{{"dtype":"{kind}","shape":{shape},"data_offsets":[{start},{end}]}}"#)
}

fn refusal(header: &str, data: usize) -> String {
    safetensors_in(&file(header, data)).expect_err("a lie")
}

#[test]
fn a_sound_file_tells_type_shape_and_place() {
    let header = format!("{{{},{}}}", entry("a", "F32", "[2,3]", 0, 24), entry("b", "BF16", "[4]", 24, 32));
    let found = safetensors_in(&file(&header, 32)).expect("sound");
    assert_eq!(found["a"].shape, [2, 3]);
    assert_eq!(found["b"].element, ElementType::Bf16);
    assert_eq!(found["b"].offset, 8 + header.len() as u64 + 24);
    assert_eq!(found["b"].length, 8);
}

#[test]
fn files_that_lie_about_a_tensor_are_refused_with_its_name() {
    let one = |kind, shape, start, end| format!("{{{}}}", entry("weight_x", kind, shape, start, end));
    let huge = u64::MAX / 2;
    let lies = [
        (one("F32", "[2,3]", 0, 24), 20, "lies at 0..24 in 20 bytes"),
        (one("F32", "[2,3]", 24, 0), 24, "lies at 24..0"),
        (one("F32", "[2,3]", huge, huge + 24), 24, "lies at"),
        (one("F32", "[4611686018427387904,4]", 0, 24), 24, "has 24 bytes"),
        (one("F32", "[9223372036854775808,9223372036854775808]", 0, 24), 24, "has 24 bytes"),
        (one("F32", "[2,2]", 0, 24), 24, "has 24 bytes"),
        (one("F16", "[2,3]", 0, 24), 24, "has 24 bytes"),
        (one("F64", "[3]", 0, 24), 24, "type F64"),
        (one("F32", "[2,3]", 4, 28), 28, "4 bytes before tensor"),
    ];
    for (header, data, expected) in lies {
        let said = refusal(&header, data);
        assert!(said.contains("weight_x") && said.contains(expected), "{said}");
        assert!(!said.contains('\n'), "{said}");
    }
    let overlap = format!("{{{},{}}}", entry("a", "F32", "[2]", 0, 8), entry("b", "F32", "[2]", 4, 12));
    assert!(refusal(&overlap, 12).contains("tensor b at 4..12 overlaps"));
    let short = format!("{{{}}}", entry("a", "F32", "[2]", 0, 8));
    assert!(refusal(&short, 12).contains("4 bytes at the end"));
}

#[test]
fn headers_that_are_none_are_refused_before_memory_is_spent_on_them() {
    assert!(safetensors_in(b"short").unwrap_err().contains("5 bytes"));
    assert!(safetensors_in(&u64::MAX.to_le_bytes()).unwrap_err().contains("at most"));
    let cut = &file(&format!("{{{}}}", entry("a", "F32", "[2]", 0, 8)), 8)[..20];
    assert!(safetensors_in(cut).unwrap_err().contains("cut short"));
    for header in ["", "[]", "{\"a\":1}", "{\"a\":{\"dtype\":\"F32\"}}", "{\"a\":null}", "\u{fffd}", "{"] {
        assert!(refusal(header, 0).contains("no safetensors header"), "{header}");
    }
    // A thousand levels: the parser's own bound on depth.
    assert!(refusal(&format!("{{\"a\":{}", "[".repeat(1000)), 0).contains("no safetensors header"));
}

#[test]
fn names_with_control_characters_are_shown_without_them() {
    let header = format!("{{{}}}", entry(r"a\u001b[2J\nb", "F32", "[9]", 0, 8));
    let said = refusal(&header, 8);
    assert!(said.chars().all(|c| !c.is_control()), "{said:?}");
}

proptest! {
    /// Whatever the bytes are, the answer is a refusal or tensors that lie inside the file and do not overlap.
    #[test]
    fn what_is_accepted_lies_inside_the_file(
        changes in prop::collection::vec((0usize..400, any::<u8>()), 0..12),
        cut in 0usize..400,
    ) {
        let header = format!(
            "{{{},{},{}}}",
            entry("first", "F32", "[2,3]", 0, 24),
            entry("second", "F16", "[1,2,2]", 24, 32),
            entry("third", "I64", "[]", 32, 40),
        );
        let mut bytes = file(&header, 40);
        for (place, value) in changes {
            if let Some(byte) = bytes.get_mut(place) {
                *byte = value;
            }
        }
        bytes.truncate(bytes.len().min(bytes.len().saturating_sub(cut % 64)));
        if let Ok(tensors) = safetensors_in(&bytes) {
            let mut reached = 0;
            let mut spans: Vec<_> = tensors.values().map(|tensor| (tensor.offset, tensor.length)).collect();
            spans.sort_unstable();
            for (offset, length) in spans {
                prop_assert!(offset >= reached && offset + length <= bytes.len() as u64);
                reached = offset + length;
            }
            for tensor in tensors.values() {
                let count: usize = tensor.shape.iter().product();
                prop_assert_eq!(count * tensor.element.bytes(), tensor.length as usize);
            }
        }
    }

    #[test]
    fn random_bytes_never_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = safetensors_in(&bytes);
    }
}
