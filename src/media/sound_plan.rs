use filigrane_frame::Limits;

use crate::container::Container;
use crate::ffi::{Medium, SoundDecoder, SoundFrame, StreamFacts};
use crate::info::declared_seconds;
use crate::sound::{SoundFormat, SoundSteps};
use crate::sound_codec::choose;
use crate::sound_lane::SoundLane;
use crate::source::Source;

/// A lane for each audio stream that the caller has a step for, in the places of their streams; why others have none
/// goes to `notes`.
pub(crate) fn lanes(
    source: &Source,
    first: &[Option<SoundFrame>],
    container: Container,
    global_header: bool,
    limits: &Limits,
    steps: &mut SoundSteps<'_>,
    notes: &mut Vec<String>,
) -> Vec<Option<SoundLane>> {
    let mut lanes = Vec::new();
    for stream in &source.streams {
        let first = first.get(stream.index).and_then(Option::as_ref);
        lanes.push(None);
        if stream.medium != Medium::Audio || stream.is_internal {
            continue;
        }
        match lane(source, stream, first, container, global_header, limits, steps) {
            Ok((codec, lane)) => {
                let same = codec == stream.codec || codec == "mp3lame" && stream.codec == "mp3";
                if !same {
                    notes.push(format!("{} became {codec}", stream.words()));
                }
                lanes.pop();
                lanes.push(Some(lane));
            }
            Err(reason) => notes.push(format!("{} carries no mark: {reason}", stream.words())),
        }
    }
    lanes
}

fn lane(
    source: &Source,
    stream: &StreamFacts,
    first: Option<&SoundFrame>,
    container: Container,
    global_header: bool,
    limits: &Limits,
    steps: &mut SoundSteps<'_>,
) -> Result<(String, SoundLane), String> {
    let first = first.ok_or("none of it could be decoded")?;
    let shape = first.shape();
    if !shape.is_usable() {
        return Err(format!("{} channels are too many", shape.channels));
    }
    let format = SoundFormat {
        stream: stream.index,
        codec: stream.codec.clone(),
        rate: shape.rate,
        channels: shape.channels,
        low_frequency: shape.low_frequency,
        seconds: declared_seconds(stream).or(source.info.duration),
    };
    let step = steps(&format)?;
    let (codec, encoder) = choose(&source.demuxer, stream, first, container, global_header)?;
    let failed = |code| format!("its decoder cannot be opened: {code}");
    let decoder = SoundDecoder::open(&source.demuxer, stream.index).map_err(failed)?;
    let lane = SoundLane::new(decoder, step, encoder, shape, stream.time_base, limits.seconds);
    Ok((codec, lane.map_err(failed)?))
}
