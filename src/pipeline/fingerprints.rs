use filigrane_fingerprint::{
    Comparison, Fingerprint, Probes, Samples, VIDEO_CODE_NEAR, VideoCode, View, compare,
};
use filigrane_registry::{Error, Registry};

/// Largest distance, of 256, at which a search among all registered clips calls two the same: stricter than the
/// comparison with one that a watermark names, since many are tried.
const NEAR: u32 = 36;
/// Fewest cells compared.
const CELLS: u32 = 200;
/// Most registered clips that are compared, those that share the most keys.
const CANDIDATES: u32 = 24;
/// Most clips with a near code that are compared.
const CODES: usize = 4;

/// Whether a comparison is close enough for a search.
pub(crate) fn is_near(found: &Comparison) -> bool {
    found.distance <= NEAR && found.cells >= CELLS
}

/// Names of the registered clips with the nearest codes. A code alone is no likeness: it knows nothing of the picture but
/// sums over the whole clip.
pub(crate) fn with_near_code(registry: &Registry, code: &VideoCode) -> Result<Vec<String>, Error> {
    let near = registry.near(&code.body(), code.bits(), VIDEO_CODE_NEAR, CODES)?;
    Ok(near.into_iter().map(|neighbour| neighbour.urn.to_string()).collect())
}

/// The registered clip most like the one at hand, and how far off it is.
pub(crate) fn nearest(registry: &Registry, samples: &Samples) -> Result<Option<(String, u32)>, Error> {
    let probes = Probes::of(samples);
    for keys in [&probes.upright, &probes.turned] {
        let mut best: Option<(String, u32)> = None;
        for candidate in registry.like(keys, CANDIDATES)? {
            // A fingerprint of another version is no answer, and no reason to stop.
            let Ok(fingerprint) = Fingerprint::from_bytes(&candidate.fingerprint) else { continue };
            let found = compare(samples, &fingerprint, &View::orientations());
            let nearer = best.as_ref().is_none_or(|(_, distance)| found.distance < *distance);
            if is_near(&found) && nearer {
                best = Some((candidate.urn.to_string(), found.distance));
            }
        }
        if best.is_some() {
            return Ok(best);
        }
    }
    Ok(None)
}
