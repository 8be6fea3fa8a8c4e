use std::sync::Arc;
use std::time::{Duration, Instant};

use c2pa::{Context, Settings};

use crate::pen::Lent;
use crate::{Error, TrustAnchors};

/// Stack for the engine, which descends recursively into what attackers nest.
const STACK: usize = 32 << 20;

/// Files from this size on are hashed in pieces: whole, the engine holds up to half a gigabyte of them.
const LARGE: u64 = 64 << 20;
/// Size of a piece, KiB: a gigabyte then takes 4 kB of hashes in the manifest.
const PIECE: u64 = 8 << 10;

/// A context that never touches the network, checks everything it can, and gives up at the deadline.
pub(crate) fn context(trust: &TrustAnchors, deadline: Option<Duration>) -> Result<Arc<Context>, Error> {
    build(trust, deadline, 0)
}

/// The same for signing a file of so many bytes with so many boxes of media data. With several, the engine mixes up which
/// hashes belong to which, now and then: such a file is hashed whole.
pub(crate) fn signing(size: u64, media: u64) -> Result<Arc<Context>, Error> {
    build(&TrustAnchors::empty(), None, if media == 1 { size } else { 0 })
}

/// The same for signing with a signer that the engine keeps, whose manifests are embedded by the caller.
pub(crate) fn lending(signer: Lent) -> Result<Arc<Context>, Error> {
    Ok(configured(&TrustAnchors::empty(), 0)?.with_signer(signer).into_shared())
}

fn build(trust: &TrustAnchors, deadline: Option<Duration>, size: u64) -> Result<Arc<Context>, Error> {
    let mut context = configured(trust, size)?;
    if let Some(allowed) = deadline {
        let start = Instant::now();
        context = context.with_progress_callback(move |_, _, _| start.elapsed() < allowed);
    }
    Ok(context.into_shared())
}

fn configured(trust: &TrustAnchors, size: u64) -> Result<Context, Error> {
    let failed = |error: c2pa::Error| Error::Internal(format!("C2PA settings: {error}"));
    let mut settings = serde_json::json!({
        "core": {
            "allowed_network_hosts": [],
            // Checking these may fetch documents; they are reported as they stand.
            "decode_identity_assertions": false,
            "backing_store_memory_threshold_in_mb": 64,
        },
        "verify": {
            "verify_after_reading": true,
            "verify_after_sign": true,
            "verify_after_sign_hash": true,
            "verify_trust": true,
            "ocsp_fetch": false,
            "remote_manifest_fetch": false,
        },
    });
    if size >= LARGE {
        settings["core"]["merkle_tree_chunk_size_in_kb"] = PIECE.into();
        // All hashes of pieces stand in the manifest; the file gets no further boxes.
        settings["core"]["merkle_tree_max_proofs"] = 0.into();
    }
    if !trust.signers_pem().is_empty()
        && let Some(settings) = settings.as_object_mut()
    {
        settings.insert("trust".to_owned(), serde_json::json!({ "user_anchors": trust.signers_pem() }));
    }
    let settings = Settings::new().with_json(&settings.to_string()).map_err(failed)?;
    Context::new().with_settings(settings).map_err(failed)
}

/// Runs the engine on a roomy stack of its own. `None` when it panicked.
pub(crate) fn guarded<T: Send>(work: impl FnOnce() -> T + Send) -> Result<Option<T>, Error> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("credentials".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work)
            .map_err(|error| Error::Internal(format!("can't start a thread: {error}")))?;
        Ok(thread.join().ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_understood_by_the_engine() {
        let context = context(&TrustAnchors::empty(), None).unwrap();
        let settings = context.settings();
        assert_eq!(settings.core.allowed_network_hosts.as_ref().map(Vec::len), Some(0));
        assert!(settings.verify.verify_after_sign && !settings.verify.remote_manifest_fetch);
        assert!(settings.get_value::<bool>("verify.verify_after_sign_hash").unwrap());
    }

    #[test]
    fn a_panic_in_the_engine_is_contained() {
        assert_eq!(guarded(|| 7).unwrap(), Some(7));
        assert_eq!(guarded(|| -> u8 { panic!("contained") }).unwrap(), None);
    }
}
