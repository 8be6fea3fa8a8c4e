use filigrane_infer::network::T5Encoder;
use filigrane_infer::{Session, TensorView};

use super::{Networks, taken};
use crate::text::Embedding;
use crate::tokenizer::Tokens;
use crate::{Error, Family};

/// Tokens into what the denoiser listens to.
pub(crate) struct TextEncoder {
    session: Session,
    width: usize,
    /// Whether what fills up is heard by nobody and given on as zeros.
    masked: bool,
}

impl TextEncoder {
    /// Loads `text_encoder`.
    pub(crate) fn open(networks: &Networks<'_>) -> Result<Self, Error> {
        let network = T5Encoder::parse(&networks.config("text_encoder")?)?;
        let tokens = networks.model.text_tokens();
        let graph = network.graph(networks.engine, &networks.weights("text_encoder")?, 1, tokens)?;
        Ok(Self {
            session: networks.session(&graph)?,
            width: networks.model.text.d_model,
            masked: networks.model.family() != Family::Ltx,
        })
    }

    /// What the encoder makes of a prompt.
    pub(crate) fn encode(&mut self, tokens: &Tokens) -> Result<Embedding, Error> {
        let length = tokens.ids.len();
        let shape = [1, length];
        // LTX's pipeline lets the encoder read what fills up, and masks it for the denoiser.
        let heard = if self.masked { tokens.used } else { length };
        let mask: Vec<i64> = (0..length).map(|index| i64::from(index < heard)).collect();
        let mut outputs = self.session.run(&[
            ("input_ids", TensorView::i64(&shape, &tokens.ids)?.into()),
            ("attention_mask", TensorView::i64(&shape, &mask)?.into()),
        ])?;
        let mut values = taken(&mut outputs, "last_hidden_state")?;
        if values.len() != length * self.width {
            return Err(Error::Internal(format!("the text encoder answers {} numbers", values.len())));
        }
        if self.masked {
            for value in values.iter_mut().skip(tokens.used * self.width) {
                *value = 0.0;
            }
        }
        Ok(Embedding { tokens: length, width: self.width, values, used: tokens.used })
    }
}
