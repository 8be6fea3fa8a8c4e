use std::slice;

use filigrane_frame::Limits;

use crate::container::Container;
use crate::decoder::{Decoder, Form, Step};
use crate::encode_plan::EncodePlan;
use crate::ffi::{Code, Packet, Pixel, VideoDecoder, VideoEncoder, VideoFrame};
use crate::parts::Part;
use crate::{Cancel, EncodeOptions, Error, Picture};

/// Decodes the first pictures of a video, at most `most`, lets `change` alter their luma, codes them as `options` say and
/// decodes them again for `see`: a small dose of what a platform will do to the whole. Nothing is written.
///
/// The luma alone is coded, so that the outcome does not hang on how finely the input samples its chroma.
///
/// Returns the number of pictures seen; pictures after a change of size are left out.
///
/// # Errors
/// As [`Decoder::next_picture`]; [`Error::Unsupported`] when the encoder does not take these pictures.
pub fn rehearse(
    input: &Part,
    options: &EncodeOptions,
    most: usize,
    limits: &Limits,
    cancel: &Cancel,
    change: &mut dyn FnMut(&mut Picture),
    see: &mut dyn FnMut(&Picture),
) -> Result<usize, Error> {
    let mut decoder = Decoder::open_as(slice::from_ref(input), limits, cancel, Form::AsDecoded)?;
    decoder.skip_other_streams();
    let Some(first) = next(&mut decoder)? else { return Ok(0) };
    let mut plan = EncodePlan::new(decoder.source(), &first, options, Container::Matroska)?;
    let decoded = plan.settings.pixel;
    plan.settings.pixel = luma_alone(decoded);
    let refused =
        |code: Code| Error::Unsupported(format!("no rehearsal: {} says {code}", plan.settings.encoder));
    let mut encoder = VideoEncoder::open(&plan.settings).map_err(refused)?;
    let mut again = VideoDecoder::of(&encoder).map_err(refused)?;
    let mut packet = Packet::new().map_err(refused)?;
    // The first picture has another form than those to come: it is read again.
    let size = (first.width(), first.height());
    let mut decoder = Decoder::open_as(slice::from_ref(input), limits, cancel, Form::Exactly(decoded))?;
    decoder.skip_other_streams();
    let mut seen = 0;
    for number in 0..most {
        let Some(frame) = next(&mut decoder)?.filter(|frame| (frame.width(), frame.height()) == size) else {
            break;
        };
        let mut picture = Picture::new(frame, 0.0)?;
        change(&mut picture);
        let frame = picture.frame_mut();
        frame.set_pts(number as i64);
        frame.forget_type();
        // Its plane 0 is the luma already.
        frame.rename(plan.settings.pixel);
        encoder.send(Some(picture.frame())).map_err(refused)?;
        seen += pass_on(&mut encoder, &mut again, &mut packet, see).map_err(refused)?;
    }
    encoder.send(None).map_err(refused)?;
    seen += pass_on(&mut encoder, &mut again, &mut packet, see).map_err(refused)?;
    again.send(None).map_err(refused)?;
    seen += show(&mut again, see).map_err(refused)?;
    Ok(seen)
}

/// The format of the same luma samples without chroma; the same format where there is none.
fn luma_alone(pixel: Pixel) -> Pixel {
    let bits = pixel.shape().map(|shape| shape.bits);
    Pixel::all()
        .find(|other| {
            other
                .shape()
                .is_some_and(|shape| shape.components == 1 && shape.luma_plane && Some(shape.bits) == bits)
        })
        .unwrap_or(pixel)
}

fn next(decoder: &mut Decoder) -> Result<Option<VideoFrame>, Error> {
    loop {
        match decoder.advance()? {
            Step::Picture(frame, _) => return Ok(Some(frame)),
            Step::Packet => {}
            Step::End => return Ok(None),
        }
    }
}

/// Decodes all that the encoder has ready.
fn pass_on(
    encoder: &mut VideoEncoder,
    decoder: &mut VideoDecoder,
    packet: &mut Packet,
    see: &mut dyn FnMut(&Picture),
) -> Result<usize, Code> {
    let mut seen = 0;
    loop {
        match encoder.receive(packet) {
            Ok(()) => {
                decoder.send(Some(packet))?;
                seen += show(decoder, see)?;
            }
            Err(Code::AGAIN | Code::END) => return Ok(seen),
            Err(code) => return Err(code),
        }
    }
}

fn show(decoder: &mut VideoDecoder, see: &mut dyn FnMut(&Picture)) -> Result<usize, Code> {
    let mut seen = 0;
    loop {
        match decoder.receive() {
            Ok(frame) => {
                if let Ok(picture) = Picture::new(frame, 0.0) {
                    see(&picture);
                    seen += 1;
                }
            }
            Err(Code::AGAIN | Code::END) => return Ok(seen),
            Err(code) => return Err(code),
        }
    }
}
