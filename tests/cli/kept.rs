//! What stamping leaves as it was: sound, subtitles, chapters, time stamps, shape and colour of the picture.

use std::path::Path;

use crate::clip::{column, ffmpeg, ffprobe, fixture, once, stream};
use crate::program::User;

fn packets(path: &Path, selector: &str) -> Vec<String> {
    column(
        path,
        &format!("-select_streams {selector} -show_packets -show_data_hash md5"),
        "packets",
        "data_hash",
    )
}

fn times(path: &Path) -> Vec<String> {
    let arguments = "-select_streams v:0 -show_frames -show_entries frame=best_effort_timestamp_time";
    column(path, arguments, "frames", "best_effort_timestamp_time")
}

#[track_caller]
fn same_of_stream(before: &Path, after: &Path, selector: &str, keys: &[&str]) {
    let (before, after) = (stream(before, selector), stream(after, selector));
    for key in keys {
        assert!(!before[key].is_null(), "the fixture has no {key}: {before:#}");
        assert_eq!(before[key], after[key], "{selector} {key}");
    }
}

/// Two sound tracks, subtitles, chapters, a title; the pictures come at growing distances.
fn full() -> std::path::PathBuf {
    once("full.mp4", |path| {
        let folder = path.parent().unwrap();
        std::fs::write(folder.join("full.srt"), "1\n00:00:00,100 --> 00:00:00,400\nbonjour\n").unwrap();
        std::fs::write(
            folder.join("full.txt"),
            ";FFMETADATA1\ntitle=A title\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\n\
             [CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=1000\ntitle=Two\n",
        )
        .unwrap();
        ffmpeg(
            "-f lavfi -i testsrc2=size=320x240:rate=25:duration=1 -f lavfi -i sine=duration=1 \
             -f lavfi -i sine=duration=1:frequency=900 -i full.srt -i full.txt \
             -map 0 -map 1 -map 2 -map 3 -map_metadata 4 -map_chapters 4 \
             -vf settb=1/90000,setpts=N*N/(400*TB),setsar=5/4,format=yuv420p -fps_mode vfr -enc_time_base 1/90000 \
             -video_track_timescale 90000 -c:v libx264 -color_range tv -colorspace smpte170m \
             -color_primaries bt470bg -color_trc smpte170m -c:a aac -c:s mov_text \
             -metadata:s:a:0 language=fra -metadata:s:a:1 language=eng",
            path,
        );
    })
}

#[test]
fn sound_subtitles_and_chapters_are_the_same_packets() {
    let user = User::new();
    let signed = user.path("signed.mp4");
    user.stamp(&full(), &signed, "").succeeds();
    for selector in ["a:0", "a:1", "s:0"] {
        assert!(!packets(&full(), selector).is_empty());
        assert_eq!(packets(&full(), selector), packets(&signed, selector), "{selector}");
        same_of_stream(&full(), &signed, selector, &["codec_name", "disposition"]);
        assert_eq!(
            stream(&full(), selector)["tags"]["language"],
            stream(&signed, selector)["tags"]["language"],
            "{selector}"
        );
    }
    let chapters = |path: &Path| -> Vec<[String; 3]> {
        let all = ffprobe(path, "-show_chapters");
        let all = all["chapters"].as_array().unwrap();
        all.iter()
            .map(|one| [&one["start_time"], &one["end_time"], &one["tags"]["title"]].map(ToString::to_string))
            .collect()
    };
    assert_eq!(chapters(&full()).len(), 2);
    assert_eq!(chapters(&full()), chapters(&signed));
    assert_eq!(ffprobe(&signed, "-show_format")["format"]["tags"]["title"], "A title");
}

#[test]
fn uneven_time_stamps_pixel_shape_and_colour_tags_stay() {
    let user = User::new();
    let signed = user.path("signed.mp4");
    user.stamp(&full(), &signed, "").succeeds();
    let before = times(&full());
    let gaps: std::collections::BTreeSet<i64> = before
        .windows(2)
        .map(|pair| (1e4 * (pair[1].parse::<f64>().unwrap() - pair[0].parse::<f64>().unwrap())) as i64)
        .collect();
    assert!(gaps.len() > 10, "the fixture is not uneven: {before:?}");
    assert_eq!(times(&signed), before);
    let keys = [
        "width",
        "height",
        "pix_fmt",
        "sample_aspect_ratio",
        "display_aspect_ratio",
        "color_range",
        "color_space",
        "color_transfer",
        "color_primaries",
    ];
    same_of_stream(&full(), &signed, "v:0", &keys);
    assert_eq!(stream(&signed, "v:0")["sample_aspect_ratio"], "5:4");
}

#[test]
fn ten_bits_and_full_chroma_stay() {
    let user = User::new();
    for (name, format) in
        [("deep.mp4", "yuv420p10le"), ("full-chroma.mp4", "yuv444p"), ("both.mp4", "yuv444p10le")]
    {
        let source = fixture(
            name,
            &format!(
                "-f lavfi -i testsrc2=size=192x144:rate=25:duration=0.4 -vf format={format} -c:v libx264 -preset ultrafast"
            ),
        );
        let signed = user.path(name);
        user.stamp(&source, &signed, "").succeeds();
        same_of_stream(&source, &signed, "v:0", &["pix_fmt", "width", "height", "nb_frames"]);
        assert_eq!(stream(&signed, "v:0")["pix_fmt"], format);
    }
}

#[test]
fn a_turned_picture_stays_turned() {
    let user = User::new();
    let flat = fixture(
        "flat.mp4",
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=0.4 -c:v libx264 -preset ultrafast",
    );
    let source = fixture("turned.mp4", &format!("-i {} -c copy -metadata:s:v rotate=90", flat.display()));
    let signed = user.path("signed.mp4");
    user.stamp(&source, &signed, "").succeeds();
    let rotation = |path: &Path| stream(path, "v:0")["side_data_list"][0]["rotation"].clone();
    assert!(rotation(&source).is_number());
    assert_eq!(rotation(&signed), rotation(&source));
    user.verify(&signed, "").verdict("verified", 0);
}
