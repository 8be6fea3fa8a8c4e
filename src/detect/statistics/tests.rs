use std::collections::HashSet;

use filigrane_frame::Plane;
use proptest::prelude::*;

use super::scenes::{blocks, enlarged, noise, scene};
use super::{COUNT, NAMES, statistics};
use crate::{Burst, PICTURES};

fn burst(picture: impl FnMut(usize) -> Plane<f32>) -> Burst {
    Burst::new(std::array::from_fn(picture)).expect("a window")
}

fn changed(burst: &Burst, sample: impl Fn(&Plane<f32>, usize, usize) -> f32) -> Burst {
    let of = |picture: &Plane<f32>| {
        Plane::from_fn(picture.width(), picture.height(), |x, y| sample(picture, x, y))
    };
    Burst::new(burst.pictures().each_ref().map(of)).expect("a window")
}

fn assert_close(found: &[f32], wanted: &[f32], but: &[&str]) -> Result<(), TestCaseError> {
    for ((name, found), wanted) in NAMES.iter().zip(found).zip(wanted) {
        let passes = but.iter().any(|but| name.starts_with(but))
            || (found - wanted).abs() <= 2e-3 * (1.0 + wanted.abs());
        prop_assert!(passes, "{}: {} for {}", name, found, wanted);
    }
    Ok(())
}

/// Whole luma values of a scene that moves, with noise.
fn lively(width: usize, height: usize, seed: u64, deviation: f32) -> Burst {
    let still = scene(width + 16, height);
    burst(|time| {
        let noise = noise(width, height, seed * 8 + time as u64, deviation);
        Plane::from_fn(width, height, |x, y| (0.8 * still.row(y)[x + 3 * time] + noise.row(y)[x]).round())
    })
}

#[test]
fn names_are_different_and_as_many_as_the_numbers() {
    assert_eq!(NAMES.iter().collect::<HashSet<_>>().len(), COUNT);
    assert!((150..200).contains(&COUNT), "{COUNT}");
    assert_eq!(statistics(&lively(128, 144, 1, 2.0)).len(), COUNT);
    let plain = |name: &&&str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    assert!(NAMES.iter().all(|name| plain(&name)));
}

#[test]
fn every_statistic_tells_some_pictures_apart() {
    let pictures = [
        lively(256, 256, 1, 1.0),
        lively(256, 256, 2, 4.0),
        burst(|time| enlarged(&noise(128, 128, time as u64, 60.0), true)),
        burst(|time| blocks(256, 256, [8, 16, 8, 16][time])),
        burst(|time| Plane::from_fn(256, 256, |x, y| ((x * x + y + time * 50) % 300) as f32 - 20.0)),
    ];
    let bright = burst(|time| {
        let noise = noise(256, 256, time as u64, 1.0);
        Plane::from_fn(256, 256, |x, y| x as f32 + noise.row(y)[x] * (3.0 - x as f32 / 128.0))
    });
    let found: Vec<Vec<f32>> = pictures.iter().chain([&bright]).map(statistics).collect();
    for (index, name) in NAMES.iter().enumerate() {
        let different = found.iter().any(|row| (row[index] - found[0][index]).abs() > 1e-3);
        assert!(different, "{name} is {} for all", found[0][index]);
    }
}

#[test]
fn pictures_of_one_shade_have_neutral_values() {
    for shade in [0.0, 16.5, 255.0, 279.0] {
        let found = statistics(&burst(|_| Plane::from_fn(144, 128, |_, _| shade)));
        for (name, value) in NAMES.iter().zip(found) {
            let floor = ["_level", "_detail_"].iter().any(|part| name.contains(part));
            let neutral = if floor && name != &"noise_flat_to_whole" {
                -13.287_712
            } else if name.contains("kurtosis") {
                1.584_962_5
            } else if ["0_0", "unchanged", "within_one", "silent"].iter().any(|part| name.contains(part))
                || (name.ends_with("clipped_black") && shade <= 0.0)
                || (name.ends_with("clipped_white") && shade >= 255.0)
            {
                1.0
            } else {
                0.0
            };
            assert!((value - neutral).abs() < 2e-3, "{name} of {shade}: {value} for {neutral}");
        }
    }
}

/// The name of what is measured along the other axis.
fn turned(name: &str) -> String {
    let other = |word: &str| match word {
        "horizontal" => "vertical".to_owned(),
        "vertical" => "horizontal".to_owned(),
        "across" => "down".to_owned(),
        "down" => "across".to_owned(),
        word => word.to_owned(),
    };
    name.split('_').map(other).collect::<Vec<_>>().join("_")
}

#[test]
fn a_transposed_burst_has_the_statistics_of_the_other_axis() {
    let burst = lively(256, 256, 3, 2.0);
    let transposed = changed(&burst, |picture, x, y| picture.row(x)[y]);
    let (found, wanted) = (statistics(&transposed), statistics(&burst));
    for (name, found) in NAMES.iter().zip(found) {
        let (place, sign) = match name.strip_suffix("_horizontal_to_vertical") {
            Some(_) => (NAMES.iter().position(|known| known == name), -1.0),
            None => (NAMES.iter().position(|known| *known == turned(name)), 1.0),
        };
        let wanted = sign * wanted[place.expect("a statistic of the other axis")];
        assert!((found - wanted).abs() <= 2e-3 * (1.0 + wanted.abs()), "{name}: {found} for {wanted}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_mirrored_burst_has_the_same_statistics(
        seed in 0_u64..1000, deviation in 0.0_f32..20.0, width in 8_usize..20, height in 8_usize..14
    ) {
        let burst = lively(16 * width, 16 * height, seed, deviation);
        let mirrored = changed(&burst, |picture, x, y| picture.row(y)[picture.width() - 1 - x]);
        assert_close(&statistics(&mirrored), &statistics(&burst), &[])?;
    }

    #[test]
    fn a_constant_on_all_luma_changes_nothing_but_what_goes_by_luminance(
        seed in 0_u64..1000, deviation in 0.5_f32..20.0, constant in -40_i32..40
    ) {
        let burst = lively(192, 128, seed, deviation);
        let shifted = changed(&burst, |picture, x, y| picture.row(y)[x] + constant as f32);
        let by_luminance = ["noise_luminance_", "noise_clipped_"];
        let but: Vec<&str> = by_luminance.into_iter().filter(|_| constant != 0).collect();
        assert_close(&statistics(&shifted), &statistics(&burst), &but)?;
    }

    #[test]
    fn statistics_of_any_luma_are_finite(seed in 0_u64..1000, scale in 0.0_f32..500.0, period in 1_usize..40) {
        let found = statistics(&burst(|time| {
            let noise = noise(128, 160, seed + time as u64, scale);
            Plane::from_fn(128, 160, |x, y| {
                let square = if (x / period + y / period + time) % 2 == 0 { 0.0 } else { 255.0 };
                (noise.row(y)[x] + square).clamp(-1000.0, 1000.0)
            })
        }));
        prop_assert!(found.iter().all(|value| value.is_finite()));
        prop_assert_eq!(found.len(), COUNT);
    }
}

#[test]
fn extreme_values_are_finite_too() {
    for picture in 0..PICTURES {
        let burst = burst(|time| {
            Plane::from_fn(128, 128, |x, y| {
                if time == picture && (x, y) == (64, 64) {
                    1023.0
                } else if (x + y) % 2 == 0 {
                    -1023.0
                } else {
                    1023.0
                }
            })
        });
        assert!(statistics(&burst).iter().all(|value| value.is_finite()));
    }
}
