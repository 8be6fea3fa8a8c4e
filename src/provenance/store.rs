use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;

use filigrane_frame::Limits;

use crate::container::{self, Container};
use crate::{Asset, Error, Location, preflight};

/// The manifest store of a file.
pub(crate) enum Store {
    /// It is there.
    Found { bytes: Vec<u8>, location: Location },
    /// Something is there that can't be read.
    Unreadable { why: String, location: Location },
    /// There is none; `hint` says where it might be, or what is wrong with the file.
    None { hint: Option<String> },
}

/// Looks inside the file, then beside it.
pub(crate) fn find(asset: &Asset, file: &mut File, limits: &Limits) -> Result<Store, Error> {
    let path = asset.path();
    let container = Container::sniff(file).map_err(Error::io("read", path))?;
    let survey = container::survey(file, container).map_err(Error::io("read", path))?;
    let embedded = |why: String| Store::Unreadable { why, location: Location::Embedded };
    if survey.manifest_bytes > limits.manifest_bytes {
        return Ok(embedded(too_large(survey.manifest_bytes, limits)));
    }
    if let Some(excess) = survey.excess {
        return Ok(match survey.manifest_bytes {
            0 => Store::None { hint: Some(format!("the file was not searched for credentials: {excess}")) },
            _ => embedded(format!("the file holds {excess}")),
        });
    }
    if let Some(stray) = survey.stray.filter(|_| survey.manifest_bytes > 0) {
        return Ok(embedded(format!("the file holds {stray}")));
    }
    let loaded = c2pa::jumbf_io::load_jumbf_from_stream(media_type(path, file)?.as_str(), file);
    file.rewind().map_err(Error::io("read", path))?;
    match loaded {
        Ok(bytes) if bytes.len() as u64 > limits.manifest_bytes => {
            Ok(embedded(too_large(bytes.len() as u64, limits)))
        }
        Ok(bytes) => {
            // A file that is nothing but a manifest store speaks of another file.
            let bare = bytes.get(4..8) == Some(b"jumb") && media_type(path, file)? == "application/c2pa";
            Ok(checked(bytes, if bare { Location::Bare } else { Location::Embedded }))
        }
        Err(error) if survey.manifest_bytes > 0 => {
            let why = survey.fault.unwrap_or_else(|| error.to_string());
            Ok(embedded(why))
        }
        Err(_) => beside(asset, limits, survey.fault),
    }
}

fn beside(asset: &Asset, limits: &Limits, hint: Option<String>) -> Result<Store, Error> {
    let Some((sidecar, file)) = asset.sidecar()? else { return Ok(Store::None { hint }) };
    let mut bytes = Vec::new();
    file.take(limits.manifest_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", &sidecar))?;
    let location = Location::Sidecar(sidecar);
    Ok(if bytes.len() as u64 > limits.manifest_bytes {
        Store::Unreadable { why: too_large(bytes.len() as u64, limits), location }
    } else {
        checked(bytes, location)
    })
}

fn checked(bytes: Vec<u8>, location: Location) -> Store {
    match preflight::check(&bytes) {
        Ok(()) => Store::Found { bytes, location },
        Err(why) => Store::Unreadable { why, location },
    }
}

fn too_large(bytes: u64, limits: &Limits) -> String {
    format!("the manifest store takes {bytes} bytes or more, over the limit of {}", limits.manifest_bytes)
}

/// Media type by the first bytes, or by the name where these say nothing.
pub(crate) fn media_type(path: &Path, file: &mut File) -> Result<String, Error> {
    let container = Container::sniff(file).map_err(Error::io("read", path))?;
    Ok(match container.media_type() {
        Some(known) => known.to_owned(),
        None => c2pa::format_from_path(path).unwrap_or_else(|| "application/octet-stream".to_owned()),
    })
}

/// The manifest store of a file, embedded or beside it; `None` when there is none.
///
/// # Errors
/// The file can't be read, or its manifest store can't.
pub fn manifest_bytes(path: &Path, limits: &Limits) -> Result<Option<Vec<u8>>, Error> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    match find(&Asset::named(path), &mut file, limits)? {
        Store::Found { bytes, .. } => Ok(Some(bytes)),
        Store::Unreadable { why, .. } => Err(Error::Store { path: path.to_owned(), detail: why }),
        Store::None { .. } => Ok(None),
    }
}
