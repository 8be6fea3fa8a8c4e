//! Frame hashes that tell the same content from other content after re-encoding, scaling and, when the view is known,
//! cropping and mirroring, and the hashes that others exchange: PDQ and ISCC. `SPEC.md` §7 has the formats.

mod compare;
mod fingerprint;
mod grid;
mod keys;
mod pdq;
mod sampler;
mod video_code;
mod view;

pub use compare::{Comparison, Likeness, compare, compare_fingerprints};
pub use fingerprint::{Fingerprint, FrameHash, MalformedFingerprint};
pub use keys::Probes;
pub use pdq::{MalformedPdq, PDQ_QUALITY, PDQ_SAME, Pdq, PdqFrame, PdqSampler, pdq_share};
pub use sampler::{Sampler, Samples};
pub use video_code::{MalformedVideoCode, VIDEO_CODE_NEAR, VideoCode};
pub use view::View;
