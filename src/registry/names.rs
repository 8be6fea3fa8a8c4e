//! Names of what manifests are looked up by. The first two are not on the C2PA list of soft-binding algorithms yet.

/// Name of the watermark in soft bindings: the first 64 bits of the manifest's UUID, big-endian.
pub const WATERMARK_ALGORITHM: &str = "org.filigrane.watermark.1";
/// Name of the fingerprint in soft bindings, in the fingerprint crate's own encoding.
pub const FINGERPRINT_ALGORITHM: &str = "org.filigrane.fingerprint.1";
/// Name of the ISCC in soft bindings: entry 3 of the C2PA list.
pub const ISCC_ALGORITHM: &str = "io.iscc.v0";
