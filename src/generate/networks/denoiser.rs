use filigrane_infer::network::{LtxShape, LtxTransformer, WanShape, WanTransformer};
use filigrane_infer::{Graph, Session, TensorView};

use super::{Networks, taken};
use crate::latents::{pack, unpack};
use crate::text::Embedding;
use crate::{Error, Family, Plan};

/// The transformer, ready for clips of one size.
pub(crate) struct Denoiser {
    session: Session,
    form: Form,
}

/// How a transformer takes latents and times.
enum Form {
    /// Latents as they lie; with a time for each frame, or one for all.
    Wan { latents: [usize; 5], timed_frames: Option<usize> },
    /// Latents as tokens, and the text with its mask.
    Ltx { tokens: usize, channels: usize },
}

impl Denoiser {
    /// Loads `transformer` or `transformer_2`.
    pub(crate) fn open(networks: &Networks<'_>, part: &str, plan: &Plan) -> Result<Self, Error> {
        let (graph, form) = match networks.model.family() {
            Family::Ltx => ltx(networks, part, plan)?,
            Family::Wan { .. } | Family::WanTextImage => wan(networks, part, plan)?,
        };
        Ok(Self { session: networks.session(&graph)?, form })
    }

    /// What runs it.
    pub(crate) fn provider(&self) -> String {
        self.session.provider().to_string()
    }

    /// The velocity in `latents` `[channels, frames, rows, columns]`; with `first_is_clean`, the first frame has time 0.
    pub(crate) fn velocity(
        &mut self,
        latents: &[f32],
        timestep: f32,
        first_is_clean: bool,
        text: &Embedding,
    ) -> Result<Vec<f32>, Error> {
        let text_shape = [1, text.tokens, text.width];
        let words = TensorView::f32(&text_shape, &text.values)?;
        match &self.form {
            Form::Wan { latents: shape, timed_frames } => {
                let mut times = vec![timestep; timed_frames.unwrap_or(1)];
                if let (true, Some(first)) = (first_is_clean, times.first_mut()) {
                    *first = 0.0;
                }
                let each = [1, times.len()];
                let times_shape = if timed_frames.is_some() { &each[..] } else { &each[..1] };
                let mut outputs = self.session.run(&[
                    ("hidden_states", TensorView::f32(shape, latents)?.into()),
                    ("timestep", TensorView::f32(times_shape, &times)?.into()),
                    ("encoder_hidden_states", words.into()),
                ])?;
                taken(&mut outputs, "sample")
            }
            Form::Ltx { tokens, channels } => {
                let packed = pack(latents, *channels);
                let mask: Vec<i64> = (0..text.tokens).map(|index| i64::from(index < text.used)).collect();
                let shape = [1, *tokens, *channels];
                let mask_shape = [1, text.tokens];
                let mut outputs = self.session.run(&[
                    ("hidden_states", TensorView::f32(&shape, &packed)?.into()),
                    ("timestep", TensorView::f32(&[1], &[timestep])?.into()),
                    ("encoder_hidden_states", words.into()),
                    ("encoder_attention_mask", TensorView::i64(&mask_shape, &mask)?.into()),
                ])?;
                Ok(unpack(&taken(&mut outputs, "sample")?, *channels))
            }
        }
    }
}

fn wan(networks: &Networks<'_>, part: &str, plan: &Plan) -> Result<(Graph, Form), Error> {
    let geometry = networks.model.geometry();
    let (height, width) = geometry.latent_size(plan.size);
    let frames = geometry.latent_frames(plan.frames);
    let time_per_frame = networks.model.index().expand_timesteps;
    let text_tokens = networks.model.text_tokens();
    let shape = WanShape { batch: 1, frames, height, width, text_tokens, time_per_frame };
    let network = WanTransformer::parse(&networks.config(part)?)?;
    let graph = network.graph(networks.engine, &networks.weights(part)?, &shape)?;
    let latents = [1, network.in_channels(), frames, height, width];
    Ok((graph, Form::Wan { latents, timed_frames: time_per_frame.then_some(frames) }))
}

fn ltx(networks: &Networks<'_>, part: &str, plan: &Plan) -> Result<(Graph, Form), Error> {
    let geometry = networks.model.geometry();
    let (height, width) = geometry.latent_size(plan.size);
    let frames = geometry.latent_frames(plan.frames);
    let shape = LtxShape {
        batch: 1,
        frames,
        height,
        width,
        text_tokens: networks.model.text_tokens(),
        time_per_frame: false,
        scale: [
            (geometry.temporal as f64 / plan.frame_rate) as f32,
            geometry.spatial as f32,
            geometry.spatial as f32,
        ],
    };
    let network = LtxTransformer::parse(&networks.config(part)?)?;
    let graph = network.graph(networks.engine, &networks.weights(part)?, &shape)?;
    Ok((graph, Form::Ltx { tokens: frames * height * width, channels: network.in_channels() }))
}
