//! A report page with a signature at its end, as somebody sends it around.
#![no_main]

use filigrane::provenance::{CredentialState, TrustAnchors, read_statement};
use filigrane::report::{sealed, unsealed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    // What the C2PA engine breaks off with is caught and is no crash; all else ends the process all the same.
    init: std::panic::set_hook(Box::new(|_| ())),
    |bytes: &[u8]| {
        let Some((page, signature)) = unsealed(bytes) else { return };
        if let Ok(page) = String::from_utf8(page.to_vec()) {
            let again = sealed(page.clone(), &signature);
            assert_eq!(unsealed(again.as_bytes()), Some((page.as_bytes(), signature.clone())));
        }
        if let Ok(read) = read_statement(&signature, page, &TrustAnchors::empty()) {
            assert_ne!(read.state, CredentialState::Trusted, "nobody is trusted");
            assert_ne!(read.state, CredentialState::Absent, "there is a signature");
        }
    }
);
