use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use sha2::{Digest as _, Sha256};
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use uuid::Uuid;

use crate::newsroom::Newsroom;
use crate::problem::Problem;

/// Bytes read at a time where a digest is made anew.
const PIECE: usize = 1 << 20;

/// What comes in, piece by piece.
pub(crate) trait Pieces {
    /// The next piece; none at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Problem>;
}

impl Pieces for axum::body::Body {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        use http_body_util::BodyExt as _;
        loop {
            match self.frame().await {
                None => return Ok(None),
                Some(Err(_)) => return Err(Problem::bad_request("the upload broke off")),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

impl Pieces for axum::extract::multipart::Field<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        self.chunk().await.map_err(|_| Problem::bad_request("the upload broke off"))
    }
}

/// Writes what comes behind the first `offset` bytes of an upload and syncs it; gives how many bytes there are now. What
/// came before a failure is kept, so that it can be sent on from there. More than `most` bytes are not kept.
pub(crate) async fn append(
    newsroom: &Newsroom,
    id: Uuid,
    offset: u64,
    most: u64,
    pieces: &mut impl Pieces,
    patience: Duration,
) -> Result<u64, Problem> {
    let mut digest = match offset {
        0 => Some(Sha256::new()),
        _ => newsroom.digest_of(id, offset),
    };
    let mut file = OpenOptions::new().write(true).open(newsroom.archive.video(id)).await.map_err(failed)?;
    // Not in append mode: a late write of a request that broke off puts the same bytes in the same place.
    file.seek(std::io::SeekFrom::Start(offset)).await.map_err(failed)?;
    let mut size = offset;
    let outcome = loop {
        let piece = match tokio::time::timeout(patience, pieces.next()).await {
            Ok(Ok(Some(piece))) => piece,
            Ok(Ok(None)) => break Ok(()),
            Ok(Err(problem)) => break Err(problem),
            Err(_) => {
                let why = format!("nothing came for {} s", patience.as_secs());
                break Err(Problem::new(StatusCode::REQUEST_TIMEOUT, why));
            }
        };
        if size + piece.len() as u64 > most {
            break Err(Problem::too_large(most));
        }
        if let Some(digest) = &mut digest {
            digest.update(&piece);
        }
        if let Err(error) = file.write_all(&piece).await {
            break Err(failed(error));
        }
        size += piece.len() as u64;
    };
    file.flush().await.map_err(failed)?;
    file.sync_all().await.map_err(failed)?;
    if let Some(digest) = digest {
        newsroom.remember_digest(id, size, digest);
    }
    outcome.map(|()| size)
}

/// The upload is whole and on the disk: hands it to the workers.
pub(crate) async fn complete(newsroom: &Arc<Newsroom>, id: Uuid, size: u64) -> Result<(), Problem> {
    if size == 0 {
        newsroom.archive.remove(id).await?;
        return Err(Problem::bad_request("the video is empty"));
    }
    let digest = match newsroom.digest_of(id, size) {
        Some(digest) => digest,
        None => read_again(newsroom, id).await?,
    };
    let hexadecimal: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    newsroom.accept(id, &hexadecimal, size).await
}

/// Takes in a whole video of a stated or unstated size; what does not come whole is not kept.
pub(crate) async fn whole(
    newsroom: &Arc<Newsroom>,
    id: Uuid,
    most: u64,
    pieces: &mut impl Pieces,
    patience: Duration,
) -> Result<(), Problem> {
    let _held = newsroom.hold(id)?;
    let done = match append(newsroom, id, 0, most, pieces, patience).await {
        Ok(size) => complete(newsroom, id, size).await,
        Err(problem) => Err(problem),
    };
    if done.is_err() {
        newsroom.archive.remove(id).await?;
    }
    done
}

async fn read_again(newsroom: &Newsroom, id: Uuid) -> Result<Sha256, Problem> {
    let mut file = File::open(newsroom.archive.video(id)).await.map_err(failed)?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        let size = file.read(&mut piece).await.map_err(failed)?;
        let Some(read) = piece.get(..size).filter(|read| !read.is_empty()) else { return Ok(digest) };
        digest.update(read);
    }
}

fn failed(error: std::io::Error) -> Problem {
    match error.kind() {
        std::io::ErrorKind::NotFound => Problem::no_clip(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Problem::new(StatusCode::INSUFFICIENT_STORAGE, "the disk of the server is full")
        }
        _ => Problem::internal(error),
    }
}
