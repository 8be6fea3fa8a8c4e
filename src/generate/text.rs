use std::collections::VecDeque;
use std::sync::Arc;

use filigrane_frame::Digest;
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::networks::{Networks, TextEncoder};
use crate::tokenizer::{Tokenizer, Tokens};

/// Most prompts whose embeddings are kept: 8 MB each for a large encoder.
const MAX_KEPT: usize = 16;

/// What a text encoder makes of a prompt: `[tokens, width]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Embedding {
    pub tokens: usize,
    pub width: usize,
    pub values: Vec<f32>,
    /// How many tokens are the prompt's; the others fill up.
    pub used: usize,
}

/// Embeddings of the last prompts by the hash of their tokens, so that the text encoder need not be loaded again.
#[derive(Default)]
pub(crate) struct TextCache {
    kept: VecDeque<(Digest, Arc<Embedding>)>,
}

impl TextCache {
    /// The embeddings of some prompts; the encoder is loaded for those not known, and freed.
    pub(crate) fn embed(
        &mut self,
        networks: &Networks<'_>,
        prompts: &[&Tokens],
        mut told: impl FnMut(u32) -> Result<(), Error>,
    ) -> Result<Vec<Arc<Embedding>>, Error> {
        let mut encoder = None;
        let mut found = Vec::with_capacity(prompts.len());
        for (done, tokens) in (1..).zip(prompts) {
            let key = key(tokens);
            let embedding = match self.kept.iter().find(|(known, _)| *known == key) {
                Some((_, embedding)) => Arc::clone(embedding),
                None => {
                    let encoder = match &mut encoder {
                        Some(encoder) => encoder,
                        none => none.insert(TextEncoder::open(networks)?),
                    };
                    let embedding = Arc::new(encoder.encode(tokens)?);
                    if self.kept.len() == MAX_KEPT {
                        self.kept.pop_front();
                    }
                    self.kept.push_back((key, Arc::clone(&embedding)));
                    embedding
                }
            };
            found.push(embedding);
            told(done)?;
        }
        Ok(found)
    }
}

fn key(tokens: &Tokens) -> Digest {
    let mut hash = Sha256::new();
    hash.update((tokens.used as u64).to_le_bytes());
    for id in &tokens.ids {
        hash.update(id.to_le_bytes());
    }
    Digest(hash.finalize().into())
}

/// The tokens of a prompt as its pipeline reads it: Wan's cleans it first.
pub(crate) fn read(
    networks: &Networks<'_>,
    tokenizer: &Tokenizer,
    prompt: &str,
) -> Result<(String, Tokens), Error> {
    let text = match networks.model.family() {
        crate::Family::Ltx => prompt.to_owned(),
        _ => crate::clean(prompt),
    };
    let tokens = tokenizer.encode(&text)?;
    Ok((text, tokens))
}
