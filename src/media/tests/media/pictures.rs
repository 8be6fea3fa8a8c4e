//! What comes out of the decoder, and what a change of luma becomes.

use std::convert::Infallible;

use crate::clips::{Clips, options, recode, times};
use filigrane_frame::{ColourRange, Limits};
use filigrane_media::{Cancel, Decoder, Picture, RgbImage, VideoCodec, probe, transcode};

fn pictures(path: &std::path::Path) -> Vec<Picture> {
    let mut decoder = Decoder::open(path, &Limits::default(), &Cancel::default()).expect("opens");
    std::iter::from_fn(|| decoder.next_picture().expect("decodes")).collect()
}

fn mean(picture: &Picture) -> f64 {
    let luma = picture.luma();
    let layout = luma.layout();
    let mut row = vec![0.0; layout.width];
    let mut sum = 0.0;
    for y in 0..layout.height {
        luma.read_row(y, &mut row);
        sum += row.iter().map(|value| f64::from(*value)).sum::<f64>();
    }
    sum / (layout.width * layout.height) as f64
}

#[test]
fn pictures_come_in_presentation_order_with_ffprobes_times() {
    let clips = Clips::new();
    let clip = clips.plain("in.mp4", "-c:v libx264 -bf 3");
    let decoded = pictures(&clip);
    let expected = times(&clip);
    assert_eq!(decoded.len(), expected.len());
    for (picture, expected) in decoded.iter().zip(&expected) {
        assert!((picture.time() - expected.parse::<f64>().expect("time")).abs() < 1e-6);
    }
    assert!(decoded[0].is_key() && !decoded[1].is_key());
}

#[test]
fn broadcast_time_starts_at_zero() {
    let clips = Clips::new();
    let decoded = pictures(&clips.plain("in.ts", "-c:v libx264 -bf 2"));
    assert_eq!(decoded.len(), 25);
    assert!(decoded[0].time().abs() < 1e-6 && (decoded[24].time() - 0.96).abs() < 1e-6);
}

#[test]
fn a_broadcast_clock_that_starts_anew_goes_on() {
    let clips = Clips::new();
    let part = std::fs::read(clips.plain("part.ts", "-f lavfi -i sine=duration=1 -c:v libx264 -c:a aac"))
        .expect("readable");
    let twice = clips.path("twice.ts");
    std::fs::write(&twice, [part.clone(), part].concat()).expect("writable");
    let decoded = pictures(&twice);
    assert_eq!(decoded.len(), 50);
    assert!((decoded[49].time() - 1.96).abs() < 0.1, "{}", decoded[49].time());
    let output = clips.path("out.mp4");
    let done = recode(&twice, &output, VideoCodec::H264);
    assert!((done.duration - 2.0).abs() < 0.1, "{}", done.duration);
}

#[test]
fn probe_tells_container_codec_size_and_tags() {
    let clips = Clips::new();
    let clip = clips.plain("in.mov", "-f lavfi -i sine=duration=1 -c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le -c:a aac -metadata title=Hello");
    let info = probe(&clip, &Limits::default()).expect("readable");
    let words =
        (info.container.as_str(), info.video.as_str(), info.audio.as_deref(), info.pixel_format.as_str());
    assert_eq!(words, ("mov", "hevc", Some("aac"), "yuv420p10le"));
    assert_eq!((info.width, info.height, info.bits, info.frames, info.streams), (320, 240, 10, Some(25), 2));
    assert_eq!((info.fps, info.duration, info.rotation, info.sample_aspect), (25.0, Some(1.0), 0, (1, 1)));
    assert!(info.tags.contains(&("title".to_owned(), "Hello".to_owned())));
    for (name, options, container, video) in [
        ("a.webm", "-c:v libvpx-vp9 -deadline realtime", "webm", "vp9"),
        ("b.mkv", "-c:v ffv1", "matroska", "ffv1"),
        ("c.avi", "-c:v mpeg4", "avi", "mpeg4"),
        ("d.gif", "", "gif", "gif"),
        ("e.flv", "-c:v flv1", "flv", "flv1"),
        ("f.y4m", "-pix_fmt yuv420p", "y4m", "rawvideo"),
    ] {
        let info = probe(&clips.plain(name, options), &Limits::default()).expect(name);
        assert_eq!((info.container.as_str(), info.video.as_str()), (container, video));
    }
}

#[test]
fn every_kind_of_picture_has_a_luma_plane_of_the_same_brightness() {
    let clips = Clips::new();
    let reference =
        mean(&pictures(&clips.plain("ref.nut", "-vf format=gray16le,format=yuv444p16le -c:v rawvideo"))[0]);
    for format in [
        "yuv420p",
        "yuvj420p",
        "nv12",
        "yuyv422",
        "yuv422p10be",
        "rgb24",
        "bgr0",
        "gbrp10le",
        "yuva420p",
        "gray",
    ] {
        let clip =
            clips.plain(&format!("{format}.nut"), &format!("-frames:v 2 -pix_fmt {format} -c:v rawvideo"));
        let first = &pictures(&clip)[0];
        let found = mean(first);
        // BT.709's weights against BT.601's, and gray's full range read as limited, move the mean a little.
        let near = if format == "gray" { 24.0 } else { 8.0 };
        assert!((found - reference).abs() < near, "{format}: {found} against {reference}");
        assert_eq!(first.luma().layout().bits > 8, format.contains("10"), "{format}");
    }
    let full = pictures(&clips.plain("full.mkv", "-pix_fmt yuvj420p -c:v mjpeg"));
    assert_eq!(full[0].luma().layout().range, ColourRange::Full);
}

#[test]
fn a_change_of_luma_is_what_gets_encoded() {
    let clips = Clips::new();
    for (format, codec, peak) in
        [("yuv420p", VideoCodec::H264, 235.0), ("yuv422p10le", VideoCodec::Ffv1, 940.0)]
    {
        let input = clips.plain("in.mkv", &format!("-pix_fmt {format} -c:v ffv1"));
        let output = clips.path("out.mkv");
        let mut whiten = |picture: &mut Picture| {
            let mut luma = picture.luma_mut();
            let layout = luma.layout();
            for y in 0..layout.height / 2 {
                let row = luma.row_mut(y);
                let white = (peak as u16).to_le_bytes();
                match layout.bytes_per_sample() {
                    1 => row.fill(white[0]),
                    _ => row.as_chunks_mut::<2>().0.fill(white),
                }
            }
            Ok::<(), Infallible>(())
        };
        let limits = Limits::default();
        transcode(&input, &output, &options(codec), &limits, &Cancel::default(), &mut whiten)
            .expect("transcodes");
        let (before, after) = (pictures(&input), pictures(&output));
        assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            let mut row = vec![0.0; 320];
            after.luma().read_row(60, &mut row);
            assert!(row.iter().all(|value| (value - 255.0).abs() < 12.0), "{codec}: {row:?}");
            let mut old = vec![0.0; 320];
            before.luma().read_row(200, &mut old);
            after.luma().read_row(200, &mut row);
            let difference = old.iter().zip(&row).map(|(old, new)| (old - new).abs()).sum::<f32>() / 320.0;
            assert!(difference < if codec == VideoCodec::Ffv1 { 1e-6 } else { 6.0 }, "{codec}: {difference}");
        }
    }
}

#[test]
fn thumbnails_fit_keep_the_shape_and_have_the_right_colours() {
    let clips = Clips::new();
    for (colour, matrix, expected) in
        [("red", "bt709", [255, 0, 0]), ("0x20A0F0", "smpte170m", [0x20, 0xa0, 0xf0])]
    {
        let make = format!(
            "-f lavfi -i color={colour}:size=320x240:rate=25:duration=0.2 -vf scale=out_color_matrix={matrix}:flags=accurate_rnd,format=yuv420p,setsar=2/1 \
             -colorspace {matrix} -c:v libx264 -crf 0"
        );
        let first = pictures(&clips.make("in.mp4", &make)).swap_remove(0);
        let image = first.to_rgb(100, 100).expect("an image");
        assert_eq!((image.width, image.height), (100, 38), "320x240 with samples twice as wide as high");
        for pixel in image.data.chunks(3) {
            let near = pixel.iter().zip(expected).all(|(found, wanted)| found.abs_diff(wanted) <= 4);
            assert!(near, "{pixel:?} is not {expected:?}");
        }
    }
}

#[test]
fn png_is_lossless_and_jpeg_close() {
    let clips = Clips::new();
    let data: Vec<u8> =
        (0..61 * 47).flat_map(|at: u32| [(at % 61 * 4) as u8, (at / 61 * 5) as u8, 128]).collect();
    let image = RgbImage::new(61, 47, data.clone()).expect("61x47");
    let read = |name: &str, bytes: Vec<u8>| {
        std::fs::write(clips.path(name), bytes).expect("writable");
        std::fs::read(clips.make("back.rgb", &format!("-i {name} -f rawvideo -pix_fmt rgb24")))
            .expect("readable")
    };
    assert_eq!(read("a.png", image.to_png().expect("PNG")), data);
    let back = read("a.jpg", image.to_jpeg().expect("JPEG"));
    assert_eq!(back.len(), data.len());
    let error: u64 = back.iter().zip(&data).map(|(new, old)| u64::from(new.abs_diff(*old))).sum();
    assert!(error / (data.len() as u64) < 6, "{error}");
    assert!(RgbImage::new(2, 2, vec![0; 11]).is_err());
}
