//! Where the rooms meet: [`stamp`] marks and signs a video, [`verify`] gathers the evidence about one.

mod binding;
mod error;
mod file;
mod fingerprints;
mod fit;
mod import;
mod lookup;
mod place;
mod progress;
mod publish;
mod sound;
mod stamp;
mod verify;
mod video_code;
mod withdraw;

pub use binding::{FINGERPRINT_ALGORITHM, ISCC_ALGORITHM, WATERMARK_ALGORITHM};
pub use error::Error;
pub use fit::Force;
pub use import::{Imported, import};
pub use progress::Progress;
pub use publish::entry_of;
pub use stamp::{Stamp, Stamped, check, stamp};
pub use verify::{Shelf, Stages, Still, Verified, Verifier};
pub use withdraw::withdraw;
