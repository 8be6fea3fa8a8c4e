//! What the process that reads hostile bytes is told, and what it tells: CBOR in the messages of the jail.

use filigrane_frame::Limits;
use filigrane_jail::{Bounds, LARGEST_MESSAGE, Output};
use filigrane_provenance::{TrustAnchors, TrustList};
use filigrane_verdict::Depth;
use filigrane_watermark::{Key, Payload};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failing::Failing;
use crate::made::Made;
use crate::mark::Marking;
use crate::reading::Reading;
use crate::seen::{Seen, believable_line};
use crate::tracks::Named;
use crate::verify::Stages;

/// Largest answer but those of [`Told::Seen`], [`Told::Heritage`] and [`Told::Document`], bytes: texts from manifests are cut to a length.
const LARGEST_READING: usize = 4 << 20;

/// What is to be done with one file, said once.
#[derive(Serialize, Deserialize)]
pub(crate) struct Errand {
    /// Its name, as bytes: what is said of it begins with that, and nothing is opened by it.
    #[serde(with = "serde_bytes")]
    pub name: Vec<u8>,
    /// Names of the files beside it that were handed over too.
    pub beside: Vec<serde_bytes::ByteBuf>,
    /// Instead of it, a stream whose files are opened by their names.
    pub stream: Option<Named>,
    pub stages: Stages,
    pub anchors: Vec<(Option<TrustList>, String)>,
    pub at: Option<i64>,
    pub keys: Vec<[u8; 32]>,
    pub stills: usize,
    pub limits: Limits,
    pub memory: u64,
    pub cpu_seconds: u64,
    /// The last file that was handed over is for writing, up to so many bytes.
    pub output: Option<u64>,
}

impl Errand {
    /// To do nothing.
    pub fn empty() -> Self {
        Self {
            name: Vec::new(),
            beside: Vec::new(),
            stream: None,
            stages: Stages { credentials: false, watermark: false, fingerprint: false, classifier: false },
            anchors: Vec::new(),
            at: None,
            keys: Vec::new(),
            stills: 0,
            limits: Limits::default(),
            memory: 0,
            cpu_seconds: 0,
            output: None,
        }
    }

    pub fn bounds(&self) -> Bounds {
        let output = self.output.map_or(Output::Memory, Output::Files);
        Bounds { memory: self.memory, cpu_seconds: self.cpu_seconds, output }
    }

    pub fn keys(&self) -> Vec<Key> {
        self.keys.iter().map(|key| Key::new(*key)).collect()
    }

    pub fn trust(&self) -> Result<TrustAnchors, filigrane_provenance::Error> {
        TrustAnchors::from_parcels(self.anchors.clone())
    }
}

/// One step of the work.
#[derive(Serialize, Deserialize)]
pub(crate) enum Order {
    /// Read the credentials.
    Read,
    /// Look at the pictures.
    Look {
        depth: Depth,
        /// Ask beside for these marks.
        stated: Vec<Payload>,
        /// Keep what the classifier looks at.
        observe: bool,
    },
    /// Say what sort of video it is.
    Open,
    /// Encode the marked pictures into the file for writing.
    Mark(Box<Marking>),
    /// Look at pictures that stay as they are.
    Examine,
    /// Read the credentials so that they can be carried along.
    Inherit,
    /// Give the ISCC Video-Code.
    Code,
    /// Give the manifests as crJSON.
    Document,
}

/// What the process tells.
#[derive(Serialize, Deserialize)]
pub(crate) enum Told {
    /// How far its jail is closed; the first thing told.
    Level(u8),
    /// How many pictures were read, of how many.
    Step(u64, Option<u64>),
    /// The answer to [`Order::Read`].
    Reading(Reading),
    /// The answer to [`Order::Look`].
    Seen(Box<Seen>),
    /// The same where nothing could be decoded.
    Unseen(Failing),
    /// No work could be done at all.
    Refused(String),
    /// The answer to [`Order::Open`]: its container, and width and height of its pictures.
    Opened(String, u32, u32),
    /// The answer to [`Order::Mark`] and [`Order::Examine`].
    Made(Box<Made>),
    /// The answer to [`Order::Inherit`].
    Heritage(Option<String>, Option<serde_bytes::ByteBuf>, Option<String>),
    /// The answer to [`Order::Code`]: its body.
    Code(Option<[u8; 32]>),
    /// The answer to [`Order::Document`], as text; none where there are no manifests.
    Document(Option<String>),
    /// One of the last six could not be carried out.
    Failed(Failing),
}

impl Told {
    /// Reads what came over the pipe, whoever sent it.
    ///
    /// # Errors
    /// One line on why no honest reader tells that.
    pub fn parse(message: &[u8]) -> Result<Self, String> {
        let told: Self = decoded(message)?;
        match told {
            Self::Seen(seen) => {
                let seen = seen.believable().ok_or("it told of pictures what no decoder gives")?;
                Ok(Self::Seen(Box::new(seen)))
            }
            Self::Heritage(facts, store, why) => Ok(Self::Heritage(facts, store, why.map(believable_line))),
            Self::Document(text) => Ok(Self::Document(text)),
            _ if message.len() > LARGEST_READING => Err("too long an answer".to_owned()),
            Self::Opened(container, width, height) => {
                Ok(Self::Opened(believable_line(container), width, height))
            }
            told => Ok(told),
        }
    }
}

/// Whether a message is one that an honest process in a jail can tell: for fuzzers.
pub fn believes(message: &[u8]) -> bool {
    Told::parse(message).is_ok()
}

pub(crate) fn encoded(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Into memory, of types with names for all their fields: there is nothing that can fail. What is not whole is not read.
    let _ = ciborium::into_writer(value, &mut bytes);
    bytes
}

pub(crate) fn decoded<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.len() > LARGEST_MESSAGE {
        return Err("too long an answer".to_owned());
    }
    ciborium::de::from_reader_with_recursion_limit(bytes, 32)
        .map_err(|_| "it told nothing that makes sense".to_owned())
}

#[cfg(test)]
#[path = "errand_tests.rs"]
mod tests;
