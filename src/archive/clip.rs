use std::fmt;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

/// What is wanted of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Where it comes from.
    Check,
    /// A mark and a signature.
    Stamp,
}

/// How far a video is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Not all of it has come.
    Receiving,
    /// It waits for its turn.
    Queued,
    /// It is being worked on.
    Running,
    /// The answer is there.
    Done,
    /// There will be no answer; the reason is kept.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl Kind {
    /// As it is kept and shown to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Stamp => "stamp",
        }
    }

    fn of(text: &str) -> Option<Self> {
        [Self::Check, Self::Stamp].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl State {
    /// Every state, in the order in which a video goes through them.
    pub const ALL: [Self; 6] =
        [Self::Receiving, Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// As it is kept and shown to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    pub(crate) fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A video that is about to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClip<'a> {
    /// What the sender calls it; cut to a length.
    pub name: &'a str,
    /// What is wanted of it.
    pub kind: Kind,
    /// How many bytes will come.
    pub size: u64,
    /// Whose key sent it; nobody's is empty.
    pub owner: &'a str,
    /// How it is wanted, in the words of whoever works on it.
    pub wish: &'a str,
}

/// A video that is kept, with what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// Its name here, and in its permanent address.
    pub id: Uuid,
    /// What the sender calls it.
    pub name: String,
    /// What is wanted of it.
    pub kind: Kind,
    /// How far it is.
    pub state: State,
    /// Its size when whole, bytes.
    pub size: u64,
    /// SHA-256 of the whole, once it has come.
    pub sha256: Option<String>,
    /// Whose key sent it.
    pub owner: String,
    /// How it is wanted.
    pub wish: String,
    /// How often work on it was begun.
    pub attempts: u32,
    /// The code of the answer's verdict.
    pub verdict: Option<String>,
    /// The answer, a JSON document.
    pub answer: Option<String>,
    /// Why there is no answer.
    pub failure: Option<String>,
    /// When it was announced, RFC 3339.
    pub created_at: String,
    /// When the answer came, RFC 3339.
    pub finished_at: Option<String>,
}

impl Clip {
    pub(crate) fn read(row: &SqliteRow) -> sqlx::Result<Self> {
        let odd = |what: &str| sqlx::Error::Decode(format!("a clip has no proper {what}").into());
        Ok(Self {
            id: row.try_get::<&str, _>("id")?.parse().map_err(|_| odd("name"))?,
            name: row.try_get("name")?,
            kind: Kind::of(row.try_get("kind")?).ok_or_else(|| odd("kind"))?,
            state: State::of(row.try_get("state")?).ok_or_else(|| odd("state"))?,
            size: row.try_get::<i64, _>("size")?.unsigned_abs(),
            sha256: row.try_get("sha256")?,
            owner: row.try_get("owner")?,
            wish: row.try_get("wish")?,
            attempts: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
            verdict: row.try_get("verdict")?,
            answer: row.try_get("answer")?,
            failure: row.try_get("failure")?,
            created_at: row.try_get("created_at")?,
            finished_at: row.try_get("finished_at")?,
        })
    }
}
