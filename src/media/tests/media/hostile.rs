//! Files that are damaged, lie, or are no video at all; and what bounds the work.

use std::convert::Infallible;
use std::fs;

use crate::clips::{Clips, options, recode, try_recode};
use filigrane_frame::{ErrorKind, Limits};
use filigrane_media::{
    Cancel, Decoder, EncodeOptions, Error, Picture, TranscodeError, VideoCodec, probe, transcode,
};

fn count(path: &std::path::Path) -> Result<(usize, Vec<String>), Error> {
    let mut decoder = Decoder::open(path, &Limits::default(), &Cancel::default())?;
    let (mut pictures, mut last) = (0, -1.0);
    while let Some(picture) = decoder.next_picture()? {
        assert!(picture.time() > last, "time went back");
        (pictures, last) = (pictures + 1, picture.time());
    }
    Ok((pictures, decoder.damage().to_vec()))
}

fn refusal(path: &std::path::Path) -> (ErrorKind, String) {
    let error = probe(path, &Limits::default()).expect_err("refused");
    (error.kind(), error.to_string())
}

#[test]
fn what_is_no_video_is_refused_in_one_clear_line() {
    use ErrorKind::{Io, Malformed, Unsupported};
    let clips = Clips::new();
    let empty = clips.text("empty.mp4", "");
    assert_eq!(refusal(&empty), (Malformed, "the file is empty".to_owned()));
    let words = clips.text("words.mp4", &"this is no video. ".repeat(500));
    assert_eq!(refusal(&words).0, Malformed);
    assert!(refusal(&words).1.contains("not a video that FFmpeg recognises"));
    let sound = clips.make("sound.m4a", "-f lavfi -i sine=duration=0.2 -c:a aac");
    assert_eq!(refusal(&sound), (Unsupported, "no video stream (only audio: aac)".to_owned()));
    let image = clips.make("image.png", "-f lavfi -i testsrc2=size=64x64 -frames:v 1");
    assert_eq!(refusal(&image), (Unsupported, "not a video but a still image (PNG)".to_owned()));
    assert_eq!(refusal(&clips.path("absent.mp4")).0, Io);
    assert_eq!(refusal(&clips.path("")).0, Io);
}

#[test]
fn play_lists_named_mp4_are_refused_and_lead_nowhere() {
    let clips = Clips::new();
    let secret = clips.plain("secret.ts", "-c:v libx264");
    let segment = secret.to_string_lossy().into_owned();
    let hls = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n{segment}\n#EXT-X-ENDLIST\n"
    );
    let concat = format!("ffconcat version 1.0\nfile '{segment}'\n");
    // Without its first word the recogniser of this crate is out of the way, and FFmpeg's own list must hold.
    for (name, text) in [
        ("hls.mp4", hls.clone()),
        ("concat.mp4", concat.clone()),
        ("late-hls.mp4", format!("\u{feff}{hls}")),
        ("late-concat.mp4", format!("# a comment\n{concat}")),
    ] {
        let path = clips.text(name, &text);
        let accessed = fs::metadata(&secret).and_then(|facts| facts.accessed()).expect("a time");
        let error = Decoder::open(&path, &Limits::default(), &Cancel::default()).expect_err(name);
        assert!(matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Malformed), "{name}: {error}");
        assert_eq!(
            fs::metadata(&secret).and_then(|facts| facts.accessed()).expect("a time"),
            accessed,
            "{name}"
        );
    }
}

#[test]
fn a_file_cut_in_the_middle_gives_its_first_pictures_and_says_so() {
    let clips = Clips::new();
    for (name, options) in [
        ("whole.mkv", "-c:v libx264"),
        ("whole.mp4", "-c:v libx264 -movflags +faststart"),
        ("whole.avi", "-c:v mpeg4"),
        ("whole.webm", "-c:v libvpx-vp9 -b:v 300k -deadline realtime"),
    ] {
        let whole = clips
            .make(name, &format!("-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 -g 10 {options}"));
        assert_eq!(count(&whole).expect("whole"), (50, vec![]), "{name}");
        let bytes = fs::read(&whole).expect("readable");
        let cut = clips.path(&format!("cut-{name}"));
        fs::write(&cut, &bytes[..bytes.len() * 6 / 10]).expect("writable");
        let (pictures, damage) = count(&cut).expect("the first pictures");
        assert!((10..45).contains(&pictures), "{name}: {pictures}");
        assert!(!damage.is_empty(), "{name}: silent about its end");
        let done = recode(&cut, &clips.path("out.mkv"), VideoCodec::H264);
        assert_eq!(done.frames as usize, pictures, "{name}");
        assert!(!done.damage.is_empty());
    }
}

#[test]
fn bytes_overwritten_in_the_middle_are_survived() {
    let clips = Clips::new();
    let whole = clips.make(
        "in.mp4",
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 -c:v libx264 -g 10 -movflags +faststart",
    );
    let mut bytes = fs::read(&whole).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4000].fill(0x5a);
    let broken = clips.path("broken.mp4");
    fs::write(&broken, &bytes).expect("writable");
    let (pictures, damage) = count(&broken).expect("most pictures");
    assert!(pictures > 20, "{pictures}");
    assert!(!damage.is_empty());
    let done = recode(&broken, &clips.path("out.mp4"), VideoCodec::H264);
    assert_eq!((done.frames as usize, done.damage.is_empty()), (pictures, false));
}

#[test]
fn each_limit_is_kept_and_named() {
    let clips = Clips::new();
    let clip = clips.plain("in.mp4", "-f lavfi -i sine=duration=1 -c:v libx264 -c:a aac");
    let ends = |limits: Limits| {
        let run = || -> Result<(), Error> {
            let mut decoder = Decoder::open(&clip, &limits, &Cancel::default())?;
            while decoder.next_picture()?.is_some() {}
            Ok(())
        };
        let error = run().expect_err("a limit");
        assert_eq!(error.kind(), ErrorKind::Limit);
        error.to_string()
    };
    let all = Limits::default();
    assert_eq!(
        ends(Limits { pixels: 320 * 239, ..all }),
        "320x240 pictures are over the limit of 76480 pixels"
    );
    assert_eq!(ends(Limits { frames: 24, ..all }), "25 pictures are over the limit of 24");
    assert_eq!(ends(Limits { seconds: 0.5, ..all }), "1 s are over the limit of 0.5 s");
    assert_eq!(ends(Limits { streams: 1, ..all }), "2 streams or more are over the limit of 1");
    assert!(ends(Limits { stall_seconds: 0.0, ..all }).contains("no picture came for 0 s"));
    // What no header declares is counted.
    let undeclared = clips.plain("in.ts", "-c:v libx264");
    let mut decoder =
        Decoder::open(&undeclared, &Limits { frames: 24, ..all }, &Cancel::default()).expect("a video");
    let error = std::iter::from_fn(|| decoder.next_picture().transpose()).find_map(Result::err);
    assert_eq!(error.expect("a limit").to_string(), "more than 24 pictures");
}

#[test]
fn cancelling_ends_the_work_and_leaves_no_output() {
    let clips = Clips::new();
    let input = clips.plain("in.mp4", "-c:v libx264");
    let output = clips.path("out.mp4");
    let cancel = Cancel::default();
    let mut pictures = 0;
    let mut each = |_: &mut Picture| {
        pictures += 1;
        if pictures == 5 {
            cancel.cancel();
        }
        Ok::<(), Infallible>(())
    };
    let result =
        transcode(&input, &output, &options(VideoCodec::H264), &Limits::default(), &cancel, &mut each);
    assert!(matches!(result, Err(TranscodeError::Media(Error::Cancelled))));
    assert_eq!(pictures, 5);
    assert!(!output.exists());
    assert!(matches!(Decoder::open(&input, &Limits::default(), &cancel), Err(Error::Cancelled)));
}

#[test]
fn a_failing_step_is_handed_back_and_leaves_no_output() {
    let clips = Clips::new();
    let input = clips.plain("in.mp4", "-c:v libx264");
    let output = clips.path("out.mp4");
    let mut each = |picture: &mut Picture| if picture.time() > 0.3 { Err("enough") } else { Ok(()) };
    let options = options(VideoCodec::H264);
    let result = transcode(&input, &output, &options, &Limits::default(), &Cancel::default(), &mut each);
    assert!(matches!(result, Err(TranscodeError::Step("enough"))));
    assert!(!output.exists());
}

#[test]
fn wrong_requests_are_refused_before_anything_is_written() {
    let clips = Clips::new();
    let input = clips.plain("in.mp4", "-c:v libx264");
    let before = fs::read(&input).expect("readable");
    let refuse = |output: &std::path::Path, options: EncodeOptions| {
        let mut each = |_: &mut Picture| Ok::<(), Infallible>(());
        let result = transcode(&input, output, &options, &Limits::default(), &Cancel::default(), &mut each);
        match result {
            Err(TranscodeError::Media(error)) => {
                assert_eq!(error.kind(), ErrorKind::Parameter, "{error}");
                error.to_string()
            }
            other => panic!("{other:?}"),
        }
    };
    let plain = options(VideoCodec::H264);
    assert_eq!(refuse(&input, plain.clone()), "the output would overwrite the input");
    assert!(refuse(&clips.path("out.wmv"), plain.clone()).starts_with("cannot write .wmv files"));
    assert!(refuse(&clips.path("out.webm"), plain.clone()).starts_with("webm cannot hold h264"));
    assert!(refuse(&clips.path("out.mp4"), EncodeOptions { crf: Some(99), ..plain }).contains("0 to 51"));
    assert_eq!(fs::read(&input).expect("still there"), before);
    assert!(!clips.path("out.mp4").exists() && !clips.path("out.webm").exists());
}

#[test]
fn an_output_that_is_no_regular_file_is_refused() {
    let clips = Clips::new();
    let input = clips.plain("in.mp4", "-c:v libx264");
    let output = clips.path("out.mp4");
    std::os::unix::fs::symlink("/dev/null", &output).expect("a link");
    let error = try_recode(&input, &output, VideoCodec::H264).expect_err("not a regular file");
    assert_eq!(error.to_string(), "the output is not a regular file");
}

#[test]
fn pictures_that_change_size_are_decoded_but_not_transcoded() {
    let clips = Clips::new();
    clips.plain("small.h264", "-c:v libx264 -bf 0 -bsf:v h264_mp4toannexb");
    clips.make(
        "large.h264",
        "-f lavfi -i testsrc2=size=640x480:rate=25:duration=1 -c:v libx264 -bf 0 -bsf:v h264_mp4toannexb",
    );
    let both = [fs::read(clips.path("small.h264")), fs::read(clips.path("large.h264"))]
        .map(|part| part.expect("readable"));
    let joined = clips.path("joined.h264");
    fs::write(&joined, both.concat()).expect("writable");
    assert_eq!(count(&joined).expect("decodes").0, 50);
    let error = try_recode(&joined, &clips.path("out.mp4"), VideoCodec::H264).expect_err("two sizes");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("changes from 320x240 to 640x480"), "{error}");
    assert!(!clips.path("out.mp4").exists());
}
