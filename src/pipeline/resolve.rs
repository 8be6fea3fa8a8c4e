use std::path::Path;

use filigrane_fingerprint::{Fingerprint, VideoCode};
use filigrane_frame::Limits;
use filigrane_media::Cancel;
use filigrane_provenance::{TrustAnchors, read_manifest};
use filigrane_registry::{Neighbour, Registry, Urn};
use filigrane_verdict::Depth;
use filigrane_watermark::{Key, Payload};

use crate::binding::{FINGERPRINT_ALGORITHM, ISCC_ALGORITHM, WATERMARK_ALGORITHM, thinned};
use crate::errand::{Errand, Order, Told};
use crate::error::Error;
use crate::fingerprints;
use crate::input::Files;
use crate::look::Look;
use crate::seen::Seen;
use crate::verify::Stages;
use crate::ward::{Reader, Ward};
use crate::workshop::{settled, strange};

/// What a soft binding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlgorithmKind {
    /// Put into the content.
    Watermark,
    /// Computed from the content.
    Fingerprint,
}

/// A soft-binding algorithm that manifests are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Algorithm {
    /// Its name in soft bindings.
    pub name: &'static str,
    /// Whether it is put in or computed.
    pub kind: AlgorithmKind,
}

/// All that [`by_binding`] and [`by_content`] look up by.
pub const ALGORITHMS: [Algorithm; 3] = [
    Algorithm { name: WATERMARK_ALGORITHM, kind: AlgorithmKind::Watermark },
    Algorithm { name: FINGERPRINT_ALGORITHM, kind: AlgorithmKind::Fingerprint },
    Algorithm { name: ISCC_ALGORITHM, kind: AlgorithmKind::Fingerprint },
];

/// A registered manifest that a binding leads to. Nothing is said of its signature: whoever gets it has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub manifest: Urn,
    /// How near the values are, percent.
    pub similarity: u32,
}

/// The registered manifests that a soft-binding value leads to, nearest first, at most `most` of them.
///
/// # Errors
/// There is no such algorithm here, the value is none of it, or the registry can't be read.
pub fn by_binding(
    registry: &Registry,
    algorithm: &str,
    value: &[u8],
    most: usize,
) -> Result<Vec<Found>, Error> {
    known(algorithm)?;
    let mut found = if algorithm == WATERMARK_ALGORITHM {
        let payload = value.try_into().map(u64::from_be_bytes);
        by_payload(registry, payload.map_err(|_| malformed(algorithm, "8 bytes"))?)?
    } else if algorithm == ISCC_ALGORITHM {
        let code = VideoCode::from_sequence(value).ok().flatten();
        let form = "an ISCC-SEQ with a Video-Code (IEP-0020)";
        by_code(registry, &code.ok_or_else(|| malformed(algorithm, form))?, most)?
    } else {
        let asked = Fingerprint::from_bytes(value)
            .map_err(|_| malformed(algorithm, "as SPEC.md section 7 has it"))?;
        by_likeness(registry, &asked)?
    };
    found.truncate(most);
    Ok(found)
}

/// The registered manifests that the mark in a video leads to, or its looks where it has none; of one algorithm alone
/// where it is named.
///
/// # Errors
/// There is no such algorithm here, the video can't be read, or the registry can't.
pub fn by_content(
    registry: &Registry,
    path: &Path,
    (algorithm, most): (Option<&str>, usize),
    ward: Option<&Ward>,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Vec<Found>, Error> {
    algorithm.map_or(Ok(()), known)?;
    let wants = |name| algorithm.is_none_or(|wanted| wanted == name);
    let stages = Stages {
        credentials: false,
        watermark: wants(WATERMARK_ALGORITHM),
        fingerprint: wants(FINGERPRINT_ALGORITHM) || wants(ISCC_ALGORITHM),
        classifier: false,
    };
    let jailed = ward.map_or(Ok(None), |ward| looked_at(path, stages, ward, limits, cancel))?;
    let seen = match jailed {
        Some(seen) => *seen,
        None => {
            let look = Look { stages, keys: &[Key::public()], stills: 0, limits, cancel };
            look.see(&[path.into()], Depth::Whole, &[], &())?
        }
    };
    let code = seen.code();
    let pictures = seen.finding.and_then(|finding| finding.payload);
    let sound = seen.audio.and_then(|audio| audio.payload);
    let mut found = Vec::new();
    for Payload(payload) in pictures.into_iter().chain(sound.filter(|sound| Some(*sound) != pictures)) {
        found.extend(by_payload(registry, payload)?);
    }
    if let Some(samples) = seen.samples.filter(|_| wants(FINGERPRINT_ALGORITHM) && found.is_empty()) {
        found = by_likeness(registry, &thinned(&Fingerprint::of(&samples)))?;
    }
    if let Some(code) = code.filter(|_| wants(ISCC_ALGORITHM) && found.is_empty()) {
        found = by_code(registry, &code, most)?;
    }
    found.truncate(most);
    Ok(found)
}

/// What a process in a jail saw of a video; `None` where none can be had and none is required.
fn looked_at(
    path: &Path,
    stages: Stages,
    ward: &Ward,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Option<Box<Seen>>, Error> {
    let files = Files::open(path)?;
    let errand = Errand { stages, keys: vec![Key::public().to_bytes()], limits: *limits, ..Errand::empty() };
    let mut reader = Reader::new(ward, &files, errand, cancel);
    let order = Order::Look { depth: Depth::Whole, stated: Vec::new(), observe: false };
    let told = reader.ask(&order, &());
    match settled(told, reader.demand())? {
        Some(Told::Seen(seen)) => Ok(Some(seen)),
        Some(Told::Unseen(failing)) => Err(failing.told()),
        Some(_) => Err(strange()),
        None => Ok(None),
    }
}

/// Whether a manifest binds this value under its signature, by an algorithm that it can be looked up by.
///
/// # Errors
/// The manifest can't be read at all.
pub fn binds(manifest: &[u8], value: &[u8], limits: &Limits) -> Result<bool, Error> {
    let read = read_manifest(manifest, &TrustAnchors::empty(), limits)?;
    Ok(read.bindings.iter().any(|binding| known(&binding.algorithm).is_ok() && binding.value == value))
}

fn by_payload(registry: &Registry, payload: u64) -> Result<Vec<Found>, Error> {
    let names = registry.names(payload)?;
    Ok(names.into_iter().map(|manifest| Found { manifest, similarity: 100 }).collect())
}

fn by_likeness(registry: &Registry, asked: &Fingerprint) -> Result<Vec<Found>, Error> {
    let near = fingerprints::like(registry, asked)?;
    let found = |(manifest, distance)| Found { manifest, similarity: similarity(distance, 256) };
    Ok(near.into_iter().map(found).collect())
}

fn by_code(registry: &Registry, code: &VideoCode, most: usize) -> Result<Vec<Found>, Error> {
    let near = fingerprints::with_near_code(registry, code, most)?;
    let found =
        |one: Neighbour| Found { manifest: one.urn, similarity: similarity(one.distance, code.bits()) };
    Ok(near.into_iter().map(found).collect())
}

/// Half of all bits differ by chance: nothing is less alike than that.
fn similarity(distance: u32, bits: u32) -> u32 {
    let half = (bits / 2).max(1);
    100 * (half - distance.min(half)) / half
}

fn known(algorithm: &str) -> Result<(), Error> {
    if ALGORITHMS.iter().any(|known| known.name == algorithm) {
        return Ok(());
    }
    let names: Vec<&str> = ALGORITHMS.iter().map(|known| known.name).collect();
    Err(Error::Binding(format!("nothing is looked up by that algorithm here: use {}", names.join(" or "))))
}

fn malformed(algorithm: &str, form: &str) -> Error {
    Error::Binding(format!("that is no value of {algorithm}: it is {form}, in base64"))
}
