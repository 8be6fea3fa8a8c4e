use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use c2pa::{Context, Reader};
use filigrane_frame::Limits;
use tempfile::NamedTempFile;

use crate::container::{self, Container};
use crate::merkle_box::Place;
use crate::read::{self, BROKEN_OFF, Opened};
use crate::store::{self, Store};
use crate::tree::{self, Tree};
use crate::{Asset, CredentialState, Credentials, Error, Location, Track, TrustAnchors, layout, track};

/// Status code of content that is not what was signed.
const MISMATCH: &str = "assertion.bmffHash.mismatch";
/// Most files named as altered.
const MOST_NAMED: usize = 8;

/// The credentials of a stream in several files (C2PA 2.4, sections 18.6 and A.5.4): those in its initialisation segments,
/// which must be the same in all. A fragment that was changed, is out of order or belongs to another stream makes them
/// [`CredentialState::Invalid`] and is named in the explanation; so does, where the tracks should be `whole`, one that is
/// missing, and a box that no hash covers.
///
/// Certificates are judged as of `at`, in seconds since 1970, as by [`read_at`](crate::read_at).
///
/// # Errors
/// A file can't be read or is not what it is given for, there are too many, or checking took longer than the limits allow.
pub fn read_fragments(
    tracks: &[Track],
    trust: &TrustAnchors,
    at: Option<i64>,
    whole: bool,
    limits: &Limits,
) -> Result<Credentials, Error> {
    let copies = Beginnings::of(tracks, limits)?;
    read_fragments_from(tracks, &copies.paths(), trust, at, whole, limits)
}

/// Copies of the initialisation segments of a stream, removed with this value: the engine goes by the endings of their names,
/// and a file may change while it is read.
#[derive(Debug)]
pub struct Beginnings(Vec<NamedTempFile>);

impl Beginnings {
    /// Copies them; their content is not looked at.
    ///
    /// # Errors
    /// Those of [`read_fragments`], or there is no room.
    pub fn of(tracks: &[Track], limits: &Limits) -> Result<Self, Error> {
        track::measure(tracks, limits)?;
        let copies = tracks.iter().map(|track| {
            let mut init = File::open(&track.init).map_err(Error::io("read", &track.init))?;
            copy(&mut init).map_err(Error::io("write into", &std::env::temp_dir()))
        });
        copies.collect::<Result<_, _>>().map(Self)
    }

    /// Where they are, in the order of the tracks.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.0.iter().map(|copy| copy.path().to_owned()).collect()
    }
}

/// As [`read_fragments`], with copies of the initialisation segments that were made before: nothing is written.
///
/// # Errors
/// Those of [`read_fragments`], or there is not one copy for each track.
pub fn read_fragments_from(
    tracks: &[Track],
    copies: &[PathBuf],
    trust: &TrustAnchors,
    at: Option<i64>,
    whole: bool,
    limits: &Limits,
) -> Result<Credentials, Error> {
    let size = track::measure(tracks, limits)?;
    if copies.len() != tracks.len() {
        return Err(Error::Internal("a copy of an initialisation segment is missing".to_owned()));
    }
    let read = read::within(size, trust, limits, |context, deadline| -> Result<Vec<_>, Error> {
        let how = How { context, trust, at, whole, deadline };
        let read = tracks.iter().zip(copies).map(|(track, init)| read_track(track, init, &how, limits));
        read.collect()
    })?;
    let Some(all) = read else { return Ok(read::broken(BROKEN_OFF.to_owned(), None)) };
    Ok(joined(tracks, all))
}

/// What all tracks amount to: the first that does not hold speaks for all.
fn joined(tracks: &[Track], read: Vec<(Credentials, Vec<u8>)>) -> Credentials {
    let mut stores = read.iter().map(|(_, store)| store);
    let first = stores.next();
    let stranger = stores.position(|store| Some(store) != first).and_then(|index| tracks.get(index + 1));
    let mut all = read.into_iter().map(|(credentials, _)| credentials);
    let Some(mut chosen) = all.next() else { return Credentials::bare(CredentialState::Absent) };
    if let Some(broken) = all.find(|one| one.state == CredentialState::Invalid)
        && chosen.state != CredentialState::Invalid
    {
        chosen = broken;
    }
    if let Some(stranger) = stranger {
        let why = format!("{} does not carry the manifest of the other tracks", name(&stranger.init));
        spoil(&mut chosen, vec![why]);
    }
    chosen
}

/// By what a track is read.
struct How<'a> {
    context: &'a Arc<Context>,
    trust: &'a TrustAnchors,
    at: Option<i64>,
    whole: bool,
    deadline: Instant,
}

/// The credentials of one track, whose initialisation segment is copied to `init`, and its manifest store.
fn read_track(
    track: &Track,
    init: &Path,
    how: &How<'_>,
    limits: &Limits,
) -> Result<(Credentials, Vec<u8>), Error> {
    let How { context, trust, at, whole, deadline } = *how;
    let path = &track.init;
    let reopened = || File::open(init).map_err(Error::io("read", path));
    let store = match store::find(&Asset::named(path), &mut reopened()?, limits)? {
        Store::Found { bytes, location: Location::Embedded } => bytes,
        Store::Unreadable { why, location: Location::Embedded } => {
            return Ok((read::broken(why, Some(Location::Embedded)), Vec::new()));
        }
        _ => return Ok((Credentials::bare(CredentialState::Absent), Vec::new())),
    };
    let mut faults = Vec::new();
    let mut places = Vec::new();
    for (index, fragment) in track.fragments.iter().enumerate() {
        match place(fragment, limits)? {
            Ok(place) => places.push((index, place)),
            Err(why) => faults.push(fault(track, index, &why)),
        }
    }
    let fit: Vec<PathBuf> =
        places.iter().filter_map(|(index, _)| track.fragments.get(*index)).cloned().collect();
    if fit.is_empty() {
        let mut credentials = read::broken(String::new(), Some(Location::Embedded));
        credentials.explanation = None;
        spoil(&mut credentials, faults);
        return Ok((credentials, store));
    }
    let (mut credentials, reader) = match open(init, &fit, context)? {
        Opened::Reader(reader, location, _) | Opened::Compared(reader, location, _) => {
            (read::summarise(&reader, location), reader)
        }
        Opened::Answer(credentials) => return Ok((*credentials, store)),
    };
    let mut changed = Vec::new();
    if credentials.codes.iter().any(|code| code == MISMATCH) {
        find_changed(init, &fit, 0, context, &mut changed)?;
    }
    let trees = tree::of(&reader);
    let tree = places.iter().find_map(|(_, place)| trees.iter().find(|tree| tree.is_of(place)));
    let init_changed = match tree.filter(|_| !changed.is_empty()) {
        Some(tree) => tree.init_holds(&mut reopened()?, deadline),
        None => Ok(None),
    };
    if init_changed.map_err(Error::io("read", path))? == Some(false) {
        faults.push(format!("{} was changed after signing, or belongs to another stream", name(path)));
    } else {
        let why = "was changed after signing, or belongs to another stream";
        let indices = changed.iter().filter_map(|position| places.get(*position));
        faults.extend(indices.map(|(index, _)| fault(track, *index, why)));
        if changed.len() == MOST_NAMED {
            faults.push("perhaps more".to_owned());
        }
    }
    faults.extend(out_of_place(track, &places, tree, whole));
    if whole && faults.is_empty() && changed.is_empty() {
        let unique = places.first().map_or(0, |(_, place)| place.unique);
        if let Some(stated) = layout::stated(&reader)
            && !layout::holds_for_track(stated, unique, track)?
        {
            credentials.codes.push(layout::MISMATCH.to_owned());
            faults.push(format!(
                "boxes that no hash covers were changed, put in or taken out after signing ({})",
                layout::MISMATCH
            ));
        }
    }
    if !faults.is_empty() {
        // What is named says more than that something does not match.
        credentials.explanation = credentials.explanation.filter(|why| !why.contains(MISMATCH));
    }
    spoil(&mut credentials, faults);
    let stamped = read::stamped(&reader, &store, trust, limits)?;
    read::judge(&mut credentials, &reader, trust, stamped, at);
    Ok((credentials, store))
}

/// Where a fragment says it stands, or why it has no place in any signed stream.
fn place(path: &Path, limits: &Limits) -> Result<Result<Place, String>, Error> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let found = container::survey(&mut file, Container::Mp4).map_err(Error::io("read", path))?;
    if found.manifest_bytes > limits.manifest_bytes {
        return Ok(Err("holds more data of C2PA than the limit allows".to_owned()));
    }
    if let Some(why) = found.excess.or(found.fault) {
        return Ok(Err(format!("can't be read: {why}")));
    }
    if let Some(stray) = found.stray {
        return Ok(Err(format!("holds {stray}")));
    }
    Ok(match (found.stores, found.merkles, found.place) {
        (0, 1, Some(place)) => Ok(place),
        (0, 0, _) => Err("is not part of the signed stream: it states no place in it".to_owned()),
        (0, _, _) => Err("states several places in the signed stream".to_owned()),
        _ => Err("carries a manifest of its own".to_owned()),
    })
}

/// What is wrong with the number and order of the fragments.
fn out_of_place(track: &Track, places: &[(usize, Place)], tree: Option<&Tree>, whole: bool) -> Vec<String> {
    let Some(tree) = tree else {
        return vec!["the manifest has no hashes for these media segments".to_owned()];
    };
    if !tree.covers_init {
        return vec![format!("the manifest does not cover {}", name(&track.init))];
    }
    let mut faults = Vec::new();
    let mut seen = std::collections::BTreeMap::new();
    let mut furthest = None;
    for (index, place) in places {
        if !tree.is_of(place) {
            faults.push(fault(track, *index, "belongs to another track"));
        } else if let Some(before) = seen.insert(place.location, *index) {
            let other = track.fragments.get(before).map(|path| name(path)).unwrap_or_default();
            faults.push(fault(track, *index, &format!("is the same segment as {other}")));
        } else if furthest.is_some_and(|furthest| place.location < furthest) {
            let why =
                format!("is out of order: it was signed as number {}", place.location.saturating_add(1));
            faults.push(fault(track, *index, &why));
        } else {
            furthest = Some(place.location);
        }
    }
    let gone: Vec<String> = (0..tree.count)
        .filter(|location| !seen.contains_key(location))
        .take(MOST_NAMED)
        .map(|location| (location + 1).to_string())
        .collect();
    if whole && !gone.is_empty() {
        let missing = tree.count.saturating_sub(seen.len() as u64);
        let more = if missing > gone.len() as u64 { ", …" } else { "" };
        faults.push(format!(
            "{missing} of the {} media segments signed are missing: number {}{more}",
            tree.count,
            gone.join(", ")
        ));
    }
    faults
}

/// Halves the fragments until those that do not hold stand alone.
fn find_changed(
    init: &Path,
    fragments: &[PathBuf],
    offset: usize,
    context: &Arc<Context>,
    found: &mut Vec<usize>,
) -> Result<(), Error> {
    if found.len() >= MOST_NAMED || fragments.is_empty() {
        return Ok(());
    }
    let holds = match open(init, fragments, context)? {
        Opened::Reader(reader, location, _) | Opened::Compared(reader, location, _) => {
            !read::summarise(&reader, location).codes.iter().any(|code| code == MISMATCH)
        }
        Opened::Answer(_) => false,
    };
    if holds {
        return Ok(());
    }
    if fragments.len() == 1 {
        found.push(offset);
        return Ok(());
    }
    let (one, other) = fragments.split_at(fragments.len() / 2);
    find_changed(init, one, offset, context, found)?;
    find_changed(init, other, offset + one.len(), context, found)
}

fn open(init: &Path, fragments: &[PathBuf], context: &Arc<Context>) -> Result<Opened, Error> {
    let reader = Reader::from_shared_context(context).with_fragmented_files(init, &fragments.to_vec());
    read::opened(reader, init, Location::Embedded)
}

fn copy(init: &mut File) -> io::Result<NamedTempFile> {
    let mut copy = tempfile::Builder::new().prefix("filigrane-").suffix(".mp4").tempfile()?;
    // No more than was measured, should it grow meanwhile.
    let size = init.metadata()?.len();
    io::copy(&mut init.take(size), &mut copy)?;
    Ok(copy)
}

/// Makes the credentials ones that do not hold, for these reasons.
fn spoil(credentials: &mut Credentials, mut faults: Vec<String>) {
    if faults.is_empty() {
        return;
    }
    let more = faults.len().saturating_sub(MOST_NAMED);
    faults.truncate(MOST_NAMED);
    if more > 0 {
        faults.push(format!("and {more} more"));
    }
    credentials.state = CredentialState::Invalid;
    credentials.certificate_fault = false;
    if !credentials.codes.iter().any(|code| code == MISMATCH || code == layout::MISMATCH) {
        credentials.codes.retain(|code| code != "assertion.bmffHash.match");
        credentials.codes.push(MISMATCH.to_owned());
    }
    faults.splice(0..0, credentials.explanation.take());
    credentials.explanation = Some(faults.join("; "));
}

fn fault(track: &Track, index: usize, why: &str) -> String {
    let path = track.fragments.get(index).map(|path| name(path)).unwrap_or_default();
    format!("{path} (media segment {} of {}) {why}", index + 1, track.fragments.len())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().chars().take(200).collect()
}
