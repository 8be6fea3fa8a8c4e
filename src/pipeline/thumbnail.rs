use filigrane_frame::Limits;
use filigrane_media::Picture;
use filigrane_provenance::{TrustAnchors, thumbnail};
use filigrane_registry::Registry;
use filigrane_verdict::{ManifestSignature, RegistryFinding, RegistryState};

use crate::error::Error;

/// Longest side of the picture in a manifest, samples: enough to know a scene by, some ten kilobytes.
const SIDE: u32 = 320;
/// Where in a video it is taken, as a share of the length: the beginning is often black.
const PLACE: f64 = 0.45;

/// Takes the picture of a video that stands for it.
pub(crate) struct Thumbnail {
    due: f64,
    taken: Option<(f64, Vec<u8>)>,
}

impl Thumbnail {
    /// Of a video of so many seconds, where that is known.
    pub fn of(duration: Option<f64>) -> Self {
        Self { due: PLACE * duration.filter(|seconds| seconds.is_finite()).unwrap_or(0.0), taken: None }
    }

    /// Looks at the next picture, as it will be seen.
    pub fn push(&mut self, picture: &Picture) {
        // The first one stays where the video ends sooner than it says.
        let wanted = match self.taken {
            None => true,
            Some((at, _)) => at < self.due && picture.time() >= self.due,
        };
        if wanted && let Ok(jpeg) = picture.to_rgb(SIDE, SIDE).and_then(|image| image.to_jpeg()) {
            self.taken = Some((picture.time(), jpeg));
        }
    }

    /// The picture, a JPEG file.
    pub fn finish(self) -> Option<Vec<u8>> {
        self.taken.map(|(_, jpeg)| jpeg)
    }
}

/// The picture that the registered manifest of a finding holds of its content, bytes of whatever kind; `None` without a
/// manifest of that content or of another, without a signature on it that holds, and without a picture in it.
///
/// Of a manifest that was withdrawn nothing is shown.
///
/// # Errors
/// The registry can't be read, or the manifest can't.
pub fn registered_picture(
    registry: &Registry,
    finding: &RegistryFinding,
    trust: &TrustAnchors,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, Error> {
    let compared = matches!(finding.state, RegistryState::Match | RegistryState::Mismatch);
    let holds = finding.signature.is_some_and(ManifestSignature::holds);
    let Some(name) = finding.manifest.as_deref().filter(|_| compared && holds && !finding.withdrawn()) else {
        return Ok(None);
    };
    let Some(manifest) = registry.by_urn(name)?.and_then(|record| record.entry.manifest) else {
        return Ok(None);
    };
    Ok(thumbnail(&manifest, name, trust, limits)?)
}
