use std::ops::ControlFlow;

use filigrane_fingerprint::{Fingerprint, Samples, View, compare};
use filigrane_registry::{Error, Registry};

/// Largest distance, of 256, at which a search among all registered clips calls two the same: stricter than the
/// comparison with one that a watermark names, since many are tried.
const NEAR: u32 = 36;
/// Fewest cells compared.
const CELLS: u32 = 200;

/// The registered clip most like the one at hand, and how far off it is.
pub(crate) fn nearest(registry: &Registry, samples: &Samples) -> Result<Option<(String, u32)>, Error> {
    let views = View::orientations();
    let mut best: Option<(String, u32)> = None;
    registry.for_each_fingerprint(&mut |urn, bytes| {
        // A fingerprint of another version is no answer, and no reason to stop.
        if let Ok(fingerprint) = Fingerprint::from_bytes(bytes) {
            let found = compare(samples, &fingerprint, &views);
            let nearer = best.as_ref().is_none_or(|(_, distance)| found.distance < *distance);
            if found.distance <= NEAR && found.cells >= CELLS && nearer {
                best = Some((urn.to_owned(), found.distance));
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(best)
}
