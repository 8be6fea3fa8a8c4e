use std::path::Path;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use tempfile::{NamedTempFile, TempPath};
use tokio::io::AsyncWriteExt as _;

use crate::problem::Problem;

/// Without parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let stated = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    stated.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A whole body in memory, of at most so many bytes.
pub(crate) async fn bytes(mut body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    refuse_stated(&body, most as u64)?;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| broken_off())?.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return Err(Problem::too_large(most as u64));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// A JSON body.
pub(crate) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<T, Problem> {
    if media_type(headers) != "application/json" {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json"));
    }
    serde_json::from_slice(&bytes(body, most).await?)
        .map_err(|error| Problem::bad_request(format!("the body does not fit the interface: {error}")))
}

/// A body in a file that goes with the value, of at most so many bytes. More is not kept.
pub(crate) async fn file(mut body: Body, folder: &Path, most: u64) -> Result<TempPath, Problem> {
    refuse_stated(&body, most)?;
    let folder = folder.to_owned();
    let made = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        tempfile::Builder::new().prefix("upload-").tempfile_in(&folder)
    });
    let made = made.await.map_err(Problem::internal)?;
    let (file, path) = made.map(NamedTempFile::into_parts).map_err(Problem::internal)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| broken_off())?.into_data() else { continue };
        size += data.len() as u64;
        if size > most {
            return Err(Problem::too_large(most));
        }
        file.write_all(&data).await.map_err(Problem::internal)?;
    }
    if size == 0 {
        return Err(Problem::bad_request("the body is empty"));
    }
    file.flush().await.map_err(Problem::internal)?;
    Ok(path)
}

/// A body that states its size is turned away before any of it is taken in.
fn refuse_stated(body: &Body, most: u64) -> Result<(), Problem> {
    if body.size_hint().lower() > most { Err(Problem::too_large(most)) } else { Ok(()) }
}

fn broken_off() -> Problem {
    Problem::bad_request("the body broke off")
}
