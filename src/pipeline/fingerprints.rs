use filigrane_fingerprint::{
    Comparison, Fingerprint, Probes, Samples, VIDEO_CODE_NEAR, VideoCode, View, compare, compare_fingerprints,
};
use filigrane_registry::{Error, Neighbour, Registry, Urn};

/// Largest distance, of 256, at which a search among all registered clips calls two the same: stricter than the
/// comparison with one that a watermark names, since many are tried.
const NEAR: u32 = 36;
/// Fewest cells compared.
const CELLS: u32 = 200;
/// Most registered clips that are compared, those that share the most keys.
const CANDIDATES: u32 = 24;

/// The registered clips with the nearest codes, at most `most` of them. A code alone is no likeness: it knows nothing of
/// the picture but sums over the whole clip.
pub(crate) fn with_near_code(
    registry: &Registry,
    code: &VideoCode,
    most: usize,
) -> Result<Vec<Neighbour>, Error> {
    registry.near(&code.body(), code.bits(), VIDEO_CODE_NEAR, most)
}

/// Whether a clip found among many is near enough to count.
pub(crate) fn is_near(found: &Comparison) -> bool {
    found.distance <= NEAR && found.cells >= CELLS
}

/// The registered clip most like the one at hand, and how far off it is.
pub(crate) fn nearest(registry: &Registry, samples: &Samples) -> Result<Option<(Urn, u32)>, Error> {
    let near = search(registry, &Probes::of(samples), |registered| {
        compare(samples, registered, &View::orientations())
    })?;
    Ok(near.into_iter().next())
}

/// The registered clips like the one that a fingerprint was made of, the nearest first.
pub(crate) fn like(registry: &Registry, asked: &Fingerprint) -> Result<Vec<(Urn, u32)>, Error> {
    search(registry, &Probes::of_fingerprint(asked), |registered| compare_fingerprints(asked, registered))
}

fn search(
    registry: &Registry,
    probes: &Probes,
    compare: impl Fn(&Fingerprint) -> Comparison,
) -> Result<Vec<(Urn, u32)>, Error> {
    for keys in [&probes.upright, &probes.turned] {
        let mut near = Vec::new();
        for candidate in registry.like(keys, CANDIDATES)? {
            // A fingerprint of another version is no answer, and no reason to stop.
            let Ok(fingerprint) = Fingerprint::from_bytes(&candidate.fingerprint) else { continue };
            let found = compare(&fingerprint);
            if is_near(&found) {
                near.push((candidate.urn, found.distance));
            }
        }
        if !near.is_empty() {
            near.sort_by_key(|(_, distance)| *distance);
            return Ok(near);
        }
    }
    Ok(Vec::new())
}
