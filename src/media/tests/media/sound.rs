//! Sound that a caller changes on its way, as ffprobe and a decoder see it afterwards.

use std::convert::Infallible;
use std::path::Path;

use filigrane_frame::Limits;
use filigrane_media::VideoCodec::{self, H264, Vp9};
use filigrane_media::{
    Cancel, Decoder, Error, Shown, SoundFormat, SoundStep, TranscodeError, Transcoded, transcode_with_sound,
};

use crate::clips::{Clips, options, packets, stream};

/// Holds back some samples, as real steps do, and halves all.
struct Half(Vec<Vec<f32>>);

const DELAY: usize = 700;

impl SoundStep for Half {
    fn push(&mut self, block: &[Vec<f32>]) -> Vec<Vec<f32>> {
        self.0.resize(block.len(), Vec::new());
        let halves = self.0.iter_mut().zip(block).map(|(kept, samples)| {
            kept.extend(samples.iter().map(|sample| sample / 2.0));
            kept.drain(..kept.len().saturating_sub(DELAY)).collect()
        });
        halves.collect()
    }

    fn finish(&mut self) -> Vec<Vec<f32>> {
        std::mem::take(&mut self.0)
    }
}

pub fn halved(input: &Path, output: &Path, codec: VideoCodec) -> Transcoded {
    let mut nothing = |_: &mut filigrane_media::Picture| Ok::<(), Infallible>(());
    let mut sounds = |_: &SoundFormat| Ok(Box::new(Half(Vec::new())) as Box<dyn SoundStep>);
    let (limits, cancel) = (Limits::default(), Cancel::default());
    match transcode_with_sound(input, output, &options(codec), &limits, &cancel, &mut nothing, &mut sounds) {
        Ok(done) => done,
        Err(TranscodeError::Media(error)) => panic!("{error}"),
        Err(TranscodeError::Step(never)) => match never {},
    }
}

/// Decoded sound of the first stream: its start and end in seconds, its samples, and the pictures beside it.
struct Heard {
    start: f64,
    end: f64,
    rate: u32,
    samples: Vec<Vec<f32>>,
    first_picture: f64,
    last_picture: f64,
}

fn hear(path: &Path) -> Result<Heard, Error> {
    let mut decoder = Decoder::open_with_sound(path, &Limits::default(), &Cancel::default())?;
    let mut heard = Heard {
        start: f64::MAX,
        end: 0.0,
        rate: 0,
        samples: Vec::new(),
        first_picture: f64::MAX,
        last_picture: 0.0,
    };
    while let Some(shown) = decoder.next_shown()? {
        match shown {
            Shown::Picture(picture) => {
                heard.first_picture = heard.first_picture.min(picture.time());
                heard.last_picture = picture.time();
            }
            Shown::Sound(sound) => {
                heard.start = heard.start.min(sound.time);
                heard.rate = sound.rate;
                heard.end = sound.time + sound.samples[0].len() as f64 / f64::from(sound.rate);
                heard.samples.resize(sound.samples.len(), Vec::new());
                heard.samples.iter_mut().zip(sound.samples).for_each(|(all, new)| all.extend(new));
            }
        }
    }
    Ok(heard)
}

/// When the beep begins, against the first picture.
fn onset(heard: &Heard) -> f64 {
    let peak = heard.samples[0].iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    let at = heard.samples[0].iter().position(|sample| sample.abs() > 0.5 * peak).expect("a beep");
    heard.start + at as f64 / f64::from(heard.rate) - heard.first_picture
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// Silence but for a tone from 1.0 to 1.5 s.
const BEEP: &str = "-f lavfi -i aevalsrc=0.5*sin(2*PI*1000*t)*between(t\\,1\\,1.5):d=2:s=44100";

#[test]
fn changed_sound_stays_in_time_with_the_picture_in_every_container() {
    let clips = Clips::new();
    let video = "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2";
    let source = clips.make(
        "in.mp4",
        &format!("{video} {BEEP} -c:v libx264 -bf 3 -c:a aac -b:a 128k -metadata:s:a:0 language=deu"),
    );
    let before = hear(&source).expect("decodes");
    for (name, codec, coded) in [
        ("out.mp4", H264, "aac"),
        ("out.mov", H264, "aac"),
        ("out.mkv", H264, "aac"),
        ("out.webm", Vp9, "vorbis"),
        ("out.avi", H264, "aac"),
    ] {
        let output = clips.path(name);
        let done = halved(&source, &output, codec);
        assert!(done.damage.is_empty() && done.dropped_streams.is_empty(), "{name}: {done:?}");
        let notes = if coded == "vorbis" { vec!["audio stream 1 (aac, deu) became vorbis"] } else { vec![] };
        assert_eq!(done.sound, notes, "{name}");
        let sound = stream(&output, "a:0");
        assert_eq!((&sound["codec_name"], &sound["sample_rate"]), (&coded.into(), &"44100".into()), "{name}");
        if name.ends_with("mp4") || name.ends_with("mkv") {
            assert_eq!(sound["tags"]["language"], "deu", "{name}");
        }
        let after = hear(&output).expect("decodes");
        // AVI has no times but those of whole pictures.
        let exact = if name.ends_with("avi") { 0.045 } else { 0.005 };
        let moved = onset(&after) - onset(&before);
        assert!(moved.abs() < exact, "{name}: the beep moved by {moved} s");
        let frame = 1024.0 / 44_100.0 + 0.002;
        let ends = (after.end - after.start - (before.end - before.start)).abs();
        assert!(ends < 2.0 * frame, "{name}: {ends}");
        let ratio = peak(&after.samples[0]) / peak(&before.samples[0]);
        assert!((ratio - 0.5).abs() < 0.05, "{name}: {ratio}");
    }
    let output = clips.path("out.mp4");
    for field in ["start_time", "duration"] {
        let number = |path: &Path, selector| -> f64 {
            stream(path, selector)[field].as_str().expect("a number").parse().expect("a number")
        };
        for selector in ["a:0", "v:0"] {
            let moved = (number(&output, selector) - number(&source, selector)).abs();
            assert!(moved < 1024.0 / 44_100.0, "{field} of {selector} moved by {moved}");
        }
    }
}

#[test]
fn family_of_the_codec_layout_and_depth_stay() {
    let clips = Clips::new();
    let video = "-f lavfi -i testsrc2=size=160x128:rate=25:duration=1 -c:v libx264 -preset ultrafast";
    for (source, options, output, coded) in [
        ("a.mkv", "-c:a libopus -ar 48000 -ac 2", "a.mkv", "opus"),
        ("b.mkv", "-c:a flac -sample_fmt s32 -ac 2", "b.mkv", "flac"),
        ("c.mov", "-c:a pcm_s24le -ac 2", "c.mov", "pcm_s24le"),
        ("d.avi", "-c:a pcm_s16le -ac 1", "d.avi", "pcm_s16le"),
        ("e.mkv", "-c:a libmp3lame -ac 2", "e.mkv", "mp3"),
        ("f.mp4", "-c:a aac -ac 6", "f.mp4", "aac"),
        ("g.mkv", "-c:a ac3 -ac 6", "g.mkv", "ac3"),
        ("h.mkv", "-c:a libvorbis -ac 2", "h.webm", "vorbis"),
        ("i.mkv", "-c:a pcm_s16le -ac 2", "i.mp4", "flac"),
        ("j.mov", "-c:a alac -ac 2", "j.mov", "alac"),
    ] {
        let noise = "-f lavfi -i anoisesrc=d=1:a=0.2:r=48000";
        let source = clips.make(&format!("in-{source}"), &format!("{noise} {video} {options}"));
        let output = clips.path(&format!("out-{output}"));
        let codec = if coded == "vorbis" { Vp9 } else { H264 };
        let done = halved(&source, &output, codec);
        assert!(done.damage.is_empty(), "{coded}: {done:?}");
        let (before, after) = (stream(&source, "a:0"), stream(&output, "a:0"));
        assert_eq!(after["codec_name"], coded, "{done:?}");
        for field in ["channels", "channel_layout", "sample_rate"] {
            // PCM in Matroska has a number of channels and no layout.
            if field == "channel_layout" && before[field].is_null() {
                continue;
            }
            assert_eq!(before[field], after[field], "{field} of {coded} from {}", source.display());
        }
        if before["codec_name"] == coded && (coded == "flac" || coded.starts_with("pcm")) {
            assert_eq!(before["bits_per_raw_sample"], after["bits_per_raw_sample"], "{coded}");
        }
        let (one, other) = (hear(&source).expect("decodes"), hear(&output).expect("decodes"));
        let lengths = [one.samples[0].len(), other.samples[0].len()].map(|length| length as f64);
        assert!((lengths[0] - lengths[1]).abs() < 3100.0, "{coded}: {lengths:?}");
        if !["aac", "opus", "mp3", "ac3", "vorbis"].contains(&coded) {
            let error = one.samples[0].iter().zip(&other.samples[0]).map(|(x, y)| (x / 2.0 - y).abs());
            assert!(error.fold(0.0, f32::max) < 2e-5 && lengths[0] == lengths[1], "{coded}");
        }
    }
}

#[test]
fn refused_streams_are_copied_packet_for_packet_and_said_so() {
    let clips = Clips::new();
    let source = clips.plain("in.mp4", "-f lavfi -i sine=duration=1 -c:v libx264 -c:a aac");
    let output = clips.path("out.mp4");
    let mut nothing = |_: &mut filigrane_media::Picture| Ok::<(), Infallible>(());
    let mut sounds = |format: &SoundFormat| {
        assert_eq!((format.rate, format.channels, format.low_frequency), (44_100, 1, None));
        Err("it is too quiet".to_owned())
    };
    let (limits, cancel) = (Limits::default(), Cancel::default());
    let done =
        transcode_with_sound(&source, &output, &options(H264), &limits, &cancel, &mut nothing, &mut sounds)
            .expect("transcodes");
    assert_eq!(
        done.sound,
        ["audio stream 1 (aac, und) carries no mark: it is too quiet".replace(", und", "")]
    );
    assert_eq!(packets(&source, "a:0"), packets(&output, "a:0"));
}

#[test]
fn damaged_packets_of_sound_are_skipped_and_told() {
    let clips = Clips::new();
    let source = clips.plain("in.mkv", "-f lavfi -i anoisesrc=d=1:a=0.3:seed=2 -c:v libx264 -c:a ac3");
    let mut bytes = std::fs::read(&source).expect("readable");
    // Every fourth frame of AC-3 loses the word that it begins with.
    let starts: Vec<usize> = (0..bytes.len() - 1).filter(|&at| bytes[at..at + 2] == [0x0b, 0x77]).collect();
    assert!(starts.len() > 20, "{starts:?}");
    starts.iter().skip(3).step_by(4).for_each(|&at| bytes[at] = 0);
    let torn = clips.path("torn.mkv");
    std::fs::write(&torn, bytes).expect("writable");
    let output = clips.path("out.mkv");
    let done = halved(&torn, &output, H264);
    let told = |line: &String| line.contains("of sound could not be decoded");
    assert!(done.damage.iter().any(told), "{done:?}");
    let (before, after) = (hear(&source).expect("decodes"), hear(&output).expect("decodes"));
    assert!((before.end - after.end).abs() < 0.1 && after.last_picture > 0.9, "{}", after.end);
}

#[test]
fn gaps_in_the_sound_stay_gaps() {
    let clips = Clips::new();
    let source = clips.make(
        "in.mkv",
        "-f lavfi -i testsrc2=size=160x128:rate=25:duration=2 -f lavfi -i sine=frequency=1000:duration=2 \
         -af aselect=not(between(t\\,0.5\\,1.1)) -c:v libx264 -preset ultrafast -c:a pcm_s16le",
    );
    let before = hear(&source).expect("decodes");
    let output = clips.path("out.mkv");
    let done = halved(&source, &output, H264);
    assert!(done.damage.is_empty(), "{done:?}");
    let after = hear(&output).expect("decodes");
    assert!((after.end - before.end).abs() < 0.03, "{} became {}", before.end, after.end);
    let at = |time: f64| ((time - after.start) * f64::from(after.rate)) as usize;
    assert!(peak(&after.samples[0][at(0.6)..at(1.0)]) < 1e-3, "the gap is silent");
    assert!(peak(&after.samples[0][at(1.3)..at(1.8)]) > 0.01, "sound goes on after it");
}
