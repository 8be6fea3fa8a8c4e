//! Decodes, encodes and remuxes video; the only crate that knows FFmpeg.
//!
//! Every input is untrusted: it is opened through a read-only handle, with a list of containers that cannot lead to
//! other files, no protocol at all, and bounds on picture size, streams, pictures, seconds and time without
//! progress. FFmpeg writes nothing to standard error.
//!
//! - [`probe`]: what a file says of itself;
//! - [`Decoder`]: its pictures, in presentation order, of one file or of the several that a stream was cut into;
//! - [`SignatureSampler`]: the MPEG-7 signatures of its pictures;
//! - [`transcode`]: decode, let the caller change the luma, encode, and carry everything else over;
//! - [`transcode_with_sound`]: the same, and the caller changes the sound too;
//! - [`Film`]: encode pictures that come from no file;
//! - [`still`]: a still image, in the size of a clip.

mod cancel;
mod codec;
mod container;
mod copies;
mod damage;
mod decoder;
mod ears;
mod encode_plan;
mod error;
#[allow(unsafe_code)]
mod ffi;
mod film;
mod info;
mod outline;
mod outline_avi;
mod outline_ebml;
mod outline_mp4;
mod output_file;
mod parts;
mod picture;
mod pixel_choice;
mod rehearsal;
mod rgb_image;
mod signature_file;
mod signatures;
mod sniff;
mod sound;
mod sound_codec;
mod sound_lane;
mod sound_plan;
mod source;
mod still;
mod tags;
mod timeline;
mod transcode;
mod video_lane;
mod watch;

pub use cancel::Cancel;
pub use codec::{EncodeOptions, VideoCodec};
pub use container::{Container, muxer_for};
pub use decoder::{Decoder, Shown};
pub use error::{Error, TranscodeError};
pub use film::{Film, FilmForm, Filmed};
pub use info::{MediaInfo, probe, probe_parts};
pub use outline::{check_outline, check_outline_of};
pub use parts::Part;
pub use picture::Picture;
pub use rehearsal::rehearse;
pub use rgb_image::RgbImage;
pub use signatures::SignatureSampler;
pub use sound::{Sound, SoundFormat, SoundStep, SoundSteps};
pub use still::still;
pub use transcode::{Transcode, Transcoded, transcode, transcode_into, transcode_with_sound};
