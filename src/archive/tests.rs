//! What is kept stays kept: jobs, notes and search on a real database.

use uuid::Uuid;

use crate::*;

struct Room {
    home: tempfile::TempDir,
    archive: Archive,
}

impl Room {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let archive = Archive::open(home.path()).await.unwrap();
        Self { home, archive }
    }

    async fn announce(&self, name: &str) -> Uuid {
        let new = NewClip { name, kind: Kind::Check, size: 5, owner: "desk", wish: "" };
        self.archive.announce(&new).await.unwrap()
    }

    async fn queued(&self, name: &str) -> Uuid {
        let id = self.announce(name).await;
        tokio::fs::write(self.archive.video(id), b"video").await.unwrap();
        assert!(self.archive.accept(id, &"ab".repeat(32), 5).await.unwrap());
        id
    }

    async fn state(&self, id: Uuid) -> State {
        self.archive.clip(id).await.unwrap().unwrap().state
    }
}

fn words(words: &str) -> Search {
    Search { words: words.to_owned(), limit: 10, ..Search::default() }
}

#[tokio::test]
async fn a_video_waits_its_turn_is_worked_on_once_and_keeps_its_answer() {
    let room = Room::new().await;
    let (one, other) = (room.queued("one.mp4").await, room.queued("other.mp4").await);
    let announced = room.announce("half.mp4").await;
    assert_eq!(room.archive.received(announced).await.unwrap(), 0);
    assert_eq!(room.archive.take_up().await.unwrap().unwrap().id, one);
    let taken = room.archive.take_up().await.unwrap().unwrap();
    assert_eq!((taken.id, taken.state, taken.attempts), (other, State::Running, 1));
    assert_eq!(room.archive.take_up().await.unwrap(), None, "what is not whole is not worked on");
    assert!(room.archive.finish(one, Some("signed"), "{}").await.unwrap());
    assert!(!room.archive.finish(one, Some("altered"), "{}").await.unwrap(), "one answer");
    let done = room.archive.clip(one).await.unwrap().unwrap();
    assert_eq!((done.state, done.verdict.as_deref()), (State::Done, Some("signed")));
    assert!(room.archive.cancel(other).await.unwrap() && !room.archive.cancel(one).await.unwrap());
    assert!(!room.archive.finish(other, None, "{}").await.unwrap(), "an answer nobody wants");
    assert!(room.archive.again(other).await.unwrap() && !room.archive.again(announced).await.unwrap());
    assert_eq!(room.state(other).await, State::Queued);
}

#[tokio::test]
async fn after_an_end_of_the_program_jobs_wait_again_and_those_that_end_it_are_given_up() {
    let room = Room::new().await;
    let id = room.queued("clip.mp4").await;
    for attempt in 1..=MOST_ATTEMPTS {
        assert_eq!(room.archive.take_up().await.unwrap().unwrap().attempts, attempt);
        // Neither finished nor put back: as after kill -9.
        let archive = Archive::open(room.home.path()).await.unwrap();
        let recovered = archive.recover().await.unwrap();
        let last = attempt == MOST_ATTEMPTS;
        assert_eq!((recovered.resumed, recovered.given_up), (u64::from(!last), u64::from(last)));
    }
    assert_eq!(room.state(id).await, State::Failed);
    let other = room.queued("other.mp4").await;
    for _ in 0..5 {
        assert_eq!(room.archive.take_up().await.unwrap().unwrap().attempts, 1);
        room.archive.put_back(other).await.unwrap();
    }
    assert_eq!(room.state(other).await, State::Queued);
}

#[tokio::test]
async fn what_did_not_come_whole_is_forgotten_after_two_days() {
    let room = Room::new().await;
    let (old, new) = (room.announce("old.mp4").await, room.announce("new.mp4").await);
    let query = "UPDATE clips SET created_at = '2020-01-01T00:00:00Z' WHERE id = $1";
    room.archive.run(sqlx::query(query).bind(old.to_string())).await.unwrap();
    assert_eq!(room.archive.recover().await.unwrap().abandoned, 1);
    assert_eq!(room.archive.clip(old).await.unwrap(), None);
    assert!(!room.archive.folder(old).exists() && room.archive.folder(new).exists());
}

#[tokio::test]
async fn what_came_before_a_time_goes_with_all_that_belongs_to_it_unless_it_is_worked_on() {
    let room = Room::new().await;
    let (done, waiting) = (room.queued("done.mp4").await, room.queued("waiting.mp4").await);
    assert_eq!(room.archive.take_up().await.unwrap().unwrap().id, done);
    assert!(room.archive.finish(done, Some("signed"), "{}").await.unwrap());
    room.archive.note(done, "Ada", "Old.").await.unwrap();
    room.archive.tag(done, "old").await.unwrap();
    let coming = room.announce("coming.mp4").await;
    let fresh = room.queued("fresh.mp4").await;
    assert!(room.archive.cancel(fresh).await.unwrap());
    let month = time::OffsetDateTime::now_utc() - time::Duration::days(30);
    for id in [done, waiting] {
        let query = "UPDATE clips SET created_at = '2020-01-01T00:00:00Z' WHERE id = $1";
        room.archive.run(sqlx::query(query).bind(id.to_string())).await.unwrap();
    }
    assert_eq!(room.archive.forget_before(month).await.unwrap(), 1);
    assert_eq!(room.archive.clip(done).await.unwrap(), None);
    assert!(room.archive.notes(done).await.unwrap().is_empty() && !room.archive.folder(done).exists());
    for (id, state) in [(waiting, State::Queued), (coming, State::Receiving), (fresh, State::Cancelled)] {
        assert_eq!(room.state(id).await, state);
        assert!(room.archive.folder(id).exists());
    }
    assert!(room.archive.cancel(waiting).await.unwrap());
    assert_eq!(room.archive.forget_before(month).await.unwrap(), 1, "its turn is over");
    let now = time::OffsetDateTime::now_utc() + time::Duration::days(1);
    assert_eq!(room.archive.forget_before(now).await.unwrap(), 1, "what still comes has two days");
    assert_eq!(room.state(coming).await, State::Receiving);
}

#[tokio::test]
async fn files_whose_removal_was_interrupted_go_at_the_next_start_and_a_stray_folder_stays() {
    let room = Room::new().await;
    let (gone, kept) = (room.queued("gone.mp4").await, room.queued("kept.mp4").await);
    // The record is gone and the program ends there: as after kill -9.
    let query = sqlx::query("DELETE FROM clips WHERE id = $1").bind(gone.to_string());
    assert_eq!(room.archive.run(query).await.unwrap(), 1);
    assert!(room.archive.folder(gone).exists());
    let stray = room.archive.folder(Uuid::new_v4());
    std::fs::create_dir(&stray).unwrap();
    let archive = Archive::open(room.home.path()).await.unwrap();
    archive.recover().await.unwrap();
    assert!(!archive.folder(gone).exists() && archive.folder(kept).exists());
    assert!(stray.exists(), "a folder of no record may be all that is left of a lost database");
}

#[tokio::test]
async fn notes_and_tags_are_everybodys_and_found_again() {
    let room = Room::new().await;
    let id = room.queued("harbour 100%.mp4").await;
    let other = room.queued("field.mp4").await;
    room.archive.note(id, "Ada", " Filmed from the north pier? ").await.unwrap();
    room.archive.note(id, "Ben", "No: the south one.").await.unwrap();
    room.archive.tag(id, "Flood").await.unwrap();
    room.archive.tag(id, "flood").await.unwrap();
    let notes = room.archive.notes(id).await.unwrap();
    assert_eq!(notes.iter().map(|note| note.author.as_str()).collect::<Vec<_>>(), ["Ada", "Ben"]);
    assert_eq!(notes[0].text, "Filmed from the north pier?");
    assert_eq!(room.archive.tags(id).await.unwrap(), ["flood"]);
    for found in ["south", "HARBOUR", "100%", "floo", "abab"] {
        let (clips, more) = room.archive.search(&words(found)).await.unwrap();
        assert!(clips.iter().any(|clip| clip.id == id) && !more, "{found}");
    }
    for not in ["%south%x", "_arbour", "bab"] {
        assert!(room.archive.search(&words(not)).await.unwrap().0.is_empty(), "{not}");
    }
    let tagged = Search { tag: "FLOOD".to_owned(), limit: 10, ..Search::default() };
    assert_eq!(room.archive.search(&tagged).await.unwrap().0.len(), 1);
    let (first, more) = room.archive.search(&Search { limit: 1, ..Search::default() }).await.unwrap();
    assert_eq!((first[0].id, more), (other, true), "the newest first");
    room.archive.untag(id, "flood").await.unwrap();
    assert!(room.archive.tags(id).await.unwrap().is_empty());
    room.archive.remove(id).await.unwrap();
    assert!(room.archive.notes(id).await.unwrap().is_empty() && !room.archive.folder(id).exists());
}

#[tokio::test]
async fn what_people_write_has_bounds() {
    let room = Room::new().await;
    let id = room.queued("clip.mp4").await;
    let long = "a".repeat(LONGEST_NOTE + 1);
    for text in ["", "  ", &long] {
        assert!(matches!(room.archive.note(id, "Ada", text).await, Err(Error::Limit(_))));
    }
    for tag in 0..MOST_TAGS {
        room.archive.tag(id, &tag.to_string()).await.unwrap();
    }
    assert!(matches!(room.archive.tag(id, "one more").await, Err(Error::Limit(_))));
    room.archive.tag(id, "0").await.unwrap();
    let nobody = Uuid::new_v4();
    assert!(matches!(room.archive.note(nobody, "Ada", "?").await, Err(Error::Missing(_))));
    assert!(matches!(room.archive.received(nobody).await, Err(Error::Missing(_))));
}

#[tokio::test]
async fn what_a_key_has_sent_is_counted_and_another_programs_database_is_refused() {
    let room = Room::new().await;
    room.queued("clip.mp4").await;
    room.announce("clip.mp4").await;
    assert_eq!(room.archive.sent_in_a_day("desk").await.unwrap(), 10);
    assert_eq!(room.archive.sent_in_a_day("other").await.unwrap(), 0);
    let counts = room.archive.counts().await.unwrap();
    assert!(counts.contains(&Count { state: State::Queued, clips: 1, bytes: 5 }), "{counts:?}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("archive.sqlite"), "no database at all, but a text").unwrap();
    let error = Archive::open(folder.path()).await.unwrap_err().to_string();
    assert!(error.contains("archive.sqlite"), "{error}");
}

#[tokio::test]
async fn sums_and_the_next_job_are_found_without_reading_every_answer() {
    let room = Room::new().await;
    for query in [
        "SELECT state, count(*) AS clips, sum(size) AS bytes FROM clips GROUP BY state",
        "SELECT coalesce(sum(size), 0) FROM clips WHERE owner = 'desk' AND created_at >= '2026'",
        "SELECT sequence FROM clips WHERE state = 'queued' ORDER BY sequence LIMIT 1",
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
                .fetch_all(&room.archive.pool)
                .await
                .unwrap();
        assert!(plan.iter().all(|step| step.3.contains("COVERING INDEX")), "{query}: {plan:?}");
    }
}
