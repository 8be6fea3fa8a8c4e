use super::*;

/// Signatures with values drawn from a linear congruence: nothing but test material.
fn signatures(count: usize, mut state: u32) -> Vec<FrameSignature> {
    let mut packed = || {
        std::array::from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % 243) as u8
        })
    };
    (0..count).map(|_| FrameSignature::from_packed(packed()).unwrap()).collect()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn sums_of_distinct_pictures_give_the_code_that_all_pictures_give() {
    let mut clip = signatures(40, 7);
    let rows: Vec<Vec<i32>> = clip.iter().map(|one| one.values().map(i32::from).collect()).collect();
    let code = VideoCode::of(&clip).unwrap();
    assert_eq!(code.body().to_vec(), soft_hash_video_v0(&rows, 256).unwrap());
    // Backwards, with some pictures standing still.
    clip.reverse();
    clip.extend_from_within(3..9);
    assert_eq!(VideoCode::of(&clip), Some(code));
    assert_ne!(VideoCode::of(&clip[1..]), Some(code));
    assert_eq!(VideoCode::of(&[]), None);
}

#[test]
fn text_is_that_of_the_standard_and_shorter_codes_are_their_beginnings() {
    let blank = VideoCode::of(&[FrameSignature::from_packed([0; 76]).unwrap()]).unwrap();
    assert_eq!(blank.to_string(), format!("ISCC:EMDQ{}", "A".repeat(51)));
    let code = VideoCode::of(&signatures(20, 1)).unwrap();
    assert_eq!(code.to_string().parse(), Ok(code));
    let short = encode_component(2, 3, 0, 64, &code.body()).unwrap();
    let short: VideoCode = format!("ISCC:{short}").parse().unwrap();
    assert_eq!((short.bits(), short.distance(&code), code.distance(&short)), (64, 0, 0));
    assert_eq!(short.body()[..8], code.body()[..8]);
    let other = VideoCode::of(&signatures(20, 2)).unwrap();
    let far = other.distance(&code);
    assert!((60..200).contains(&far) && short.distance(&other) < 64, "{far}");
    for wrong in ["", "ISCC:", "ISCC:EMDQ", "é", "ISCC:EEAYYNMFG5XOELK2", "6f1c0123456789ab"] {
        assert_eq!(wrong.parse::<VideoCode>(), Err(MalformedVideoCode), "{wrong}");
    }
    assert!("A".repeat(5000).parse::<VideoCode>().is_err());
}

#[test]
fn a_soft_binding_holds_the_unit_as_bytes() {
    let code = VideoCode::of(&signatures(5, 3)).unwrap();
    let bytes = code.to_sequence();
    assert_eq!((bytes.len(), &bytes[..2], &bytes[2..]), (34, &[0x23, 0x07][..], &code.body()[..]));
    assert_eq!(VideoCode::from_sequence(&bytes), Ok(Some(code)));
    // Beside a Data-Code, and a Video-Code too short to be matched.
    let data = [&[0x30, 0x07][..], &[9; 32]].concat();
    let short = [&[0x23, 0x01][..], &[9; 8]].concat();
    assert_eq!(VideoCode::from_sequence(&[&short[..], &data, &bytes].concat()), Ok(Some(code)));
    assert_eq!(VideoCode::from_sequence(&[short, data].concat()), Ok(None));
}

/// The byte strings that IEP-0020 has refused.
#[test]
fn what_is_no_sequence_of_units_is_refused() {
    let long = format!("200800{}", "00".repeat(36));
    let refused = [
        "",
        "28000100000000",
        &long,
        "3000000000",
        "30000000000000",
        "5005578c7c8fbfbdb58fa88248c53a852c8d05b41f3472493225a522af4a2c9cbf6a",
        "60100000000000000000",
    ];
    for bytes in refused {
        assert_eq!(VideoCode::from_sequence(&hex(bytes)), Err(MalformedVideoCode), "{bytes}");
    }
    assert_eq!(VideoCode::from_sequence(&hex("270000000000")), Ok(None));
    let code = VideoCode::of(&signatures(5, 3)).unwrap().to_sequence();
    for end in 1..code.len() {
        assert!(VideoCode::from_sequence(&code[..end]).is_err(), "{end} bytes");
    }
    assert!(VideoCode::from_sequence(&code.repeat(40)).is_err(), "too long");
}

/// `FILIGRANE_TEST_ISCC` names the reference implementation's `data.json`, which is not part of this repository.
#[test]
fn codes_are_those_of_the_reference_implementation() {
    let Some(path) = std::env::var_os("FILIGRANE_TEST_ISCC") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
    let vectors = vectors["gen_video_code_v0"].as_object().unwrap();
    assert!(vectors.len() >= 3, "{}", vectors.len());
    let mut ours = 0;
    for (name, vector) in vectors {
        let rows: Vec<Vec<i32>> = serde_json::from_value(vector["inputs"][0].clone()).unwrap();
        let bits = vector["inputs"][1].as_u64().unwrap() as u32;
        let expected: VideoCode = vector["outputs"]["iscc"].as_str().unwrap().parse().unwrap();
        assert_eq!(expected.bits(), bits);
        let body = soft_hash_video_v0(&rows, bits).unwrap();
        assert_eq!(expected.body()[..body.len()], body, "{name}");
        // Those whose values pictures can have go through what `stamp` uses.
        let pictures: Option<Vec<FrameSignature>> = rows.iter().map(|row| picture(row)).collect();
        if let Some(pictures) = pictures {
            assert_eq!(VideoCode::of(&pictures).unwrap().distance(&expected), 0, "{name}");
            ours += 1;
        }
    }
    assert!(ours > 0);
}

fn picture(row: &[i32]) -> Option<FrameSignature> {
    let bytes: Vec<u8> = row
        .chunks_exact(5)
        .map(|five| {
            five.iter().try_fold(0, |byte, value| (0..3).contains(value).then(|| 3 * byte + *value as u8))
        })
        .collect::<Option<_>>()?;
    FrameSignature::from_packed(bytes.try_into().ok()?)
}
