//! Any bytes as a safetensors file: refused in a line, or tensors that lie inside it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match filigrane::infer::safetensors_in(bytes) {
        Ok(tensors) => {
            let total: usize = tensors
                .values()
                .map(|tensor| tensor.shape.iter().product::<usize>() * tensor.element.bytes())
                .sum();
            assert!(total <= bytes.len());
        }
        Err(detail) => assert!(!detail.chars().any(|c| c == '\n'), "{detail:?}"),
    }
});
