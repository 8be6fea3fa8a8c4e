//! A manifest store, as a registry or a stranger hands it over.
#![no_main]

use filigrane::frame::Limits;
use filigrane::provenance::{CredentialState, TrustAnchors, active_manifest, read_manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { manifest_bytes: 1 << 20, ..Limits::default() };
    if let Ok(read) = read_manifest(bytes, &TrustAnchors::empty(), &limits) {
        assert_ne!(read.state, CredentialState::Trusted, "nobody is trusted");
    }
    let _ = active_manifest(bytes);
});
