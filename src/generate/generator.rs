use std::ops::ControlFlow;
use std::sync::Arc;

use filigrane_frame::Digest;
use filigrane_infer::{Bits, Engine};
use sha2::{Digest as _, Sha256};

use crate::decode::Decoding;
use crate::denoise::Denoising;
use crate::model::file_digest;
use crate::networks::{Adapter, Networks, RunOptions};
use crate::progress::{Clock, Progress, Stage};
use crate::run_log::{AdapterUsed, RunLog, StageSeconds};
use crate::text::{self, Embedding, TextCache};
use crate::tokenizer::Tokenizer;
use crate::{Error, Model, ModelFiles, Picture, Plan, Request, RunError, free_memory};

/// Told how far the work has come; says whether to go on.
pub type OnProgress<'a> = dyn FnMut(&Progress) -> ControlFlow<()> + 'a;

/// A model that makes clips. Its networks are loaded one after another while it works, and none is kept.
pub struct Generator {
    engine: Engine,
    model: Model,
    options: RunOptions,
    tokenizer: Tokenizer,
    texts: TextCache,
}

impl Generator {
    /// Opens a model; no weight is read yet.
    ///
    /// # Errors
    /// What [`Model::read`] finds.
    pub fn open(engine: Engine, files: ModelFiles, options: RunOptions) -> Result<Self, Error> {
        let model = Model::read(files)?;
        let tokenizer = model.tokenizer()?;
        Ok(Self { engine, model, options, tokenizer, texts: TextCache::default() })
    }

    /// What was opened.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Words of a prompt that the model does not know.
    ///
    /// # Errors
    /// When the tokenizer cannot read it.
    pub fn unknown_words(&self, prompt: &str) -> Result<Vec<String>, Error> {
        Ok(text::read(&self.networks(), &self.tokenizer, prompt)?.1.unknown)
    }

    /// Makes a clip: `sink` gets its pictures one after another, as they are decoded.
    ///
    /// `progress` is told before the first and after each step, and after each decoded group of pictures; when it breaks, the run ends with
    /// [`Error::Cancelled`].
    ///
    /// # Errors
    /// What [`Plan::new`] refuses, [`Error::Memory`], failures of the networks, and those of `sink`.
    pub fn run<E>(
        &mut self,
        request: &Request,
        progress: &mut OnProgress<'_>,
        sink: &mut dyn FnMut(Picture) -> Result<(), E>,
    ) -> Result<RunLog, RunError<E>> {
        let (latents, mut log) = self.denoised(request, progress)?;
        let plan = log.plan;
        let networks = self.networks();
        let mut decoding = Decoding::open(&networks, &plan, latents)?;
        let clock = Clock::start(Stage::Decode, decoding.groups());
        tell(progress, &clock, 0)?;
        let mut index = 0;
        for group in 1..=decoding.groups() {
            for planes in decoding.next_group()? {
                sink(Picture { size: plan.size, index, planes }).map_err(RunError::Sink)?;
                index += 1;
            }
            tell(progress, &clock, group)?;
        }
        log.seconds.push(StageSeconds { stage: Stage::Decode, seconds: clock.seconds() });
        Ok(log)
    }

    /// The latents of a clip as the last step leaves them, and all that is known before they are decoded.
    pub(crate) fn denoised(
        &mut self,
        request: &Request,
        progress: &mut OnProgress<'_>,
    ) -> Result<(Vec<f32>, RunLog), Error> {
        let mut plan = Plan::new(&self.model, request)?;
        plan.memory = self.model.memory_in(plan.size, plan.frames, self.options.bits);
        if let (false, Some(free)) = (self.options.ignore_memory, free_memory()) {
            plan.memory.check(free)?;
        }
        let mut seconds = Vec::new();
        let (prompt_read, tokens) = text::read(&self.networks(), &self.tokenizer, &request.prompt)?;
        let embeddings = self.embed(&plan, request, &tokens, progress, &mut seconds)?;
        let networks = self.networks();
        let denoising = Denoising::start(&networks, &plan, request.image.as_ref(), progress, &mut seconds)?;
        let made = denoising.run(&networks, &embeddings, progress, &mut seconds)?;
        let log = RunLog {
            pipeline: self.model.index().pipeline.clone(),
            family: self.model.family(),
            prompt: request.prompt.clone(),
            prompt_read,
            prompt_sha256: sha256(request.prompt.as_bytes()).to_string(),
            negative_prompt: request.negative_prompt.clone(),
            prompt_tokens: tokens.used,
            prompt_tokens_cut: tokens.whole.saturating_sub(tokens.used),
            unknown_words: tokens.unknown,
            image_sha256: request.image.as_ref().map(|image| sha256(&image.rgb).to_string()),
            plan,
            scheduler: self.model.scheduler().kind.name(),
            sigmas: made.schedule.sigmas,
            timesteps: made.schedule.timesteps,
            engine: self.engine.name(),
            provider: made.provider,
            threads: self.options.threads,
            bits: self.options.bits.map(Bits::count),
            adapters: self.adapters()?,
            tile: self.options.tile,
            seconds,
            version: env!("CARGO_PKG_VERSION"),
        };
        Ok((made.latents, log))
    }

    fn adapters(&self) -> Result<Vec<AdapterUsed>, Error> {
        let used = |adapter: &Adapter| {
            let file = adapter.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let sha256 = file_digest(&adapter.path)?.to_string();
            Ok(AdapterUsed { file, sha256, strength: adapter.strength, low_noise: adapter.low_noise })
        };
        self.options.adapters.iter().map(used).collect()
    }

    fn networks(&self) -> Networks<'_> {
        Networks { engine: &self.engine, model: &self.model, options: &self.options }
    }

    /// The prompt's embedding and, under guidance, that of what is to be avoided.
    fn embed(
        &mut self,
        plan: &Plan,
        request: &Request,
        tokens: &crate::tokenizer::Tokens,
        progress: &mut OnProgress<'_>,
        seconds: &mut Vec<StageSeconds>,
    ) -> Result<Vec<Arc<Embedding>>, Error> {
        let networks = Networks { engine: &self.engine, model: &self.model, options: &self.options };
        let mut prompts = vec![tokens];
        let negative;
        if plan.is_guided() {
            negative = text::read(&networks, &self.tokenizer, &request.negative_prompt)?.1;
            prompts.push(&negative);
        }
        let clock = Clock::start(Stage::Text, prompts.len() as u32);
        tell(progress, &clock, 0)?;
        let embeddings = self.texts.embed(&networks, &prompts, |done| tell(progress, &clock, done))?;
        seconds.push(StageSeconds { stage: Stage::Text, seconds: clock.seconds() });
        Ok(embeddings)
    }
}

/// Tells how far a part has come.
pub(crate) fn tell(progress: &mut OnProgress<'_>, clock: &Clock, done: u32) -> Result<(), Error> {
    match progress(&clock.at(done)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Cancelled),
    }
}

fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}
