use std::path::Path;

use filigrane_infer::{Bits, StoredTensor, Weights};
use serde::{Deserialize, Serialize};

use super::configuration::{self, TextConfig, TransformerConfig, VaeConfig};
use super::memory::{self, PartSizes};
use super::{Family, Geometry, MAX_CONFIG, MemoryNeed, ModelFile, ModelFiles, ModelIndex};
use crate::networks::RunOptions;
use crate::scheduler::SchedulerConfig;
use crate::tokenizer::Tokenizer;
use crate::{Error, Size};

/// Our own file beside `model_index.json`: what a request that says nothing gets.
const DEFAULTS: &str = "filigrane.json";

/// What a request that says nothing gets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Pictures.
    pub frames: u32,
    /// Steps.
    pub steps: u32,
    /// Guidance.
    pub guidance: f64,
    /// Pictures a second.
    pub frame_rate: f64,
    /// Tokens a prompt is cut to and filled up to, where they are fewer than the pipeline's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_tokens: Option<usize>,
}

impl Defaults {
    /// Those of diffusers' pipelines and of the models' own pages.
    fn of(family: Family) -> Self {
        match family {
            Family::Wan { .. } => Self {
                width: 832,
                height: 480,
                frames: 81,
                steps: 50,
                guidance: 5.0,
                frame_rate: 16.0,
                text_tokens: None,
            },
            Family::WanTextImage => Self {
                width: 1280,
                height: 704,
                frames: 121,
                steps: 50,
                guidance: 5.0,
                frame_rate: 24.0,
                text_tokens: None,
            },
            Family::Ltx => Self {
                width: 704,
                height: 512,
                frames: 161,
                steps: 50,
                guidance: 3.0,
                frame_rate: 25.0,
                text_tokens: None,
            },
        }
    }
}

/// A folder of diffusers that this build can run: every part is there and fits the others. Its weights are not read.
#[derive(Debug, Clone)]
pub struct Model {
    files: ModelFiles,
    index: ModelIndex,
    family: Family,
    geometry: Geometry,
    defaults: Defaults,
    scheduler: SchedulerConfig,
    parts: Vec<ModelFile>,
    pub(crate) transformer: TransformerConfig,
    pub(crate) vae: VaeConfig,
    pub(crate) text: TextConfig,
}

impl Model {
    /// Reads what a folder says of itself.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Malformed`] or [`Error::Unsupported`], each with the file and the reason.
    pub fn read(files: ModelFiles) -> Result<Self, Error> {
        let index = ModelIndex::read(&files)?;
        let family = Family::of(&index)?;
        let transformer: TransformerConfig = configuration::read(&files, "transformer")?;
        let vae: VaeConfig = configuration::read(&files, "vae")?;
        let text: TextConfig = configuration::read(&files, "text_encoder")?;
        let scheduler = files.read("scheduler/scheduler_config.json", MAX_CONFIG)?;
        let scheduler = SchedulerConfig::parse(&scheduler)?;
        let geometry = Geometry::of(family, &transformer, &vae)?;
        for (part, class, told) in [
            ("transformer", &transformer.class, index.part("transformer")?),
            ("vae", &vae.class, index.part("vae")?),
        ] {
            if class != told {
                return Err(Error::malformed(
                    format!("{part}/config.json"),
                    format!("is of class {class}, model_index.json says {told}"),
                ));
            }
        }
        if transformer.image_dim.is_some() {
            return Err(Error::Unsupported(
                "transformer/config.json: image_dim: transformers with an image encoder are not supported"
                    .to_owned(),
            ));
        }
        let width = transformer.text_dim.or(transformer.caption_channels);
        if width.is_some_and(|width| width != text.d_model) {
            return Err(Error::malformed(
                "text_encoder/config.json",
                format!("d_model is {}, the transformer takes {}", text.d_model, width.unwrap_or_default()),
            ));
        }
        let defaults = match files.has(DEFAULTS) {
            true => serde_json::from_slice(&files.read(DEFAULTS, MAX_CONFIG)?)
                .map_err(|error| Error::malformed(DEFAULTS, error.to_string()))?,
            false => Defaults::of(family),
        };
        let parts = files.list()?;
        let model =
            Self { files, index, family, geometry, defaults, scheduler, parts, transformer, vae, text };
        model.check_parts()?;
        Ok(model)
    }

    fn check_parts(&self) -> Result<(), Error> {
        let mut needed = vec!["text_encoder", "transformer", "vae"];
        if self.family.boundary().is_some() {
            needed.push("transformer_2");
        }
        for part in needed {
            if self.weight_bytes(part) == 0 {
                return Err(Error::Missing {
                    part: format!("{part}/*.safetensors"),
                    hint: "download the whole folder; weights in .bin files are not read".to_owned(),
                });
            }
            // Headers that lie are found now and not after the text was encoded.
            self.weights(part)?;
        }
        self.tokenizer().map(drop)
    }

    /// The tensors of a part; only their headers are read.
    pub(crate) fn weights(&self, part: &str) -> Result<Weights, Error> {
        let stem = if part == "text_encoder" { "model" } else { "diffusion_pytorch_model" };
        Ok(Weights::open(&self.files.folder().join(part), stem)?)
    }

    /// The tokenizer.
    pub(crate) fn tokenizer(&self) -> Result<Tokenizer, Error> {
        Tokenizer::open(&self.files, self.text_tokens(), self.text.vocab_size)
    }

    /// Tokens a prompt is cut to and filled up to.
    pub(crate) fn text_tokens(&self) -> usize {
        let most = self.family.text_tokens();
        self.defaults.text_tokens.map_or(most, |own| own.clamp(1, most))
    }

    /// Bytes of a part's weights, as stored.
    pub fn weight_bytes(&self, part: &str) -> u64 {
        self.parts
            .iter()
            .filter(|file| {
                file.name.strip_prefix(part).is_some_and(|rest| rest.starts_with('/'))
                    && Path::new(&file.name).extension().is_some_and(|extension| extension == "safetensors")
            })
            .map(|file| file.length)
            .sum()
    }

    /// What a clip would need on ONNX Runtime with nothing special asked.
    pub fn memory(&self, size: Size, frames: u32) -> MemoryNeed {
        self.memory_under(size, frames, &RunOptions::default(), false)
    }

    /// What a clip would need under these options; tract holds weights in single precision, and twice while it reads them.
    pub fn memory_under(&self, size: Size, frames: u32, options: &RunOptions, tract: bool) -> MemoryNeed {
        let width = self
            .vae
            .decoder_base_dim
            .or(self.vae.base_dim)
            .or_else(|| self.vae.block_out_channels.as_ref().and_then(|widths| widths.first().copied()))
            .unwrap_or(128);
        let loaded = |part, bits| self.loaded_bytes(part, bits, tract);
        let sizes = PartSizes {
            text: loaded("text_encoder", options.bits),
            denoiser: loaded("transformer", options.bits),
            second_denoiser: loaded("transformer_2", options.bits),
            vae: loaded("vae", None),
        };
        let tile = options.tile.unwrap_or(u32::MAX);
        let decoded = Size { width: size.width.min(tile), height: size.height.min(tile) };
        let mut need = memory::need(sizes, &self.transformer, width, &self.geometry, decoded, frames);
        need.denoise = memory::need(sizes, &self.transformer, width, &self.geometry, size, frames).denoise;
        need
    }

    /// Bytes of a part's weights in memory: as stored, or its matrices in few bits with a scale for each block of 32. The table
    /// of words is looked up and not multiplied, and stays as it is.
    fn loaded_bytes(&self, part: &str, bits: Option<Bits>, tract: bool) -> u64 {
        let weights = match self.weights(part) {
            Ok(weights) if tract || bits.is_some() => weights,
            _ => return self.weight_bytes(part),
        };
        let tensor = |(name, tensor): (&str, &StoredTensor)| {
            let numbers = tensor.shape.iter().map(|extent| *extent as u64).product::<u64>();
            let table = name.ends_with("shared.weight") || name.ends_with("embed_tokens.weight");
            match bits {
                _ if tract => numbers * 2 * size_of::<f32>() as u64,
                Some(bits) if tensor.shape.len() == 2 && !table => {
                    numbers * bits.count() as u64 / 8 + numbers / 32 * size_of::<f32>() as u64
                }
                _ => numbers * tensor.element.bytes() as u64,
            }
        };
        weights.tensors().map(tensor).fold(0, u64::saturating_add)
    }

    /// Where it lies.
    pub fn files(&self) -> &ModelFiles {
        &self.files
    }

    /// All files of it.
    pub fn parts(&self) -> &[ModelFile] {
        &self.parts
    }

    /// What `model_index.json` says.
    pub fn index(&self) -> &ModelIndex {
        &self.index
    }

    /// Which pipeline it is for.
    pub fn family(&self) -> Family {
        self.family
    }

    /// How pictures and latents lie over each other.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// What a request that says nothing gets.
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// Its scheduler.
    pub fn scheduler(&self) -> &SchedulerConfig {
        &self.scheduler
    }
}
