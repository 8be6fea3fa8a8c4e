//! The mark in the sound from outside: written, changed as platforms and people do, found again.
#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::f32::consts::TAU;

use filigrane_watermark::audio::{AudioDetector, AudioEmbedder, AudioFinding};
use filigrane_watermark::{FALSE_ALARM, Key, Payload, Strength};

const RATE: u32 = 48_000;
const PAYLOAD: Payload = Payload(0x6f1c_0123_4567_89ab);

/// Uniform numbers from -1 to 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// Like speech: a pitch that glides, three formants that change with each syllable, hisses, pauses.
fn speech(rate: u32, seconds: f32) -> Vec<f32> {
    let mut noise = Noise(7);
    let mut phase = 0.0f32;
    (0..(seconds * rate as f32) as usize)
        .map(|n| {
            let time = n as f32 / rate as f32;
            let syllable = (time * 5.0) as u32;
            let within = (time * 5.0).fract();
            let pause = syllable % 9 == 8;
            let envelope = if pause { 0.002 } else { (within * TAU / 2.0).sin().max(0.0).powf(0.7) };
            let pitch = 110.0 + 40.0 * (time * 1.3).sin() + 7.0 * (syllable % 5) as f32;
            phase = (phase + pitch / rate as f32).fract();
            let formants =
                [500.0 + 90.0 * (syllable % 4) as f32, 1400.0 + 160.0 * (syllable % 5) as f32, 2600.0];
            let mut voice = 0.0;
            for harmonic in 1..40 {
                let frequency = harmonic as f32 * pitch;
                let gain: f32 = formants
                    .iter()
                    .map(|formant| 1.0 / (1.0 + ((frequency - formant) / 120.0).powi(2)))
                    .sum();
                voice += (gain + 0.02) * (TAU * phase * harmonic as f32).sin();
            }
            let hiss = if syllable % 4 == 3 { 0.5 } else { 0.04 };
            0.12 * envelope * (voice + hiss * noise.next()) + 0.0004 * noise.next()
        })
        .collect()
}

/// Like music: chords of decaying harmonics on a beat, with brushed noise.
fn music(rate: u32, seconds: f32) -> Vec<f32> {
    let mut noise = Noise(9);
    (0..(seconds * rate as f32) as usize)
        .map(|n| {
            let time = n as f32 / rate as f32;
            let beat = (time * 2.1) as u32;
            let since = (time * 2.1).fract() / 2.1;
            let root = [220.0, 174.6, 261.6, 196.0][beat as usize / 4 % 4];
            let mut sum = 0.0;
            for (interval, gain) in [(1.0, 1.0), (1.26, 0.8), (1.498, 0.7), (2.0, 0.4)] {
                for harmonic in 1..14 {
                    let decay = (-since * (1.0 + 0.6 * harmonic as f32)).exp();
                    let frequency = root * interval * harmonic as f32;
                    sum += gain / harmonic as f32 * decay * (TAU * (frequency * time).fract()).sin();
                }
            }
            let brush = (-since * if beat.is_multiple_of(2) { 30.0 } else { 12.0 }).exp();
            0.08 * sum + 0.06 * brush * noise.next()
        })
        .collect()
}

fn marked(sound: &[f32], rate: u32, key: &Key) -> Vec<f32> {
    let mut embedder =
        AudioEmbedder::new(key, PAYLOAD, rate, 1, None, Strength::default()).expect("a usual rate");
    let mut out = Vec::new();
    for block in sound.chunks(1000) {
        out.extend(embedder.push(&[block.to_vec()]).remove(0));
    }
    out.extend(embedder.finish().remove(0));
    assert_eq!(out.len(), sound.len());
    let snr = embedder.quality().snr.expect("changed");
    assert!((14.0..40.0).contains(&snr), "the mark lies {snr} dB under the sound");
    out
}

fn detect(sound: &[f32], rate: u32, key: &Key) -> AudioFinding {
    let mut detector = AudioDetector::new(key, rate, None).expect("a usual rate");
    sound.chunks(4096).for_each(|block| detector.push(&[block.to_vec()]));
    detector.finish()
}

#[track_caller]
fn assert_read(sound: &[f32], rate: u32, what: &str) -> AudioFinding {
    let finding = detect(sound, rate, &Key::public());
    assert_eq!(finding.payload, Some(PAYLOAD), "{what}: {finding:?}");
    assert!(finding.log10_p <= FALSE_ALARM.log10() && finding.span.is_some(), "{what}");
    finding
}

/// The sound `factor` times as fast, by straight lines between samples.
fn faster(sound: &[f32], factor: f64) -> Vec<f32> {
    (0..((sound.len() - 1) as f64 / factor) as usize)
        .map(|n| {
            let place = n as f64 * factor;
            let (index, part) = (place as usize, place.fract() as f32);
            sound[index] * (1.0 - part) + sound[index + 1] * part
        })
        .collect()
}

#[test]
fn payload_is_read_at_any_level_and_time_and_from_five_seconds() {
    for (name, sound) in [("speech", speech(RATE, 12.0)), ("music", music(RATE, 12.0))] {
        let marked = marked(&sound, RATE, &Key::public());
        assert_read(&marked, RATE, name);
        let louder: Vec<f32> = marked.iter().map(|sample| 2.0 * sample).collect();
        assert_read(&louder, RATE, "twice as loud");
        let softer: Vec<f32> = marked.iter().map(|sample| 0.5 * sample).collect();
        assert_read(&softer, RATE, "half as loud");
        for start in [1.234f32, 4.0, 6.543] {
            let start = (start * RATE as f32) as usize;
            assert_read(&marked[start..start + 5 * RATE as usize], RATE, &format!("{name}, 5 s"));
        }
        let coarse: Vec<f32> = marked.iter().map(|sample| (sample * 127.0).round() / 127.0).collect();
        assert_read(&coarse, RATE, "eight bits");
    }
}

#[test]
fn payload_is_read_at_other_sample_rates_and_speeds_and_the_speed_is_told() {
    let marked = marked(&music(RATE, 12.0), RATE, &Key::public());
    let halved: Vec<f32> = marked.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
    assert_read(&halved, RATE / 2, "24 kHz");
    for factor in [1.003, 0.99, 1.01] {
        let finding = assert_read(&faster(&marked, factor), RATE, &format!("{factor} times as fast"));
        assert!((finding.speed - (factor - 1.0)).abs() < 0.004, "{factor}: {finding:?}");
    }
}

#[test]
fn sound_marked_at_one_rate_is_read_at_all_rates_that_are_marked() {
    for rate in [16_000, 22_050, 44_100, 96_000] {
        let marked = marked(&music(rate, 8.0), rate, &Key::public());
        assert_read(&marked, rate, &format!("{rate} Hz"));
    }
}

#[test]
fn all_channels_but_the_low_frequency_one_are_marked_and_their_mix_is_read() {
    let (left, right) = (music(RATE, 10.0), speech(RATE, 10.0));
    let channels = vec![left.clone(), right, left.clone()];
    let mut embedder =
        AudioEmbedder::new(&Key::public(), PAYLOAD, RATE, 3, Some(2), Strength::default()).expect("usual");
    let mut out = embedder.push(&channels);
    for (out, rest) in out.iter_mut().zip(embedder.finish()) {
        out.extend(rest);
    }
    assert_eq!(out[2], left, "left alone");
    let mut detector = AudioDetector::new(&Key::public(), RATE, Some(2)).expect("usual");
    detector.push(&out);
    assert_eq!(detector.finish().payload, Some(PAYLOAD));
    let mix: Vec<f32> = out[0].iter().zip(&out[1]).map(|(left, right)| (left + right) / 2.0).collect();
    assert_read(&mix, RATE, "mixed to one channel");
}

#[test]
fn marked_seconds_of_a_longer_sound_are_told_apart() {
    let plain = music(RATE, 60.0);
    let mut sound = plain.clone();
    let range = 20 * RATE as usize..38 * RATE as usize;
    sound[range.clone()].copy_from_slice(&marked(&plain[range], RATE, &Key::public()));
    let span = assert_read(&sound, RATE, "18 of 60 s").span.expect("found");
    assert!((17.0..24.0).contains(&span.start) && (34.0..41.5).contains(&span.end), "{span:?}");
}

#[test]
fn unmarked_sound_other_keys_silence_and_crumbs_yield_nothing() {
    let plain = speech(RATE, 10.0);
    let other = marked(&plain, RATE, &Key::new([3; 32]));
    for sound in [&plain[..], &other, &vec![0.0; 480_000], &plain[..5000], &[], &[f32::NAN; 9000]] {
        let finding = detect(sound, RATE, &Key::public());
        assert_eq!((finding.span, finding.payload), (None, None));
        assert!(finding.log10_p <= 0.0);
    }
}

#[test]
fn silence_and_what_is_no_number_stay_silent() {
    let mut embedder =
        AudioEmbedder::new(&Key::public(), PAYLOAD, RATE, 1, None, Strength::default()).expect("usual");
    let mut out = embedder.push(&[vec![0.0; 10_000]]).remove(0);
    out.extend(embedder.push(&[vec![f32::INFINITY; 10]]).remove(0));
    out.extend(embedder.finish().remove(0));
    assert_eq!(out, vec![0.0; 10_010]);
    assert_eq!(embedder.quality().snr, None);
    assert_eq!(embedder.quality().carrying, 0.0);
    for (rate, channels, low) in [(8000, 2, None), (400_000, 2, None), (RATE, 0, None), (RATE, 1, Some(0))] {
        let refused = AudioEmbedder::new(&Key::public(), PAYLOAD, rate, channels, low, Strength::default());
        assert!(refused.is_err(), "{rate} Hz, {channels} channels");
    }
}

#[test]
fn blocks_of_any_size_give_the_same_sound() {
    let sound = speech(RATE, 2.0);
    let whole = marked(&sound, RATE, &Key::public());
    let mut embedder =
        AudioEmbedder::new(&Key::public(), PAYLOAD, RATE, 1, None, Strength::default()).expect("usual");
    let mut out = Vec::new();
    let mut rest = &sound[..];
    for size in [1, 7, 5000, 0, 1024].into_iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (block, after) = rest.split_at(size.min(rest.len()));
        out.extend(embedder.push(&[block.to_vec()]).remove(0));
        rest = after;
    }
    out.extend(embedder.finish().remove(0));
    assert_eq!(out, whole);
}
