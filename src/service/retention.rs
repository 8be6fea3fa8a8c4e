use std::time::Duration;

use filigrane_archive::{Archive, Error};
use time::OffsetDateTime;
use tokio::sync::watch;

/// How often it is looked for videos that were kept long enough.
pub(crate) const PACE: Duration = Duration::from_secs(3600);
const DAY: u64 = 24 * 3600;

/// Forgets videos that came longer ago than they are kept; says how many.
pub(crate) async fn forget(archive: &Archive, kept_for: Duration) -> Result<u64, Error> {
    let before = time::Duration::try_from(kept_for).ok();
    match before.and_then(|before| OffsetDateTime::now_utc().checked_sub(before)) {
        Some(before) => archive.forget_before(before).await,
        // Longer than there were videos.
        None => Ok(0),
    }
}

/// Does so again and again until the program ends; `failed` hears when it could not be done.
pub(crate) async fn retain(
    archive: Archive,
    kept_for: Duration,
    pace: Duration,
    failed: impl Fn(),
    mut ends: watch::Receiver<bool>,
) {
    while !*ends.borrow() {
        tokio::select! {
            () = tokio::time::sleep(pace) => {
                if forget(&archive, kept_for).await.is_err() {
                    failed();
                }
            }
            _ = ends.changed() => {}
        }
    }
}

/// Whole days, as people are told them.
pub(crate) fn days(kept_for: Duration) -> u64 {
    kept_for.as_secs().div_ceil(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use filigrane_archive::{Kind, NewClip};

    #[tokio::test]
    async fn a_video_goes_when_its_time_is_over_while_the_service_runs() {
        let home = tempfile::tempdir().unwrap();
        let archive = Archive::open(home.path()).await.unwrap();
        let new = NewClip { name: "a.mp4", kind: Kind::Check, size: 5, owner: "", wish: "" };
        let id = archive.announce(&new).await.unwrap();
        assert!(archive.cancel(id).await.unwrap());
        assert_eq!(forget(&archive, Duration::MAX).await.unwrap(), 0);
        assert_eq!(forget(&archive, Duration::from_secs(DAY)).await.unwrap(), 0);
        let (end, ends) = watch::channel(false);
        let (kept_for, pace) = (Duration::from_secs(1), Duration::from_millis(20));
        let retaining = tokio::spawn(retain(archive.clone(), kept_for, pace, || panic!("it fails"), ends));
        let patience = tokio::time::Instant::now() + Duration::from_secs(30);
        while archive.clip(id).await.unwrap().is_some() {
            assert!(tokio::time::Instant::now() < patience);
            tokio::time::sleep(pace).await;
        }
        end.send(true).unwrap();
        retaining.await.unwrap();
        assert!(!archive.folder(id).exists());
    }

    #[test]
    fn times_are_told_in_whole_days() {
        assert_eq!([DAY, DAY + 1, 30 * DAY].map(|seconds| days(Duration::from_secs(seconds))), [1, 2, 30]);
    }
}
