use crate::container::Container;
use crate::ffi::{Demuxer, Muxer, SoundEncoder, SoundFrame, StreamFacts, container_holds};

/// Lossy encoders and the most bits a second that they spend on any sound.
const LOSSY: [(&str, i64); 8] = [
    ("aac", 512_000),
    ("libopus", 510_000),
    ("libvorbis", 500_000),
    ("libmp3lame", 320_000),
    ("ac3", 640_000),
    ("eac3", 1_024_000),
    ("mp2", 384_000),
    ("libtwolame", 384_000),
];
/// Least bits a second that lossy sound gets: for one channel, for two, and for each of more.
const ONE_CHANNEL: i64 = 128_000;
const TWO_CHANNELS: i64 = 192_000;
const EACH_CHANNEL: i64 = 96_000;

/// Encoders for sound that had this codec, the nearest first.
fn candidates(codec: &str) -> Vec<&str> {
    let (own, lossless): (Vec<&str>, bool) = match codec {
        "aac" => (vec!["aac"], false),
        "mp3" => (vec!["libmp3lame"], false),
        "opus" => (vec!["libopus"], false),
        "vorbis" => (vec!["libvorbis"], false),
        "ac3" => (vec!["ac3", "eac3"], false),
        "eac3" => (vec!["eac3", "ac3"], false),
        "mp2" => (vec!["mp2"], false),
        "alac" => (vec!["alac", "flac"], true),
        "flac" | "truehd" | "mlp" | "wavpack" | "tta" | "ape" | "tak" => (vec!["flac", "alac"], true),
        pcm if pcm.starts_with("pcm_") => (vec![pcm, "pcm_s16le", "flac", "alac"], true),
        _ => (Vec::new(), false),
    };
    let tail = if lossless { &[] } else { &["aac", "libopus", "libvorbis"][..] };
    own.into_iter().chain(tail.iter().copied()).collect()
}

/// An encoder for the sound of `stream` that `container` takes, or why there is none.
pub(crate) fn choose(
    demuxer: &Demuxer,
    stream: &StreamFacts,
    first: &SoundFrame,
    container: Container,
    global_header: bool,
) -> Result<(String, SoundEncoder), String> {
    for name in candidates(&stream.codec) {
        let Some(id) = SoundEncoder::codec_id(name) else { continue };
        if !container_holds(container.muxer(), id) {
            continue;
        }
        let rate = LOSSY.iter().find(|(lossy, _)| *lossy == name).map(|(_, most)| {
            let channels = i64::try_from(first.shape().channels).unwrap_or(1);
            let least = match channels {
                1 => ONE_CHANNEL,
                2 => TWO_CHANNELS,
                more => EACH_CHANNEL * more,
            };
            least.max(stream.bit_rate).min(*most)
        });
        let opened = SoundEncoder::open(name, first, stream.sample_bits, rate, global_header);
        if let Ok(encoder) = opened
            && Muxer::would_hold(container.muxer(), &encoder, demuxer, stream.index)
        {
            return Ok((name.trim_start_matches("lib").to_owned(), encoder));
        }
    }
    Err(format!("no encoder of this FFmpeg fits it and {container}"))
}
