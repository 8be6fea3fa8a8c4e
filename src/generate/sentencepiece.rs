//! Unigram models of SentencePiece, in folders from before `tokenizer.json`: T5's way of reading them.

use prost::Message;
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::normalizers::{Precompiled, Replace, Sequence, Strip};
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, NormalizerWrapper, Tokenizer};

use crate::Error;

/// Most pieces: UMT5 has 256,384.
const MAX_PIECES: usize = 1 << 20;

/// What of `sentencepiece_model.proto` is needed.
#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(message, repeated, tag = "1")]
    pieces: Vec<Piece>,
    #[prost(message, optional, tag = "2")]
    trainer: Option<TrainerSpec>,
    #[prost(message, optional, tag = "3")]
    normalizer: Option<NormalizerSpec>,
}

#[derive(Clone, PartialEq, Message)]
struct Piece {
    #[prost(string, optional, tag = "1")]
    piece: Option<String>,
    #[prost(float, optional, tag = "2")]
    score: Option<f32>,
    /// 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct TrainerSpec {
    /// 1 unigram, 2 byte pairs, 3 words, 4 characters.
    #[prost(int32, optional, tag = "3")]
    model_type: Option<i32>,
    #[prost(bool, optional, tag = "35")]
    byte_fallback: Option<bool>,
    #[prost(int32, optional, tag = "40")]
    unknown: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct NormalizerSpec {
    #[prost(bytes = "vec", optional, tag = "2")]
    character_map: Option<Vec<u8>>,
}

/// The tokenizer in a `spiece.model`, as transformers converts T5's.
///
/// # Errors
/// [`Error::Malformed`], or [`Error::Unsupported`] for another kind than unigram.
pub(crate) fn tokenizer(bytes: &[u8], extra_ids: u32, place: &str) -> Result<Tokenizer, Error> {
    let malformed = |reason: String| Error::malformed(place, reason);
    let model = ModelProto::decode(bytes).map_err(|error| malformed(error.to_string()))?;
    let trainer = model.trainer.unwrap_or_default();
    if trainer.model_type.unwrap_or(1) != 1 {
        return Err(Error::Unsupported(format!("{place}: only unigram models are supported")));
    }
    if model.pieces.is_empty() || model.pieces.len() + extra_ids as usize > MAX_PIECES {
        return Err(malformed(format!("has {} pieces, 1 to {MAX_PIECES} are possible", model.pieces.len())));
    }
    let mut vocabulary: Vec<(String, f64)> = model
        .pieces
        .iter()
        .map(|piece| (piece.piece.clone().unwrap_or_default(), f64::from(piece.score.unwrap_or(0.0))))
        .collect();
    vocabulary.extend((0..extra_ids).rev().map(|number| (format!("<extra_id_{number}>"), 0.0)));
    let unknown = usize::try_from(trainer.unknown.unwrap_or(0)).ok();
    let end = vocabulary.iter().position(|(piece, _)| piece == "</s>");
    let end =
        end.and_then(|end| u32::try_from(end).ok()).ok_or_else(|| malformed("has no </s>".to_owned()))?;
    let unigram = Unigram::from(vocabulary, unknown, trainer.byte_fallback.unwrap_or(false))
        .map_err(|error| malformed(error.to_string()))?;
    let mut tokenizer = Tokenizer::new(unigram);
    // Every mark that a text may name, as transformers does: control, user-defined, unknown, and T5's blanks.
    let mut marks: Vec<AddedToken> = Vec::new();
    for piece in &model.pieces {
        if let (Some(text), Some(2..=4)) = (&piece.piece, piece.kind) {
            marks.push(AddedToken::from(text.clone(), piece.kind != Some(4)).normalized(false));
        }
    }
    marks.extend((0..extra_ids).map(|number| AddedToken::from(format!("<extra_id_{number}>"), true)));
    tokenizer.add_tokens(marks).map_err(|error| malformed(error.to_string()))?;
    let mut steps: Vec<NormalizerWrapper> = Vec::new();
    if let Some(map) = model.normalizer.and_then(|spec| spec.character_map).filter(|map| !map.is_empty()) {
        let map = Precompiled::from(&map).map_err(|error| malformed(error.to_string()))?;
        steps.push(map.into());
    }
    steps.push(Strip::new(false, true).into());
    let spaces = Replace::new(ReplacePattern::Regex(" {2,}".to_owned()), "▁");
    steps.push(spaces.map_err(|error| malformed(error.to_string()))?.into());
    tokenizer.with_normalizer(Some(Sequence::new(steps))).map_err(|error| malformed(error.to_string()))?;
    tokenizer.with_pre_tokenizer(Some(Metaspace::new('▁', PrependScheme::Always, true)));
    let template = TemplateProcessing::builder()
        .try_single("$A </s>")
        .map(|builder| builder.special_tokens(vec![("</s>".to_owned(), end)]).build());
    match template {
        Ok(Ok(template)) => tokenizer.with_post_processor(Some(template)),
        _ => return Err(Error::Internal("the template of T5's marks".to_owned())),
    };
    Ok(tokenizer)
}
