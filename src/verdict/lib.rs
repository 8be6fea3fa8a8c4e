//! What is said about a video: the evidence of each stage, the verdict drawn from it, and the exact JSON of both.
//!
//! Nothing here reads a file, a clock or the network. [`policy`] is a pure function from evidence to [`Verdict`];
//! [`Report`] is the document that `filigrane verify --json` prints.

mod classifier;
mod codes;
mod credentials;
mod depth;
mod fingerprints;
mod identifier;
mod jail;
mod language;
mod message;
mod number;
mod phrase;
mod policy;
mod registry;
mod report;
mod sound;
mod stage;
mod texts;
mod verdict;
mod visible;
mod watermark;

pub use classifier::{Classifier, ClassifierState, Clue, Place, Segment};
pub use codes::{Meaning, Weight, explain};
pub use credentials::{Consent, Credentials, CredentialsState, Edit, Model, Origin};
pub use depth::Depth;
pub use fingerprints::{Fingerprints, NearCode, PdqHash};
pub use identifier::{payload_of_manifest, same_manifest};
pub use jail::{Jail, JailLevel};
pub use language::{Language, translations};
pub use policy::{CONFIDENCE_CEILING, SOFT_CEILING, policy};
pub use registry::{ManifestSignature, RegistryFinding, RegistryState, Via, Withdrawal, WithdrawnBy};
pub use report::{Media, Report, SCHEMA, Timing, overall_exit_status};
pub use verdict::{Code, Verdict};
pub use visible::{is_deceptive, visible};
pub use watermark::{AudioMark, FurtherMark, Geometry, Strength, Watermark, WatermarkState};
