use safetensors::SafeTensors;

use super::TorchRandom;
use crate::testing::{fixture, floats};

#[test]
fn seeds_of_32_and_64_bits_give_torchs_numbers_in_short_long_and_ragged_tensors() {
    let bytes = fixture("noise.safetensors");
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let (mut equal, mut all, mut worst) = (0, 0, 0f32);
    for (name, tensor) in tensors.tensors() {
        let (seed, length) = name.split_once('.').unwrap();
        let length: usize = length.parse().unwrap();
        let mut random = TorchRandom::new(seed.parse().unwrap());
        let found = [random.normal(length), random.normal(length)].concat();
        let expected = floats(&tensor);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            all += 1;
            equal += usize::from(found == expected);
            worst = worst.max((found - expected).abs());
        }
    }
    assert!(all > 25_000, "{all}");
    assert!(equal == all, "{equal} of {all} are equal to the bit, the worst differs by {worst:e}");
}
