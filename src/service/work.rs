use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use filigrane_archive::{Clip, Error, Kind};
use filigrane_pipeline::Cancel;
use filigrane_registry::Registry;
use filigrane_report::{Original, json_line};
use tokio::sync::watch;

use crate::desk::{Checked, Job, Stamped, Wish};
use crate::exports::ORIGINAL;
use crate::newsroom::{Newsroom, Running, Stage, Told};

/// How often it is looked for work when the bell does not ring.
const GLANCE: Duration = Duration::from_secs(2);
/// Pause after the archive failed.
const PAUSE: Duration = Duration::from_secs(5);

/// What came of a job.
enum Outcome {
    Checked(Box<Checked>),
    Stamped(Stamped),
    Failed(String),
}

/// Takes up one job after another until the program ends.
pub(crate) async fn work(newsroom: Arc<Newsroom>, registry: Arc<Registry>, mut ends: watch::Receiver<bool>) {
    while !*ends.borrow() {
        match newsroom.archive.take_up().await {
            Ok(Some(clip)) => {
                // Others may wait as well.
                newsroom.bell.notify_one();
                if one(&newsroom, &registry, &clip, &ends).await.is_err() {
                    newsroom.metrics.failures.inc();
                    tokio::time::sleep(PAUSE).await;
                }
            }
            Ok(None) => {
                tokio::select! {
                    () = newsroom.bell.notified() => {}
                    () = tokio::time::sleep(GLANCE) => {}
                    _ = ends.changed() => {}
                }
            }
            Err(_) => {
                newsroom.metrics.failures.inc();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn one(
    newsroom: &Arc<Newsroom>,
    registry: &Arc<Registry>,
    clip: &Clip,
    ends: &watch::Receiver<bool>,
) -> Result<(), Error> {
    let (stage, cancel) =
        (watch::Sender::new(Stage { name: "opening", ..Stage::default() }), Cancel::default());
    newsroom.enter(clip.id, Running { stage: stage.clone(), cancel: cancel.clone() });
    // Somebody may have stopped it, or the program may have been asked to end, just before it could be told.
    let wanted = newsroom.archive.clip(clip.id).await?.is_some_and(|clip| !clip.state.is_final());
    if !wanted || *ends.borrow() {
        cancel.cancel();
    }
    let (begun, kind) = (Instant::now(), clip.kind);
    let done = {
        let (newsroom, registry, clip) = (Arc::clone(newsroom), Arc::clone(registry), clip.clone());
        let cancel = cancel.clone();
        tokio::task::spawn_blocking(move || perform(&newsroom, &registry, &clip, &Told(stage), &cancel)).await
    };
    newsroom.leave(clip.id);
    if *ends.borrow() {
        return newsroom.archive.put_back(clip.id).await;
    }
    let wanted = newsroom.archive.clip(clip.id).await?.is_some_and(|clip| !clip.state.is_final());
    if !wanted {
        return Ok(());
    }
    let outcome = done.unwrap_or_else(|_| Outcome::Failed("the program failed on this video".to_owned()));
    let outcome = match keep(newsroom, clip, outcome).await {
        Ok(outcome) => outcome,
        Err(error) => {
            newsroom.archive.fail(clip.id, "the answer could not be kept: the disk may be full").await?;
            return Err(error);
        }
    };
    newsroom.metrics.job(kind, outcome, begun.elapsed());
    Ok(())
}

fn perform(
    newsroom: &Newsroom,
    registry: &Registry,
    clip: &Clip,
    progress: &Told,
    cancel: &Cancel,
) -> Outcome {
    let video = newsroom.archive.video(clip.id);
    let job = Job { video: &video, name: &clip.name, registry, progress, cancel };
    match clip.kind {
        Kind::Check => Outcome::Checked(Box::new(newsroom.desk.check(&job))),
        Kind::Stamp => {
            let Ok(wish) = serde_json::from_str::<Wish>(&clip.wish) else {
                return Outcome::Failed("how to stamp it can't be read".to_owned());
            };
            let output = newsroom.archive.folder(clip.id).join(format!("stamped.{}", extension(&clip.name)));
            // What an earlier attempt left.
            let _ = std::fs::remove_file(&output);
            match newsroom.desk.stamp(&job, &output, &wish) {
                Ok(stamped) => Outcome::Stamped(stamped),
                Err(why) => Outcome::Failed(why),
            }
        }
    }
}

/// Keeps what came of a job; gives the word under which it is counted.
async fn keep(newsroom: &Newsroom, clip: &Clip, outcome: Outcome) -> Result<&'static str, Error> {
    let archive = &newsroom.archive;
    match outcome {
        Outcome::Checked(checked) => {
            let folder = archive.folder(clip.id);
            for (number, sample) in checked.samples.iter().enumerate() {
                write(&folder.join(format!("frame-{number}.jpg")), &sample.jpeg).await?;
            }
            let times: Vec<f64> = checked.samples.iter().map(|sample| sample.time).collect();
            write(&folder.join("frames.json"), serde_json::json!(times).to_string().as_bytes()).await?;
            let manifests = checked.manifests.as_ref().map(|document| document.to_string().into_bytes());
            keep_or_drop(&folder.join("manifests.json"), manifests.as_deref()).await?;
            let original = checked.original.as_ref().map(Original::bytes);
            keep_or_drop(&folder.join(ORIGINAL), original).await?;
            let verdict = checked.report.verdict.as_ref().map(|verdict| verdict.code);
            let answer = json_line(&checked.report);
            archive.finish(clip.id, verdict.map(|code| code.as_str()), &answer).await?;
            Ok(verdict.map_or("unreadable", |code| code.as_str()))
        }
        Outcome::Stamped(stamped) => {
            let answer = serde_json::to_string(&stamped).unwrap_or_default();
            archive.finish(clip.id, None, &answer).await?;
            Ok("stamped")
        }
        Outcome::Failed(why) => {
            archive.fail(clip.id, &why).await?;
            Ok("failed")
        }
    }
}

/// Writes a file, or removes what an earlier answer left in its place.
async fn keep_or_drop(path: &Path, bytes: Option<&[u8]>) -> Result<(), Error> {
    match bytes {
        Some(bytes) => write(path, bytes).await,
        None => {
            drop(tokio::fs::remove_file(path).await);
            Ok(())
        }
    }
}

async fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let written = tokio::fs::write(path, bytes).await;
    written.map_err(|source| Error::Io { path: path.to_owned(), source })
}

/// The container that a stamped video is written to: the one it came in where that can hold a manifest, else MP4.
fn extension(name: &str) -> &'static str {
    let stated = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match stated.as_deref() {
        Some("mov") => "mov",
        Some("m4v") => "m4v",
        _ => "mp4",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamped_video_is_written_where_a_manifest_has_room() {
        for (name, expected) in
            [("a.MOV", "mov"), ("a.m4v", "m4v"), ("a.webm", "mp4"), ("../../x", "mp4"), ("", "mp4")]
        {
            assert_eq!(extension(name), expected, "{name}");
        }
    }
}
