//! Where the rooms meet: [`stamp()`] marks and signs a video, [`produce()`] one that a model makes, [`verify`] gathers the
//! evidence about one.

mod binding;
mod delivery;
mod error;
mod file;
mod fingerprints;
mod fit;
mod import;
mod input;
mod lookup;
mod pictures;
mod place;
mod produce;
mod progress;
mod publish;
mod resolve;
mod sound;
mod stamp;
mod stamp_stream;
mod verify;
mod video_code;
mod withdraw;

pub use binding::{FINGERPRINT_ALGORITHM, ISCC_ALGORITHM, WATERMARK_ALGORITHM};
pub use error::Error;
pub use filigrane_media::Cancel;
pub use filigrane_provenance::active_manifest;
pub use fit::Force;
pub use import::{Imported, import};
pub use produce::{Produce, Produced, produce};
pub use progress::Progress;
pub use publish::{entry_of, entry_of_manifest};
pub use resolve::{ALGORITHMS, Algorithm, AlgorithmKind, Found, binds, by_binding, by_content};
pub use stamp::{Stamp, Stamped, check, stamp};
pub use stamp_stream::{check_stream, stamp_stream};
pub use verify::{Shelf, Stages, Still, Verified, Verifier};
pub use withdraw::{accept_withdrawal, withdraw};
