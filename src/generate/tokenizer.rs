use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::Deserialize;
use tokenizers::tokenizer::{Tokenizer as Inner, TruncationParams};

use crate::model::{MAX_CONFIG, ModelFiles};
use crate::{Error, sentencepiece};

/// Longest `tokenizer.json` or `spiece.model` that is read: UMT5's, the largest known, has 17 MB.
const MAX_TOKENIZER: u64 = 64 << 20;

/// Most unknown words that are told.
const MAX_UNKNOWN: usize = 32;

const JSON: &str = "tokenizer/tokenizer.json";
const PIECES: &str = "tokenizer/spiece.model";
const CONFIG: &str = "tokenizer/tokenizer_config.json";

/// Words to numbers, as the text encoder was trained on them.
pub(crate) struct Tokenizer {
    inner: Inner,
    whole: Inner,
    pad: u32,
    unknown: Option<u32>,
    length: usize,
}

/// A prompt as a text encoder takes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tokens {
    /// Filled up to the encoder's length.
    pub ids: Vec<i64>,
    /// How many of them are the prompt's.
    pub used: usize,
    /// How many the prompt would have had.
    pub whole: usize,
    /// Words among them that the tokenizer does not know.
    pub unknown: Vec<String>,
}

/// `tokenizer_config.json`; the class in it depends on the version of transformers and is not looked at.
#[derive(Default, Deserialize)]
struct Config {
    pad_token: Option<Token>,
    unk_token: Option<Token>,
    extra_ids: Option<u32>,
}

/// A special token: a word, or an object that holds it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Token {
    Word(String),
    Object { content: String },
}

impl Token {
    fn text(self) -> String {
        match self {
            Self::Word(text) | Self::Object { content: text } => text,
        }
    }
}

impl Tokenizer {
    /// Reads `tokenizer/tokenizer.json`, else the older `tokenizer/spiece.model`.
    ///
    /// # Errors
    /// [`Error::Missing`] for neither, [`Error::Malformed`] when it is damaged or made for another text encoder.
    pub(crate) fn open(files: &ModelFiles, length: usize, vocabulary: usize) -> Result<Self, Error> {
        let config: Config = match files.has(CONFIG) {
            true => serde_json::from_slice(&files.read(CONFIG, MAX_CONFIG)?)
                .map_err(|error| Error::malformed(CONFIG, error.to_string()))?,
            false => Config::default(),
        };
        let (place, mut inner) = if files.has(JSON) {
            let bytes = files.read(JSON, MAX_TOKENIZER)?;
            let inner = guarded(JSON, || {
                Inner::from_bytes(bytes).map_err(|error| Error::malformed(JSON, one_line(&error)))
            })?;
            (JSON, inner)
        } else if files.has(PIECES) {
            let bytes = files.read(PIECES, MAX_TOKENIZER)?;
            let extra_ids = config.extra_ids.unwrap_or(100);
            (PIECES, guarded(PIECES, || sentencepiece::tokenizer(&bytes, extra_ids, PIECES))?)
        } else {
            return Err(Error::Missing {
                part: JSON.to_owned(),
                hint: format!("nor is there a {}", Path::new(PIECES).display()),
            });
        };
        let largest = inner.get_vocab(true).values().copied().max().unwrap_or(0) as usize;
        if largest >= vocabulary {
            return Err(Error::malformed(
                place,
                format!(
                    "has {} tokens, the text encoder knows {vocabulary}: they do not belong together",
                    largest + 1
                ),
            ));
        }
        let pad = config.pad_token.map_or_else(|| "<pad>".to_owned(), Token::text);
        let unknown = config.unk_token.map_or_else(|| "<unk>".to_owned(), Token::text);
        let unknown = inner.token_to_id(&unknown);
        let pad = inner
            .token_to_id(&pad)
            .ok_or_else(|| Error::malformed(place, format!("has no token {pad:?} to fill up with")))?;
        // A saved file may bring its own; a pipeline's rules are these.
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|error| Error::Internal(one_line(&error)))?;
        let whole = inner.clone();
        inner
            .with_truncation(Some(TruncationParams { max_length: length, ..TruncationParams::default() }))
            .map_err(|error| Error::malformed(place, one_line(&error)))?;
        Ok(Self { inner, whole, pad, unknown, length })
    }

    /// The numbers of a text, cut to the encoder's length with the end mark kept.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the tokenizer cannot express the text.
    pub(crate) fn encode(&self, text: &str) -> Result<Tokens, Error> {
        guarded("tokenizer", || self.encode_unguarded(text))
    }

    fn encode_unguarded(&self, text: &str) -> Result<Tokens, Error> {
        let failed = |error: tokenizers::Error| Error::malformed("tokenizer", one_line(&error));
        let encoding = self.inner.encode(text, true).map_err(failed)?;
        let whole = if encoding.get_ids().len() < self.length {
            encoding.get_ids().len()
        } else {
            self.whole.encode(text, true).map_err(failed)?.get_ids().len()
        };
        let unknown = encoding
            .get_ids()
            .iter()
            .zip(encoding.get_offsets())
            .filter(|(id, _)| Some(**id) == self.unknown)
            .filter_map(|(_, (start, end))| text.get(*start..*end))
            .map(|word| word.trim().to_owned())
            .take(MAX_UNKNOWN)
            .collect();
        let mut ids: Vec<i64> = encoding.get_ids().iter().map(|id| i64::from(*id)).collect();
        let used = ids.len().min(self.length);
        ids.resize(self.length, i64::from(self.pad));
        Ok(Tokens { ids, used, whole, unknown })
    }
}

/// A panic of the library, which damaged tables of characters lead to, as the error it should be.
fn guarded<T>(place: &str, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(Error::malformed(place, "is damaged: its tables lead nowhere")))
}

fn one_line(error: &tokenizers::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
#[path = "tokenizer_tests.rs"]
mod tests;
