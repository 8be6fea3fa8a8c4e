use serde::Serialize;

use super::ModelIndex;
use crate::Error;

/// Which pipeline a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Wan 2.1 text-to-video, and Wan 2.2 with two transformers.
    Wan {
        /// From which share of time on the first transformer works; below, the second.
        boundary: Option<f64>,
    },
    /// Wan 2.2 TI2V: from text, or from text and a first picture.
    WanTextImage,
    /// LTX-Video.
    Ltx,
}

impl Family {
    /// Which pipeline an index is for.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for any other pipeline or class of part, [`Error::Missing`] for a part that is not there.
    pub fn of(index: &ModelIndex) -> Result<Self, Error> {
        let family = match index.pipeline.as_str() {
            "WanPipeline" | "WanImageToVideoPipeline" if index.expand_timesteps => Self::WanTextImage,
            "WanPipeline" => Self::Wan { boundary: index.boundary_ratio },
            "LTXPipeline" => Self::Ltx,
            "WanImageToVideoPipeline" => {
                return Err(Error::Unsupported(
                    "WanImageToVideoPipeline with an image encoder is not supported; Wan 2.2 TI2V takes a first picture"
                        .to_owned(),
                ));
            }
            other => {
                return Err(Error::Unsupported(format!(
                    "the pipeline {other} is not supported; WanPipeline (Wan 2.1 text-to-video, Wan 2.2) and LTXPipeline are"
                )));
            }
        };
        let (transformer, vae) = match family {
            Self::Wan { .. } | Self::WanTextImage => ("WanTransformer3DModel", "AutoencoderKLWan"),
            Self::Ltx => ("LTXVideoTransformer3DModel", "AutoencoderKLLTXVideo"),
        };
        let mut wanted = vec![("transformer", transformer), ("vae", vae)];
        if family.boundary().is_some() {
            wanted.push(("transformer_2", transformer));
        }
        for (part, class) in wanted {
            let found = index.part(part)?;
            if found != class {
                return Err(Error::Unsupported(format!(
                    "the part {part} is of class {found}, {} needs {class}",
                    index.pipeline
                )));
            }
        }
        let text = index.part("text_encoder")?;
        if !["UMT5EncoderModel", "T5EncoderModel"].contains(&text) {
            return Err(Error::Unsupported(format!(
                "the text encoder {text} is not supported; UMT5EncoderModel and T5EncoderModel are"
            )));
        }
        index.part("tokenizer")?;
        index.part("scheduler")?;
        Ok(family)
    }

    /// Whether a clip may begin with a given picture.
    pub fn takes_image(self) -> bool {
        matches!(self, Self::WanTextImage)
    }

    /// From which share of time on the first of two transformers works.
    pub fn boundary(self) -> Option<f64> {
        match self {
            Self::Wan { boundary } => boundary,
            _ => None,
        }
    }

    /// Tokens a prompt is cut to and filled up to.
    pub fn text_tokens(self) -> usize {
        match self {
            Self::Ltx => 128,
            _ => 512,
        }
    }
}
