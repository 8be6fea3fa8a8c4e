use std::cell::Cell;
use std::fs::File;
use std::path::Path;
use std::slice;

use filigrane_fingerprint::{Fingerprint, Sampler};
use filigrane_frame::Limits;
use filigrane_media::{
    Cancel, Decoder, EncodeOptions, Part, Picture, SignatureSampler, SoundFormat, Transcode, TranscodeError,
    muxer_for, probe_parts,
};
use filigrane_watermark::{Embedder, Key, Payload, Strength};
use serde::{Deserialize, Serialize};

use crate::binding::thinned;
use crate::error::Error;
use crate::fit::{Force, fit};
use crate::pictures::Pictures;
use crate::progress::Progress;
use crate::sound::{Marked, marking};
use crate::thumbnail::Thumbnail;
use crate::video_code;

/// What is done to the pictures and the sound of a video, in words that pass from one process to another.
#[derive(Serialize, Deserialize)]
pub(crate) struct Marking {
    payload: Payload,
    /// As strongly as that; `None` for as strongly as the clip needs.
    strength: Option<f32>,
    key: [u8; 32],
    audio: bool,
    /// What the output's name ends in.
    extension: String,
    codec: String,
    crf: Option<u32>,
    preset: Option<String>,
    threads: Option<u32>,
    cores: Option<u32>,
}

impl Marking {
    pub fn new(
        payload: Payload,
        force: Force,
        key: &Key,
        audio: bool,
        encode: &EncodeOptions,
        output: &Path,
    ) -> Self {
        Self {
            payload,
            strength: match force {
                Force::Fixed(strength) => Some(strength.factor()),
                Force::Fitted => None,
            },
            key: key.to_bytes(),
            audio,
            extension: output.extension().unwrap_or_default().to_string_lossy().into_owned(),
            codec: encode.codec.name().to_owned(),
            crf: encode.crf,
            preset: encode.preset.clone(),
            threads: encode.threads,
            cores: std::thread::available_parallelism()
                .ok()
                .and_then(|cores| u32::try_from(cores.get()).ok()),
        }
    }

    fn force(&self) -> Result<Force, Error> {
        Ok(match self.strength {
            Some(factor) => Force::Fixed(Strength::new(factor)?),
            None => Force::Fitted,
        })
    }

    fn encode(&self) -> Result<EncodeOptions, Error> {
        let mut encode = EncodeOptions::new(self.codec.parse()?);
        encode.crf = self.crf;
        encode.preset.clone_from(&self.preset);
        encode.threads = self.threads;
        encode.cores = self.cores;
        Ok(encode)
    }
}

/// Encodes the marked pictures into an empty file.
pub(crate) fn mark(
    input: &Part,
    output: File,
    how: &Marking,
    limits: &Limits,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Pictures, Error> {
    let (force, key, payload) = (how.force()?, Key::new(how.key), how.payload);
    let info = probe_parts(slice::from_ref(input), limits)?;
    let of = info.frames;
    let fitted = fit(input, force, payload, &key, how.cores, limits, cancel)?;
    let mut sampler = Sampler::default();
    let mut thumbnail = Thumbnail::of(info.duration);
    let mut embedder: Option<Embedder> = None;
    let frames = Cell::new(0);
    let mut each = |picture: &mut Picture| {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let embedder = match &mut embedder {
            Some(embedder) => embedder,
            none => none.insert(fitted.embedder(&key, payload, width, height)?),
        };
        embedder.mark(&mut picture.luma_mut())?;
        sampler.push(picture.luma(), picture.time());
        thumbnail.push(picture);
        frames.set(frames.get() + 1);
        progress.step("marking", frames.get(), of);
        Ok::<_, Error>(())
    };
    let marked = Marked::default();
    let mut sounds = |format: &SoundFormat| marking(format, payload, &key, sound_strength(force), &marked);
    let encode = how.encode()?;
    let work = Transcode {
        input,
        container: muxer_for(&Path::new("video").with_extension(&how.extension))?,
        options: &encode,
        limits,
        cancel,
        beat: &|| progress.step("marking", frames.get(), of),
    };
    let written = work.write_to_file(output, &mut each, if how.audio { Some(&mut sounds) } else { None });
    let written = written.map_err(|error| match error {
        TranscodeError::Media(error) => Error::Media(error),
        TranscodeError::Step(error) => error,
    })?;
    let mut notes: Vec<String> = fitted.note.into_iter().chain(written.dropped_streams).collect();
    notes.extend(written.losses);
    notes.extend(written.sound);
    notes.extend(marked.notes());
    notes.extend(written.damage);
    Ok(Pictures {
        fingerprint: sampler.finish().map(|samples| thinned(&Fingerprint::of(&samples))),
        thumbnail: thumbnail.finish(),
        frames: written.frames,
        luma_psnr: embedder.and_then(|embedder| embedder.luma_psnr()),
        audio_snr: marked.snr(),
        audio_nmr: marked.noise_to_mask(),
        notes,
        ..Pictures::of(&written.info)
    })
}

/// The sound has no rehearsal: its masking model is its measure.
fn sound_strength(force: Force) -> Strength {
    match force {
        Force::Fixed(strength) => strength,
        Force::Fitted => Strength::default(),
    }
}

/// Looks at pictures that stay as they are.
pub(crate) fn watch(mut decoder: Decoder, progress: &dyn Progress) -> Result<Pictures, Error> {
    let info = decoder.info().clone();
    let mut sampler = Sampler::default();
    let mut signatures = SignatureSampler::new(&info);
    let mut thumbnail = Thumbnail::of(info.duration);
    let mut frames = 0;
    while let Some(picture) = decoder.next_picture()? {
        sampler.push(picture.luma(), picture.time());
        signatures.push(&picture);
        thumbnail.push(&picture);
        frames += 1;
        progress.step("reading", frames, info.frames);
    }
    let mut notes = decoder.damage().to_vec();
    Ok(Pictures {
        fingerprint: sampler.finish().map(|samples| thinned(&Fingerprint::of(&samples))),
        code: video_code::or_note(video_code::of(signatures), &mut notes),
        thumbnail: thumbnail.finish(),
        frames,
        notes,
        ..Pictures::of(&info)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_passes_through_words() {
        let mut encode = EncodeOptions::new("vp9".parse().expect("a codec"));
        (encode.crf, encode.preset, encode.threads) = (Some(30), Some("fast".to_owned()), Some(2));
        let forces = [Force::Fitted, Force::Fixed(Strength::new(1.5).expect("allowed"))];
        for force in forces {
            let how = Marking::new(Payload(7), force, &Key::public(), true, &encode, Path::new("a.b.WebM"));
            assert_eq!(how.force().expect("a force"), force);
            encode.cores = how.cores;
            assert_eq!(how.encode().expect("options"), encode);
            assert_eq!(how.extension, "WebM");
        }
    }
}
