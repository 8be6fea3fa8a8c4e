use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use c2pa::Reader;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::container::{self, Container};

/// Files from this size on are worth it: below, the engine holds no more than a piece.
pub(crate) const LARGE: u64 = 64 << 20;
/// Bytes read at once.
const PIECE: usize = 1 << 20;
/// Most boxes at the top of such a file.
const MOST_BOXES: usize = 100_000;

/// How a manifest binds a file as a whole, in a form that its writers give it. Anything else is not read.
#[derive(Debug)]
enum Binding {
    Boxes(Stated<Exclusion>),
    Bytes(Stated<Range>),
}

/// `bmff-hash-map` and `data-hash-map` of C2PA 2.4, sections 18.7 and 18.5.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated<E> {
    #[serde(default = "Vec::new")]
    exclusions: Vec<E>,
    #[serde(default)]
    alg: Option<String>,
    hash: String,
    #[serde(default, rename = "name")]
    _name: Option<String>,
    #[serde(default, rename = "pad")]
    _pad: Option<String>,
    #[serde(default, rename = "pad2")]
    _second_pad: Option<String>,
}

/// Boxes at the top of an ISO media file that are left out by their type, and by bytes in them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exclusion {
    xpath: String,
    #[serde(default)]
    data: Option<Vec<Data>>,
}

/// Bytes that are left out by their place.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    start: u64,
    length: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    offset: u64,
    value: Vec<u8>,
}

/// Whether a file has the hash that its manifest states, found out with a megabyte of memory where the engine takes half a
/// gigabyte (two pieces of 256 MB, a constant in it); `None` when that must be left to the engine: for other bindings, and files that contradict themselves.
///
/// The reader must have been made without the file: whatever else is wrong with the manifest is the engine's to say.
pub(crate) fn holds(reader: &Reader, file: &mut File, deadline: Instant) -> io::Result<Option<bool>> {
    binding_of(reader).map_or(Ok(None), |binding| compare(&binding, file, deadline))
}

/// The status code for content that is as signed.
pub(crate) fn matched(reader: &Reader) -> Option<&'static str> {
    binding_of(reader).map(|binding| match binding {
        Binding::Boxes(_) => "assertion.bmffHash.match",
        Binding::Bytes(_) => "assertion.dataHash.match",
    })
}

/// Whether the beginning of a stream in several files has the hash that a manifest states for it, with these exclusions;
/// `None` where only the engine can tell.
pub(crate) fn beginning_holds(
    exclusions: &Value,
    algorithm: &str,
    stated: &[u8],
    file: &mut (impl Read + Seek),
    deadline: Instant,
) -> io::Result<Option<bool>> {
    let exclusions = serde_json::from_value(exclusions.clone())
        .ok()
        .filter(|exclusions: &Vec<Exclusion>| usual(exclusions));
    let (Some(exclusions), Some(mut hash)) = (exclusions, Hash::of(Some(algorithm))) else { return Ok(None) };
    let whole = boxes(&exclusions, file, &mut hash, deadline)?;
    Ok(whole.then(|| hash.finish() == stated))
}

/// Whether only boxes at the top are left out.
fn usual(exclusions: &[Exclusion]) -> bool {
    let top = |exclusion: &Exclusion| {
        exclusion.xpath.strip_prefix('/').is_some_and(|kind| kind.len() == 4 && !kind.contains(['/', '[']))
    };
    !exclusions.is_empty() && exclusions.iter().all(top)
}

fn binding_of(reader: &Reader) -> Option<Binding> {
    let document = reader.to_crjson_value().ok()?;
    let manifests = document["manifests"].as_array()?;
    manifests.iter().find(|one| one["label"].as_str() == reader.active_label()).and_then(binding)
}

/// The one binding of a manifest, when it is of the form that is read here.
fn binding(manifest: &Value) -> Option<Binding> {
    let mut bindings =
        manifest["assertions"].as_object()?.iter().filter(|(label, _)| label.starts_with("c2pa.hash."));
    let (label, value) = bindings.next()?;
    if bindings.next().is_some() {
        return None;
    }
    let value = value.clone();
    match label.as_str() {
        // The first version leaves out where boxes lie, and is no longer relied on.
        "c2pa.hash.bmff.v2" | "c2pa.hash.bmff.v3" => {
            let stated: Stated<Exclusion> = serde_json::from_value(value).ok()?;
            usual(&stated.exclusions).then_some(Binding::Boxes(stated))
        }
        "c2pa.hash.data" => Some(Binding::Bytes(serde_json::from_value(value).ok()?)),
        _ => None,
    }
}

fn compare(
    binding: &Binding,
    stream: &mut (impl Read + Seek),
    deadline: Instant,
) -> io::Result<Option<bool>> {
    let (stated, algorithm) = match binding {
        Binding::Boxes(stated) => (&stated.hash, &stated.alg),
        Binding::Bytes(stated) => (&stated.hash, &stated.alg),
    };
    let stated = stated.strip_prefix("b64'").and_then(|text| text.strip_suffix('\''));
    let Some(stated) = stated.and_then(|text| STANDARD.decode(text).ok()) else { return Ok(None) };
    let Some(mut hash) = Hash::of(algorithm.as_deref()) else { return Ok(None) };
    let whole = match binding {
        Binding::Boxes(stated) => boxes(&stated.exclusions, stream, &mut hash, deadline)?,
        Binding::Bytes(stated) => bytes(&stated.exclusions, stream, &mut hash, deadline)?,
    };
    Ok(whole.then(|| hash.finish() == stated))
}

/// Hashes the boxes that are not left out, each after its place; false where that must be left to the engine.
fn boxes(
    exclusions: &[Exclusion],
    stream: &mut (impl Read + Seek),
    hash: &mut Hash,
    deadline: Instant,
) -> io::Result<bool> {
    let container = Container::sniff(stream)?;
    if !matches!(container, Container::Mp4 | Container::QuickTime) {
        return Ok(false);
    }
    let end = stream.seek(SeekFrom::End(0))?;
    let mut position = 0;
    for _ in 0..MOST_BOXES {
        if position == end {
            return Ok(true);
        }
        stream.seek(SeekFrom::Start(position))?;
        let mut head = [0; 16];
        let length = container::read_up_to(stream, &mut head)?;
        let whole = container::box_header(&head[..length], end - position)
            .filter(|(size, ..)| *size <= end - position);
        let Some((size, kind, _)) = whole else { return Ok(false) };
        let Some(excluded) = excludes(exclusions, &kind, stream, position, end)? else { return Ok(false) };
        if !excluded {
            hash.update(&position.to_be_bytes());
            if !copy(stream, position, size, hash, deadline)? {
                return Ok(false);
            }
        }
        position += size;
    }
    Ok(false)
}

/// Hashes the bytes that are not left out; false where that must be left to the engine.
fn bytes(
    exclusions: &[Range],
    stream: &mut (impl Read + Seek),
    hash: &mut Hash,
    deadline: Instant,
) -> io::Result<bool> {
    let end = stream.seek(SeekFrom::End(0))?;
    let mut sorted = exclusions.to_vec();
    sorted.sort_by_key(|range| range.start);
    let mut position = 0;
    for range in sorted.into_iter().chain([Range { start: end, length: 0 }]) {
        let Some(after) = range.start.checked_add(range.length).filter(|after| *after <= end) else {
            return Ok(false);
        };
        let size = range.start.saturating_sub(position);
        if !copy(stream, position, size, hash, deadline)? {
            return Ok(false);
        }
        position = position.max(after);
    }
    Ok(true)
}

/// Whether a box is left out of the hash; `None` when an exclusion looks beyond the end of the file.
fn excludes(
    exclusions: &[Exclusion],
    kind: &[u8; 4],
    stream: &mut (impl Read + Seek),
    position: u64,
    end: u64,
) -> io::Result<Option<bool>> {
    for exclusion in exclusions {
        if exclusion.xpath.as_bytes().get(1..) != Some(kind) {
            continue;
        }
        let mut fits = true;
        for data in exclusion.data.iter().flatten() {
            let start = position.saturating_add(data.offset);
            if start.saturating_add(data.value.len() as u64) > end {
                return Ok(None);
            }
            stream.seek(SeekFrom::Start(start))?;
            let mut found = vec![0; data.value.len()];
            stream.read_exact(&mut found)?;
            fits &= found == data.value;
        }
        if fits {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}

/// False when the time was up before the end.
fn copy(
    stream: &mut (impl Read + Seek),
    start: u64,
    size: u64,
    hash: &mut Hash,
    deadline: Instant,
) -> io::Result<bool> {
    stream.seek(SeekFrom::Start(start))?;
    let mut left = size;
    let mut buffer = vec![0; PIECE];
    while left > 0 {
        if Instant::now() > deadline {
            return Ok(false);
        }
        let room = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        stream.read_exact(&mut buffer[..room])?;
        hash.update(&buffer[..room]);
        left -= room as u64;
    }
    Ok(true)
}

enum Hash {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hash {
    fn of(name: Option<&str>) -> Option<Self> {
        match name? {
            "sha256" => Some(Self::Sha256(Sha256::new())),
            "sha384" => Some(Self::Sha384(Sha384::new())),
            "sha512" => Some(Self::Sha512(Sha512::new())),
            _ => None,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha384(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha256(hash) => hash.finalize().to_vec(),
            Self::Sha384(hash) => hash.finalize().to_vec(),
            Self::Sha512(hash) => hash.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
