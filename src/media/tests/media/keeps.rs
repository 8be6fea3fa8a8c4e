//! What a transcoded file has in common with its source, as ffprobe sees both.

use crate::clips::{Clips, ffprobe, packets, recode, stream, times};
use filigrane_media::VideoCodec::{self, Av1, Ffv1, H264, Hevc, Vp9};

const SOUND: &str = "-f lavfi -i sine=duration=1";

fn colour_of(path: &std::path::Path) -> Vec<String> {
    let stream = stream(path, "v:0");
    ["color_range", "color_space", "color_transfer", "color_primaries"]
        .map(|key| stream[key].as_str().unwrap_or("unknown").to_owned())
        .to_vec()
}

#[test]
fn every_codec_in_every_container_keeps_number_and_times_of_pictures_and_the_sound() {
    let clips = Clips::new();
    let source = clips.plain("in.mp4", &format!("{SOUND} -c:v libx264 -bf 3 -c:a aac"));
    let sound = packets(&source, "a:0").1;
    let pictures = times(&source);
    for (codec, extensions) in [
        (H264, vec!["mp4", "m4v", "mov", "mkv", "avi"]),
        (Hevc, vec!["mp4", "mov", "mkv"]),
        (Vp9, vec!["mp4", "webm", "mkv"]),
        (Av1, vec!["mp4", "webm"]),
        (Ffv1, vec!["mkv", "avi"]),
    ] {
        for extension in extensions {
            let output = clips.path(&format!("out-{codec}.{extension}"));
            let done = recode(&source, &output, codec);
            let name = format!("{codec} in {extension}");
            assert_eq!(done.frames, 25, "{name}");
            assert!((done.duration - 1.0).abs() < 1e-6, "{name}: {}", done.duration);
            assert!(done.damage.is_empty() && done.losses.is_empty(), "{name}: {done:?}");
            assert_eq!(stream(&output, "v:0")["codec_name"], codec.name(), "{name}");
            assert_eq!(times(&output).len(), 25, "{name}");
            if extension == "webm" {
                assert_eq!(done.dropped_streams, ["audio stream 1 (aac) has no place in webm"]);
                continue;
            }
            assert_eq!(packets(&output, "a:0").1, sound, "{name}");
            if ["mp4", "m4v", "mov"].contains(&extension) {
                assert_eq!(times(&output), pictures, "{name}");
                assert_eq!(packets(&output, "a:0").0, packets(&source, "a:0").0, "{name}");
            }
        }
    }
}

fn offset_of_sound(path: &std::path::Path) -> f64 {
    let first = |selector| -> f64 {
        packets(path, selector).0.iter().map(|t| t.parse::<f64>().expect("a time")).fold(f64::MAX, f64::min)
    };
    first("a:0") - first("v:0")
}

#[test]
fn sound_stays_where_it_was_against_the_picture() {
    let clips = Clips::new();
    let late = clips.make(
        "late.mp4",
        &format!("-itsoffset 0.4 -f lavfi -i testsrc2=size=320x240:rate=25:duration=1 {SOUND} -c:v libx264 -bf 3 -c:a aac"),
    );
    let broadcast = clips.plain("broadcast.ts", &format!("{SOUND} -c:v libx264 -bf 3 -c:a aac"));
    for source in [late, broadcast] {
        for name in ["out.mp4", "out.mkv", "out.mov"] {
            let output = clips.path(name);
            recode(&source, &output, H264);
            let (before, after) = (offset_of_sound(&source), offset_of_sound(&output));
            assert!((before - after).abs() < 0.002, "{source:?} to {name}: {before} became {after}");
        }
    }
}

#[test]
fn variable_frame_rate_keeps_every_time_stamp() {
    let clips = Clips::new();
    let source =
        clips.plain("in.mp4", "-vf settb=1/90000,setpts=N*N/(400*TB) -fps_mode vfr -enc_time_base 1/90000 -c:v libx264 -video_track_timescale 90000");
    let before = times(&source);
    let gaps: std::collections::BTreeSet<_> = before
        .windows(2)
        .map(|pair| {
            (1e4 * (pair[1].parse::<f64>().expect("time") - pair[0].parse::<f64>().expect("time"))) as i64
        })
        .collect();
    assert!(gaps.len() > 10, "the clip is not variable: {before:?}");
    for codec in [H264, Hevc, Vp9, Av1] {
        let output = clips.path(&format!("{codec}.mp4"));
        recode(&source, &output, codec);
        assert_eq!(times(&output), before, "{codec}");
    }
}

#[test]
fn colour_tags_and_sample_aspect_stay() {
    let clips = Clips::new();
    let tags = "-vf setsar=5/4,format=yuv420p -color_range pc -colorspace smpte170m -color_primaries bt470bg -color_trc smpte170m";
    let source = clips.plain("in.mp4", &format!("{tags} -c:v libx264"));
    let before = colour_of(&source);
    assert_eq!(before, ["pc", "smpte170m", "smpte170m", "bt470bg"]);
    for (codec, name) in [(H264, "a.mp4"), (Hevc, "b.mkv"), (Vp9, "c.webm"), (Av1, "d.mp4"), (Ffv1, "e.mkv")]
    {
        let output = clips.path(name);
        recode(&source, &output, codec);
        assert_eq!(colour_of(&output), before, "{codec}");
        assert_eq!(stream(&output, "v:0")["sample_aspect_ratio"], "5:4", "{codec}");
    }
}

#[test]
fn rotation_stays_where_the_container_has_it_and_is_told_where_not() {
    let clips = Clips::new();
    clips.plain("flat.mp4", "-c:v libx264");
    let source = clips.make("turned.mp4", "-i flat.mp4 -c copy -metadata:s:v rotate=90");
    let before = stream(&source, "v:0")["side_data_list"][0]["rotation"].clone();
    assert!(before.is_number());
    for name in ["out.mp4", "out.mov"] {
        let output = clips.path(name);
        let done = recode(&source, &output, H264);
        // This option of the program turns against the clock.
        assert_eq!(done.info.rotation, 270);
        assert_eq!(stream(&output, "v:0")["side_data_list"][0]["rotation"], before);
        assert_eq!(filigrane_media::probe(&output, &Default::default()).expect("readable").rotation, 270);
    }
    let lost = recode(&source, &clips.path("out.mkv"), H264).losses;
    assert_eq!(lost, ["matroska cannot say that the picture is turned by 270 degrees"]);
}

/// An object's fields in order, with fractions ("53/200") as numbers.
fn in_numbers(object: &serde_json::Value) -> String {
    let number = |value: &serde_json::Value| {
        let (num, den) = value.as_str()?.split_once('/')?;
        Some((num.parse::<f64>().ok()? / den.parse::<f64>().ok()?).to_string())
    };
    let fields = object.as_object().expect("an object").iter();
    fields.map(|(key, value)| format!("{key}={} ", number(value).unwrap_or(value.to_string()))).collect()
}

#[test]
fn hdr10_light_levels_stay() {
    let clips = Clips::new();
    let hdr = "-vf format=yuv420p10le -c:v libx265 -preset ultrafast -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc \
        -x265-params log-level=none:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400";
    let source = clips.plain("in.mp4", hdr);
    let light = |path: &std::path::Path| {
        let frame =
            ffprobe(path, "-select_streams v:0 -show_frames -read_intervals %+#1")["frames"][0].clone();
        let mut found: Vec<_> = frame["side_data_list"].as_array().cloned().unwrap_or_default();
        found.extend(stream(path, "v:0")["side_data_list"].as_array().cloned().unwrap_or_default());
        found.retain(|item| {
            let kind = item["side_data_type"].as_str().unwrap_or_default();
            kind.contains("Mastering") || kind.contains("light level")
        });
        let mut values: Vec<String> = found.iter().map(in_numbers).collect();
        values.sort();
        values.dedup();
        values
    };
    let before = light(&source);
    assert_eq!(before.len(), 2, "{before:?}");
    for (codec, name) in [(Hevc, "a.mp4"), (Hevc, "b.mkv"), (H264, "c.mp4"), (Vp9, "d.mkv"), (Av1, "e.mp4")] {
        let output = clips.path(name);
        recode(&source, &output, codec);
        assert_eq!(light(&output), before, "{codec} {name}");
        assert_eq!(stream(&output, "v:0")["pix_fmt"], "yuv420p10le");
        assert_eq!(colour_of(&output)[1..], ["bt2020nc", "smpte2084", "bt2020"]);
    }
}

#[test]
fn depth_chroma_gray_and_odd_sizes_take_the_nearest_format() {
    let clips = Clips::new();
    let even: [(&str, &str, VideoCodec, &str); 9] = [
        ("yuv422p10le", "mkv", H264, "yuv422p10le"),
        ("yuv444p", "mp4", H264, "yuv444p"),
        ("yuv422p10le", "mkv", Hevc, "yuv422p10le"),
        ("yuv420p12le", "mkv", H264, "yuv420p10le"),
        ("yuv444p10le", "mkv", Vp9, "yuv444p10le"),
        ("gray", "mkv", Hevc, "gray"),
        ("gray", "mkv", Vp9, "yuv420p"),
        ("gbrp", "mkv", H264, "yuv444p"),
        ("rgb48le", "mkv", Ffv1, "yuv444p16le"),
    ];
    for (from, extension, codec, to) in even {
        let source = clips.plain(&format!("{from}.nut"), &format!("-pix_fmt {from} -c:v rawvideo"));
        let output = clips.path(&format!("{from}-{codec}.{extension}"));
        let done = recode(&source, &output, codec);
        assert_eq!(stream(&output, "v:0")["pix_fmt"], to, "{from} as {codec}");
        assert_eq!(done.frames, 25);
        assert_eq!(done.losses.is_empty(), from != "yuv420p12le", "{from}: {:?}", done.losses);
    }
    let crop = "-vf format=yuv444p,crop=319:239:0:0:exact=1,format=yuv420p -c:v ffv1";
    let odd = clips.plain("odd.mkv", crop);
    for (codec, to) in
        [(H264, "yuv444p"), (Hevc, "yuv444p"), (Vp9, "yuv420p"), (Av1, "yuv420p"), (Ffv1, "yuv420p")]
    {
        let output = clips.path(&format!("odd-{codec}.mkv"));
        recode(&odd, &output, codec);
        let video = stream(&output, "v:0");
        assert_eq!(
            (&video["pix_fmt"], &video["width"], &video["height"]),
            (&to.into(), &319.into(), &239.into())
        );
    }
}

#[test]
fn subtitles_chapters_languages_roles_and_metadata_stay() {
    let clips = Clips::new();
    clips.text(
        "words.srt",
        "1\n00:00:00,100 --> 00:00:00,400\nbonjour\n\n2\n00:00:00,500 --> 00:00:00,900\nau revoir\n",
    );
    clips.text(
        "meta.txt",
        ";FFMETADATA1\ntitle=A title\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\n\
         [CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=1000\ntitle=Two\n",
    );
    for (extension, subtitles) in [("mkv", "srt"), ("mp4", "mov_text")] {
        let source = clips.plain(
            &format!("in.{extension}"),
            &format!(
                "{SOUND} {SOUND} -i words.srt -i meta.txt -map 0 -map 1 -map 2 -map 3 -map_metadata 4 -map_chapters 4 -c:v libx264 -c:a aac \
                 -c:s {subtitles} -metadata:s:a:0 language=fra -metadata:s:a:1 language=eng -disposition:a:0 0 -disposition:a:1 default \
                 -disposition:s:0 forced -metadata creation_time=2020-01-02T03:04:05Z"
            ),
        );
        let output = clips.path(&format!("out.{extension}"));
        let done = recode(&source, &output, H264);
        assert!(done.dropped_streams.is_empty(), "{done:?}");
        for selector in ["a:0", "a:1", "s:0"] {
            let (before, after) = (stream(&source, selector), stream(&output, selector));
            assert_eq!(before["tags"]["language"], after["tags"]["language"], "{extension} {selector}");
            assert_eq!(before["disposition"], after["disposition"], "{extension} {selector}");
            let (old, new) = (packets(&source, selector), packets(&output, selector));
            assert_eq!(old.1, new.1, "{extension} {selector}");
            for (old, new) in old.0.iter().zip(&new.0) {
                let (old, new) = (old.parse::<f64>().expect("time"), new.parse::<f64>().expect("time"));
                assert!((old - new).abs() < 0.0021, "{extension} {selector}: {old} became {new}");
            }
        }
        let chapters = |path| {
            let chapters =
                ffprobe(path, "-show_chapters")["chapters"].as_array().cloned().unwrap_or_default();
            chapters
                .iter()
                .map(|one| {
                    [&one["start_time"], &one["end_time"], &one["tags"]["title"]]
                        .map(|value| value.to_string())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(chapters(&output).len(), 2);
        assert_eq!(chapters(&source), chapters(&output), "{extension}");
        let tags = |path| ffprobe(path, "-show_format")["format"]["tags"].clone();
        assert_eq!(tags(&output)["title"], "A title");
        assert_eq!(tags(&output)["creation_time"], tags(&source)["creation_time"]);
    }
    let dropped = recode(&clips.path("in.mkv"), &clips.path("no-place.mp4"), H264).dropped_streams;
    assert_eq!(dropped, ["subtitle stream 3 (subrip) has no place in mp4"]);
}

#[test]
fn cover_pictures_attachments_and_a_second_video_are_copied() {
    let clips = Clips::new();
    clips.make("cover.png", "-f lavfi -i testsrc2=size=64x64 -frames:v 1");
    clips.text("note.ttf", "not really a font, but bytes that must stay");
    let source = clips.plain(
        "in.mp4",
        "-f lavfi -i mandelbrot=size=160x120:rate=10 -i cover.png -map 0 -map 1 -map 2 -t 1 -c:v:0 libx264 -c:v:1 libx264 \
         -c:v:2 copy -disposition:v:1 0 -disposition:v:2 attached_pic",
    );
    let covered = clips.path("out.mp4");
    assert!(recode(&source, &covered, H264).dropped_streams.is_empty());
    assert_eq!(stream(&covered, "v:0")["width"], 320);
    assert_eq!(packets(&source, "v:1").1, packets(&covered, "v:1").1, "the second video");
    assert_eq!(stream(&covered, "v:2")["disposition"]["attached_pic"], 1);
    assert_eq!(packets(&source, "v:2").1, packets(&covered, "v:2").1, "the cover");

    let in_matroska = clips.path("out.mkv");
    assert!(recode(&source, &in_matroska, H264).dropped_streams.is_empty());
    assert_eq!(packets(&in_matroska, "v:2").1, packets(&source, "v:2").1, "the cover as an attachment");
    let lost = recode(&source, &clips.path("out.avi"), H264).dropped_streams;
    assert_eq!(lost, ["cover picture stream 2 (png) has no place in avi"]);

    let fonts = clips.plain(
        "fonts.mkv",
        "-c:v libx264 -attach note.ttf -metadata:s:t mimetype=application/x-truetype-font",
    );
    let kept = clips.path("kept.mkv");
    assert!(recode(&fonts, &kept, H264).dropped_streams.is_empty());
    let attachment = stream(&kept, "t:0");
    assert_eq!(attachment["tags"]["filename"], "note.ttf");
    assert_eq!(attachment["extradata_size"], 43);
}

#[test]
fn interlaced_pictures_stay_interlaced_in_h264() {
    let clips = Clips::new();
    let source = clips.plain(
        "in.mp4",
        "-vf tinterlace=interleave_top,fieldorder=tff -flags +ildct+ilme -c:v libx264 -x264-params tff=1",
    );
    let interlaced = |path: &std::path::Path| {
        let frame =
            ffprobe(path, "-select_streams v:0 -show_frames -read_intervals %+#1")["frames"][0].clone();
        (frame["interlaced_frame"].clone(), frame["top_field_first"].clone())
    };
    assert_eq!(interlaced(&source), (1.into(), 1.into()));
    let output = clips.path("out.mp4");
    assert!(recode(&source, &output, H264).losses.is_empty());
    assert_eq!(interlaced(&output), (1.into(), 1.into()));
    let lost = recode(&source, &clips.path("out.webm"), Vp9).losses;
    assert_eq!(lost, ["interlaced pictures are coded as whole ones in vp9"]);
}

#[test]
fn the_same_input_and_options_give_the_same_bytes() {
    let clips = Clips::new();
    let source = clips.plain("in.mp4", &format!("{SOUND} -c:v libx264 -c:a aac"));
    for (codec, extension) in [(H264, "mp4"), (Hevc, "mkv"), (Vp9, "mkv"), (Av1, "mp4"), (Ffv1, "mkv")] {
        let [one, other] = ["one", "other"].map(|name| {
            let path = clips.path(&format!("{name}.{extension}"));
            recode(&source, &path, codec);
            std::fs::read(path).expect("written")
        });
        assert!(one == other, "{codec}");
    }
}
