//! Settles where a video comes from: marks it invisibly, signs it, and verifies it when the metadata is gone.
//!
//! The rooms of the house, as one crate. `ARCHITECTURE.md` says which may import which.

pub use filigrane_archive as archive;
pub use filigrane_detect as detect;
pub use filigrane_fingerprint as fingerprint;
pub use filigrane_fleet as fleet;
pub use filigrane_frame as frame;
pub use filigrane_generate as generate;
pub use filigrane_infer as infer;
pub use filigrane_media as media;
pub use filigrane_pipeline as pipeline;
pub use filigrane_provenance as provenance;
pub use filigrane_registry as registry;
pub use filigrane_report as report;
pub use filigrane_scan as scan;
pub use filigrane_service as service;
pub use filigrane_verdict as verdict;
pub use filigrane_watermark as watermark;
