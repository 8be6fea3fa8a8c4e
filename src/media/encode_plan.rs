use crate::Error;
use crate::codec::{EncodeOptions, VideoCodec};
use crate::container::Container;
use crate::decoder::colour_of_converted_rgb;
use crate::ffi::{EncoderSettings, Extra, Pixel, Ratio, Shape, VideoEncoder, VideoFrame, container_holds};
use crate::info::believable_rate;
use crate::pixel_choice::{Sizes, is_gray, nearest};
use crate::source::Source;

/// How a video will be encoded, settled from its first picture.
#[derive(Debug)]
pub(crate) struct EncodePlan {
    pub(crate) settings: EncoderSettings,
    /// What the codec or container cannot keep, in words.
    pub(crate) losses: Vec<String>,
}

/// x265 and the containers count time in 32 bits: finer ticks than this are rounded.
const FINEST: i32 = 1_000_000;

impl EncodePlan {
    pub(crate) fn new(
        source: &Source,
        first: &VideoFrame,
        options: &EncodeOptions,
        container: Container,
    ) -> Result<Self, Error> {
        let codec = options.codec;
        let pixel = choose_pixel(first, codec)?;
        let rate = believable_rate(&source.video).unwrap_or(Ratio { num: 25, den: 1 });
        let from = first.pixel().and_then(Pixel::shape);
        let rgb = from.is_some_and(|shape| shape.rgb);
        let interlaced = first.is_interlaced() && matches!(codec, VideoCodec::H264 | VideoCodec::Ffv1);
        let settings = EncoderSettings {
            encoder: codec.encoder(),
            pixel,
            width: first.width(),
            height: first.height(),
            time_base: if container.keeps_times() {
                time_base(source.video.time_base)
            } else {
                rate.inverse()
            },
            frame_rate: rate,
            sample_aspect: first.sample_aspect(),
            colour: if rgb { colour_of_converted_rgb(first.colour()) } else { first.colour() },
            field_order: source.video.field_order,
            interlaced,
            global_header: false,
            no_reordering: !container.keeps_times(),
            threads: options.threads.unwrap_or(0),
            options: encoder_options(source, first, options)?,
        };
        let losses = losses(source, first, from, &settings, codec, container);
        Ok(Self { settings, losses })
    }
}

/// Whether the codec fits into the container.
pub(crate) fn check_fit(codec: VideoCodec, container: Container) -> Result<(), Error> {
    let Some(id) = VideoEncoder::codec_id(codec.encoder()) else {
        return Err(Error::Unsupported(format!("this FFmpeg was built without {}", codec.encoder())));
    };
    let holds = |codec: VideoCodec, id| {
        // FFmpeg's QuickTime muxer lists these two but refuses them.
        let refused = container == Container::Mov && matches!(codec, VideoCodec::Vp9 | VideoCodec::Av1);
        !refused && container_holds(container.muxer(), id)
    };
    if holds(codec, id) {
        return Ok(());
    }
    let others = [VideoCodec::H264, VideoCodec::Hevc, VideoCodec::Vp9, VideoCodec::Av1, VideoCodec::Ffv1];
    let held: Vec<&str> = others
        .into_iter()
        .filter(|codec| VideoEncoder::codec_id(codec.encoder()).is_some_and(|id| holds(*codec, id)))
        .map(VideoCodec::name)
        .collect();
    Err(Error::Parameter(format!("{container} cannot hold {codec}; use {}", held.join(", "))))
}

fn choose_pixel(first: &VideoFrame, codec: VideoCodec) -> Result<Pixel, Error> {
    let name = first.pixel().map(|pixel| pixel.name()).unwrap_or_default();
    let unusable =
        || Error::Unsupported(format!("pictures in the format {name} cannot be encoded as {codec}"));
    let shape = first.pixel().and_then(Pixel::shape).ok_or_else(unusable)?;
    let sizes = match codec {
        VideoCodec::H264 | VideoCodec::Hevc => Sizes::WholeChroma,
        VideoCodec::Vp9 | VideoCodec::Av1 | VideoCodec::Ffv1 => Sizes::Any,
    };
    let candidates = VideoEncoder::pixels(codec.encoder()).unwrap_or_default();
    nearest(shape, candidates, sizes, first.width(), first.height()).ok_or_else(unusable)
}

fn time_base(stream: Ratio) -> Ratio {
    let usable = stream.num > 0 && stream.den >= stream.num && stream.den <= FINEST;
    if usable { stream } else { Ratio::MICROSECOND }
}

fn encoder_options(
    source: &Source,
    first: &VideoFrame,
    options: &EncodeOptions,
) -> Result<Vec<(String, String)>, Error> {
    let [display, light] = source.demuxer.light(source.video.index);
    let display = first.extra(Extra::MasteringDisplay).map(<[u8]>::to_vec).or(display);
    let light = first.extra(Extra::ContentLight).map(<[u8]>::to_vec).or(light);
    let display = display.as_deref().and_then(mastering_display);
    let light = light.as_deref().and_then(content_light);
    options_with_light(options, display, light)
}

/// The encoder's options with the light levels in x265's words, if any.
pub(crate) fn options_with_light(
    options: &EncodeOptions,
    display: Option<String>,
    light: Option<String>,
) -> Result<Vec<(String, String)>, Error> {
    let mut pairs = options.encoder_options()?;
    match options.codec {
        VideoCodec::H264 => {
            let own: Vec<String> = display
                .map(|display| format!("mastering-display={display}"))
                .into_iter()
                .chain(light.map(|light| format!("cll={light}")))
                .collect();
            if !own.is_empty() {
                pairs.push(("x264-params".to_owned(), own.join(":")));
            }
        }
        VideoCodec::Hevc => {
            // x265 would write to standard error by itself.
            let mut own = vec!["log-level=none".to_owned()];
            own.extend(display.map(|display| format!("master-display={display}")));
            own.extend(light.map(|light| format!("max-cll={light}")));
            let wanted = options.threads.filter(|threads| *threads > 0);
            let wanted = wanted.map(|threads| (threads, threads.min(16)));
            // With one alone it does without a pool.
            let there = options.cores.filter(|cores| *cores > 1).map(|cores| (cores, frame_threads(cores)));
            if let Some((pool, frames)) = wanted.or(there) {
                own.push(format!("pools={pool}"));
                own.push(format!("frame-threads={frames}"));
            }
            pairs.push(("x265-params".to_owned(), own.join(":")));
        }
        VideoCodec::Vp9 | VideoCodec::Av1 | VideoCodec::Ffv1 => {}
    }
    Ok(pairs)
}

/// How many pictures x265 works on at once by itself.
fn frame_threads(cores: u32) -> u32 {
    match cores {
        32.. => 5,
        16..32 => 4,
        8..16 => 3,
        4..8 => 2,
        _ => 1,
    }
}

/// SMPTE ST 2086 in x265's words: chromaticities in 1/50000, luminances in 1/10000 cd/m².
/// `bytes` is an `AVMasteringDisplayMetadata`: ten fractions (red, green, blue, white, each x and y; least and largest
/// luminance), then two flags that say which of them are set.
fn mastering_display(bytes: &[u8]) -> Option<String> {
    let numbers: Vec<i32> = bytes.as_chunks::<4>().0.iter().map(|bytes| i32::from_ne_bytes(*bytes)).collect();
    let [has_primaries, has_luminance] = *numbers.get(20..22)?.as_array::<2>()?;
    if has_primaries == 0 || has_luminance == 0 {
        return None;
    }
    let value = |index: usize, unit: f64| {
        let (num, den) = (*numbers.get(2 * index)?, *numbers.get(2 * index + 1)?);
        Some((Ratio { num: num.max(0), den }.positive().unwrap_or(0.0) * unit).round() as u32)
    };
    let point = |index: usize| Some(format!("({},{})", value(index, 50_000.0)?, value(index + 1, 50_000.0)?));
    Some(format!(
        "G{}B{}R{}WP{}L({},{})",
        point(2)?,
        point(4)?,
        point(0)?,
        point(6)?,
        value(9, 10_000.0)?,
        value(8, 10_000.0)?
    ))
}

/// CTA-861.3 in x265's words. `bytes` is an `AVContentLightMetadata`: two numbers.
fn content_light(bytes: &[u8]) -> Option<String> {
    let numbers: Vec<u32> = bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_ne_bytes(*bytes)).collect();
    Some(format!("{},{}", numbers.first()?, numbers.get(1)?))
}

fn losses(
    source: &Source,
    first: &VideoFrame,
    from: Option<Shape>,
    settings: &EncoderSettings,
    codec: VideoCodec,
    container: Container,
) -> Vec<String> {
    let mut losses = Vec::new();
    let mut lose = |lost: bool, words: String| {
        if lost {
            losses.push(words);
        }
    };
    if let (Some(from), Some(to)) = (from, settings.pixel.shape()) {
        lose(to.bits < from.bits, format!("{} bits a sample became {} in {codec}", from.bits, to.bits));
        let coarser =
            to.log2_chroma_width > from.log2_chroma_width || to.log2_chroma_height > from.log2_chroma_height;
        let chroma = !is_gray(from) && coarser;
        lose(chroma, format!("chroma is coarser in {codec} ({})", settings.pixel));
        lose(from.alpha && !to.alpha, format!("transparency is not kept in {codec}"));
    }
    let rotation = source.video.rotation;
    let turned = rotation != 0 && !container.keeps_rotation();
    lose(turned, format!("{container} cannot say that the picture is turned by {rotation} degrees"));
    lose(
        first.is_interlaced() && !settings.interlaced,
        format!("interlaced pictures are coded as whole ones in {codec}"),
    );
    let dynamic = first.extra(Extra::DynamicHdr).is_some();
    lose(dynamic, "dynamic HDR10+ metadata is not kept".to_owned());
    let dolby = source.video.has_dolby_vision || first.extra(Extra::DolbyVision).is_some();
    lose(dolby, "Dolby Vision metadata is not kept".to_owned());
    let captions = first.extra(Extra::Captions).is_some() && codec != VideoCodec::H264;
    lose(captions, format!("closed captions inside the video are not kept in {codec}"));
    losses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mastering_display_is_written_in_the_units_of_the_standard() {
        let fractions = [
            (34_000, 50_000),
            (16_000, 50_000),
            (13_250, 50_000),
            (34_500, 50_000),
            (7_500, 50_000),
            (3_000, 50_000),
            (15_635, 50_000),
            (16_450, 50_000),
            (50, 10_000),
            (10_000_000, 10_000),
        ];
        let numbers = fractions.iter().flat_map(|(num, den)| [*num, *den]).chain([1, 1]);
        let bytes: Vec<u8> = numbers.flat_map(|number: i32| number.to_ne_bytes()).collect();
        let words = mastering_display(&bytes).expect("complete");
        assert_eq!(words, "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)");
        assert_eq!(mastering_display(&bytes[..80]), None);
    }

    #[test]
    fn a_codec_that_does_not_fit_is_refused_with_those_that_do() {
        let error = check_fit(VideoCodec::H264, Container::Webm).expect_err("no place for it");
        assert_eq!(error.to_string(), "webm cannot hold h264; use vp9, av1");
        for container in [Container::Mp4, Container::Mov, Container::Matroska, Container::Avi] {
            assert!(check_fit(VideoCodec::H264, container).is_ok());
        }
    }
}
