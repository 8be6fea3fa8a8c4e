use filigrane_frame::{ColourRange, LumaLayout, LumaMut, LumaRef};

use super::*;
use crate::{Embedder, Key, Strength};

const SIZE: (usize, usize) = (480, 270);
const FIRST: Payload = Payload(0x6f1c_0123_4567_89ab);
const SECOND: Payload = Payload(0x93e2_77aa_0b1d_c4f5);

/// Numbers that look random (SplitMix64; Steele, Lea, Flood 2014).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// A detector that saw ten pictures of soft noise, marked with these payloads one after the other.
fn seen(marks: &[(Payload, f32)]) -> Detector {
    let (width, height) = SIZE;
    let layout = LumaLayout { width, height, stride: width, bits: 8, range: ColourRange::Full };
    let mut embedders: Vec<Embedder> = marks
        .iter()
        .map(|&(payload, strength)| {
            Embedder::new(&Key::public(), payload, width, height, Strength::new(strength).unwrap()).unwrap()
        })
        .collect();
    let mut detector = Detector::new(&[Key::public()]);
    let mut state = 5;
    for index in 0..10 {
        let noise: Vec<u8> = (0..width * height).map(|_| (draw(&mut state) >> 58) as u8 + 90).collect();
        let soft = |index: usize| {
            let sum: u32 = [0, 1, width, width + 1]
                .iter()
                .map(|step| u32::from(noise[(index + step) % noise.len()]))
                .sum();
            (sum / 4) as u8
        };
        let mut picture: Vec<u8> = (0..noise.len()).map(soft).collect();
        for embedder in &mut embedders {
            embedder.mark(&mut LumaMut::new(layout, &mut picture).unwrap()).unwrap();
        }
        detector.push(LumaRef::new(layout, &picture).unwrap(), f64::from(index) / 25.0);
    }
    detector
}

#[test]
fn a_mark_under_or_over_the_one_that_is_read_is_told_when_it_is_asked_for() {
    for marks in [[(FIRST, 1.4), (SECOND, 0.9)], [(FIRST, 0.9), (SECOND, 1.4)], [(FIRST, 1.0), (SECOND, 1.0)]]
    {
        let detector = seen(&marks);
        let read = detector.finish()[0].payload;
        let other = Payload(draw(&mut 9));
        let chances = detector.stated(&[FIRST, SECOND, other], read);
        for (chance, payload) in chances.iter().zip([FIRST, SECOND]) {
            assert!(*chance <= FALSE_ALARM.log10() - 3.0, "{marks:?}, read {read:?}: {payload} {chance}");
        }
        assert!(chances[2] > -3.0, "{chances:?}");
    }
}

#[test]
fn both_marks_of_a_clip_that_was_marked_twice_are_read() {
    for marks in [[(FIRST, 1.4), (SECOND, 1.0)], [(FIRST, 1.0), (SECOND, 1.4)], [(FIRST, 1.0), (SECOND, 1.0)]]
    {
        let detector = seen(&marks);
        let read = detector.finish()[0].payload.expect("one of them");
        let (other, chance) = detector.another(read).expect("and the other");
        let expected = if read == FIRST { SECOND } else { FIRST };
        assert_eq!((other, chance <= FALSE_ALARM.log10()), (expected, true), "{marks:?}: {chance}");
    }
}

#[test]
fn a_mark_that_is_alone_leaves_no_other() {
    let detector = seen(&[(FIRST, 1.4)]);
    assert_eq!(detector.finish()[0].payload, Some(FIRST));
    assert_eq!(detector.another(FIRST), None);
    let chances = detector.stated(&[FIRST, SECOND, Payload(FIRST.0 ^ 1)], Some(FIRST));
    assert!(chances[0] <= -20.0, "{chances:?}");
    assert!(chances[1] > -3.0 && chances[2] > -3.0, "{chances:?}");
    assert_eq!(Detector::new(&[Key::public()]).stated(&[FIRST], None), [0.0], "nothing was seen");
}

/// The stated chance is an upper bound over payloads, in pictures that carry a strong mark of the same key.
#[test]
fn stated_chance_bounds_the_rate_over_random_payloads() {
    let detector = seen(&[(FIRST, 2.0)]);
    let mut state = 3;
    let payloads: Vec<Payload> = (0..20_000).map(|_| Payload(draw(&mut state))).collect();
    for beside in [None, Some(FIRST)] {
        let chances = detector.stated(&payloads, beside);
        for level in [1e-1, 1e-2, 1e-3, 1e-4] {
            let below = chances.iter().filter(|chance| **chance <= f64::log10(level)).count() as f64;
            let expected = level * payloads.len() as f64;
            assert!(below <= expected + 3.0 * expected.sqrt() + 1.0, "{below} at {level} beside {beside:?}");
        }
        let least = chances.iter().copied().fold(0.0, f64::min);
        assert!(least < -1.0, "some come near: {least}");
    }
}
