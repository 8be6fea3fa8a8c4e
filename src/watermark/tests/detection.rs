//! The mark from outside: written into moving pictures, changed as platforms and people do, found again.
#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use filigrane_frame::{ColourRange, LumaLayout, LumaMut, LumaRef};
use filigrane_watermark::{Detector, Embedder, FALSE_ALARM, Finding, Key, Payload, Strength};

const WIDTH: usize = 640;
const HEIGHT: usize = 360;
const PAYLOAD: Payload = Payload(0x6f1c_0123_4567_89ab);

/// Pictures of 8-bit full-range luma.
#[derive(Clone)]
struct Clip {
    width: usize,
    height: usize,
    pictures: Vec<Vec<u8>>,
}

/// Value noise in four octaves that drifts, with grain: spectrum and motion of an outdoor shot.
fn footage(seed: u32, count: usize) -> Clip {
    let mix = |mut word: u32| {
        for shift in [16, 13, 15, 16] {
            word = (word ^ word >> shift).wrapping_mul(2_246_822_519);
        }
        word
    };
    let knot = |octave: u32, i: i64, j: i64| {
        f32::from((mix(seed ^ octave << 28 ^ (i as u32) << 14 ^ j as u32) >> 24) as u8)
    };
    let picture = |time: usize| {
        (0..WIDTH * HEIGHT)
            .map(|index| {
                let (x, y) =
                    ((index % WIDTH) as f32 + 2.3 * time as f32, (index / WIDTH) as f32 + 0.9 * time as f32);
                let mut sum = 0.0;
                for (octave, cell) in [(1, 190.0), (2, 61.0), (3, 17.0), (4, 5.0)] {
                    let (u, v) = (x / cell, y / cell);
                    let (i, j) = (u.floor(), v.floor());
                    let (a, b) = (u - i, v - j);
                    let (i, j) = (i as i64, j as i64);
                    let top = knot(octave, i, j) * (1.0 - a) + knot(octave, i + 1, j) * a;
                    let low = knot(octave, i, j + 1) * (1.0 - a) + knot(octave, i + 1, j + 1) * a;
                    sum += (top * (1.0 - b) + low * b) * [0.0, 0.45, 0.3, 0.17, 0.08][octave as usize];
                }
                let grain =
                    (mix(seed.wrapping_add((time * WIDTH * HEIGHT + index) as u32)) >> 29) as f32 - 3.5;
                (sum + grain).clamp(0.0, 255.0) as u8
            })
            .collect()
    };
    Clip { width: WIDTH, height: HEIGHT, pictures: (0..count).map(picture).collect() }
}

impl Clip {
    fn layout(&self) -> LumaLayout {
        LumaLayout {
            width: self.width,
            height: self.height,
            stride: self.width,
            bits: 8,
            range: ColourRange::Full,
        }
    }

    fn marked(mut self, key: &Key) -> Self {
        let layout = self.layout();
        let mut embedder =
            Embedder::new(key, PAYLOAD, self.width, self.height, Strength::default()).expect("large enough");
        for picture in &mut self.pictures {
            embedder.mark(&mut LumaMut::new(layout, picture).expect("fits")).expect("one size");
        }
        let psnr = embedder.luma_psnr().expect("changed");
        assert!(psnr > 45.7, "the mark costs {psnr} dB");
        self
    }

    /// Each new sample from the old picture's coordinates, nearest neighbour.
    fn mapped(&self, width: usize, height: usize, place: impl Fn(usize, usize) -> (usize, usize)) -> Self {
        let pictures = self
            .pictures
            .iter()
            .map(|picture| {
                (0..width * height)
                    .map(|index| {
                        let (x, y) = place(index % width, index / width);
                        picture[y * self.width + x]
                    })
                    .collect()
            })
            .collect();
        Self { width, height, pictures }
    }

    fn levels(mut self, change: impl Fn(f32) -> f32) -> Self {
        for sample in self.pictures.iter_mut().flatten() {
            *sample = change(f32::from(*sample)).clamp(0.0, 255.0) as u8;
        }
        self
    }

    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let pictures = self
            .pictures
            .iter()
            .map(|picture| {
                let at = |x: usize, y: usize| u32::from(picture[y * self.width + x]);
                (0..width * height)
                    .map(|index| {
                        let (x, y) = (index % width * 2, index / width * 2);
                        ((at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1) + 2) / 4) as u8
                    })
                    .collect()
            })
            .collect();
        Self { width, height, pictures }
    }

    fn detect(&self, key: &Key) -> Finding {
        let mut detector = Detector::new(std::slice::from_ref(key));
        for (index, picture) in self.pictures.iter().enumerate() {
            detector.push(LumaRef::new(self.layout(), picture).expect("fits"), index as f64 / 25.0);
        }
        detector.finish().swap_remove(0)
    }
}

fn assert_read(clip: &Clip, what: &str) -> Finding {
    let finding = clip.detect(&Key::public());
    assert_eq!(finding.payload, Some(PAYLOAD), "{what}: {finding:?}");
    assert!(finding.log10_p <= FALSE_ALARM.log10(), "{what}");
    finding
}

#[test]
fn payload_is_read_after_every_flip_and_quarter_turn_and_the_turn_is_named() {
    let clip = footage(1, 12).marked(&Key::public());
    let (right, bottom) = (WIDTH - 1, HEIGHT - 1);
    let plain = assert_read(&clip, "unchanged").sighting.expect("found").geometry;
    assert_eq!((plain.dihedral.mirrored(), plain.dihedral.rotation()), (false, 0.0));
    let mirrored = assert_read(&clip.mapped(WIDTH, HEIGHT, |x, y| (right - x, y)), "mirrored");
    let geometry = mirrored.sighting.expect("found").geometry;
    assert_eq!((geometry.dihedral.mirrored(), geometry.dihedral.rotation()), (true, 0.0));
    // Turned clockwise: the left column becomes the top row.
    let turned = assert_read(&clip.mapped(HEIGHT, WIDTH, |x, y| (y, bottom - x)), "turned");
    let geometry = turned.sighting.expect("found").geometry;
    assert_eq!((geometry.dihedral.mirrored(), geometry.dihedral.rotation()), (false, 90.0));
    assert_read(&clip.mapped(WIDTH, HEIGHT, |x, y| (right - x, bottom - y)), "upside down");
}

#[test]
fn payload_is_read_from_a_crop_and_its_place_in_the_tile_is_right() {
    let clip = footage(2, 16).marked(&Key::public());
    let (x0, y0) = (53, 31);
    let crop = clip.mapped(454, 255, |x, y| (x + x0, y + y0));
    let geometry = assert_read(&crop, "crop").sighting.expect("found").geometry;
    let (tile_x, tile_y) = geometry.tile();
    assert!((tile_x - 61.0).abs() < 0.1 && (tile_y - 61.0).abs() < 0.1, "{tile_x} {tile_y}");
    let (u, v) = geometry.tile_coordinates(0.0, 0.0);
    let off =
        |value: f64, expected: f64| ((value - expected / 61.0 + 0.5).rem_euclid(1.0) - 0.5).abs() * 61.0;
    assert!(off(u, x0 as f64) < 0.5 && off(v, y0 as f64) < 0.5, "{} {}", u * 61.0, v * 61.0);
}

#[test]
fn payload_is_read_at_half_size_dark_bright_and_stretched() {
    let clip = footage(3, 16).marked(&Key::public());
    assert_read(&clip.halved(), "half size");
    assert_read(&clip.clone().levels(|level| 0.5 * level), "half brightness");
    assert_read(&clip.clone().levels(|level| 1.5 * level), "one and a half times brightness");
    assert_read(&clip.mapped(WIDTH * 11 / 10, HEIGHT, |x, y| (x * 10 / 11, y)), "stretched by a tenth");
}

#[test]
fn order_gaps_and_repeats_of_pictures_do_not_matter() {
    let mut clip = footage(4, 24).marked(&Key::public());
    clip.pictures.reverse();
    clip.pictures.remove(3);
    clip.pictures.truncate(12);
    let again = clip.pictures[5].clone();
    clip.pictures.push(again);
    assert_read(&clip, "shuffled");
}

#[test]
fn unmarked_pictures_and_other_keys_yield_nothing() {
    let plain = footage(5, 8);
    let finding = plain.detect(&Key::public());
    assert_eq!((finding.sighting, finding.payload), (None, None));
    let other = plain.marked(&Key::new([3; 32])).detect(&Key::public());
    assert_eq!((other.sighting, other.payload), (None, None));
}

/// The stated chance is an upper bound: of 600 random keys on one clip, no more than stated may come up at any level.
#[test]
fn stated_chance_bounds_the_rate_over_random_keys() {
    let clip = footage(6, 2).halved();
    let trials = 600u32;
    let keys: Vec<Key> = (0..trials)
        .map(|trial| {
            let mut key = [0x5a; 32];
            key[..4].copy_from_slice(&trial.to_le_bytes());
            Key::new(key)
        })
        .collect();
    let mut detector = Detector::new(&keys);
    for picture in &clip.pictures {
        detector.push(LumaRef::new(clip.layout(), picture).expect("fits"), 0.0);
    }
    let findings = detector.finish();
    for level in [1e-1, 1e-2, 1e-3] {
        let below = findings.iter().filter(|finding| finding.log10_p <= f64::log10(level)).count();
        let expected = level * f64::from(trials);
        assert!(below as f64 <= expected + 3.0 * expected.sqrt() + 1.0, "{below} of {trials} at {level}");
    }
    assert!(findings.iter().all(|finding| finding.sighting.is_none() && finding.payload.is_none()));
}

#[test]
fn payload_is_read_after_a_turn_by_any_angle() {
    let clip = footage(9, 12).marked(&Key::public());
    for degrees in [3.7f64, 38.0] {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (cx, cy) = (WIDTH as f64 / 2.0, HEIGHT as f64 / 2.0);
        let turned = clip.mapped(WIDTH, HEIGHT, |x, y| {
            let (x, y) = (x as f64 - cx, y as f64 - cy);
            let place = |value: f64, size: usize| value.round().clamp(0.0, size as f64 - 1.0) as usize;
            (place(cos * x + sin * y + cx, WIDTH), place(cos * y - sin * x + cy, HEIGHT))
        });
        let geometry = assert_read(&turned, "turned").sighting.expect("found").geometry;
        let turn = geometry.dihedral.rotation() + geometry.skew();
        let off = (turn - degrees + 180.0).rem_euclid(360.0) - 180.0;
        assert!(off.abs() < 0.1 || (off.abs() - 90.0).abs() < 0.1, "{turn} for {degrees}");
    }
}

#[test]
fn payload_is_read_from_a_picture_seen_at_a_strong_slant() {
    let clip = footage(10, 16).marked(&Key::public());
    // Where each picture point comes from, both in units of half the size, from the centre: a screen filmed from the
    // lower left, its far side a third smaller than its near one.
    let slanted = clip.mapped(WIDTH, HEIGHT, |x, y| {
        let (x, y) = (2.0 * x as f64 / WIDTH as f64 - 1.0, 2.0 * y as f64 / HEIGHT as f64 - 1.0);
        let divisor = 1.0 + 0.2 * x - 0.15 * y;
        let (u, v) = ((1.25 * x + 0.08 * y) / divisor, (1.3 * y - 0.1 * x) / divisor);
        let place = |value: f64, size: usize| {
            ((value + 1.0) / 2.0 * size as f64).round().clamp(0.0, size as f64 - 1.0) as usize
        };
        (place(u, WIDTH), place(v, HEIGHT))
    });
    let geometry = assert_read(&slanted, "slanted").sighting.expect("found").geometry;
    let (tile_x, tile_y) = geometry.tile();
    assert!((40.0..60.0).contains(&tile_x) && (40.0..60.0).contains(&tile_y), "{tile_x} {tile_y}");
}

#[test]
fn strength_over_time_shows_which_seconds_are_marked() {
    let plain = footage(7, 75);
    let mut clip = plain.clone().marked(&Key::public());
    clip.pictures[50..].clone_from_slice(&plain.pictures[50..]);
    let sighting = assert_read(&clip, "two marked seconds of three").sighting.expect("found");
    let strong: Vec<bool> = sighting.timeline.iter().map(|segment| segment.deviations > 4.0).collect();
    assert_eq!(strong, [true, true, false], "{:?}", sighting.timeline);
    assert!(sighting.span.start == 0.0 && (1.8..2.1).contains(&sighting.span.end), "{:?}", sighting.span);
}

#[test]
fn tiny_and_empty_clips_are_answered_without_a_mark() {
    assert_eq!(Detector::new(&[Key::public()]).finish()[0].log10_p, 0.0);
    for (width, height) in [(1, 1), (16, 16), (17, 40), (3000, 16)] {
        let clip = Clip { width, height, pictures: vec![vec![128; width * height]] };
        let finding = clip.detect(&Key::public());
        assert_eq!((finding.sighting, finding.payload), (None, None), "{width}x{height}");
    }
}
