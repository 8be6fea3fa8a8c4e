use serde::Deserialize;

use crate::builder::{GraphBuilder, Wire};
use crate::network::config::{malformed, parameter, parse, unsupported, within};
use crate::{ElementType, Engine, Error, Graph, Weights};

const NAME: &str = "WanTransformer3DModel";

/// Most layers; Wan's largest has 40.
const MOST_LAYERS: usize = 256;

/// Largest batch, and largest extent of a latent.
const LARGEST_EXTENT: usize = 1 << 14;

/// The denoiser of Wan 2.1 and 2.2, as its `transformer/config.json` describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct WanTransformer {
    config: Config,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
struct Config {
    patch_size: [usize; 3],
    num_attention_heads: usize,
    attention_head_dim: usize,
    in_channels: usize,
    out_channels: Option<usize>,
    text_dim: usize,
    freq_dim: usize,
    ffn_dim: usize,
    num_layers: usize,
    cross_attn_norm: bool,
    qk_norm: Option<String>,
    eps: f32,
    image_dim: Option<usize>,
    added_kv_proj_dim: Option<usize>,
    rope_max_seq_len: usize,
}

impl Default for Config {
    /// What diffusers takes for what is not said.
    fn default() -> Self {
        Self {
            patch_size: [1, 2, 2],
            num_attention_heads: 40,
            attention_head_dim: 128,
            in_channels: 16,
            out_channels: Some(16),
            text_dim: 4096,
            freq_dim: 256,
            ffn_dim: 13824,
            num_layers: 40,
            cross_attn_norm: true,
            qk_norm: Some("rms_norm_across_heads".into()),
            eps: 1e-6,
            image_dim: None,
            added_kv_proj_dim: None,
            rope_max_seq_len: 1024,
        }
    }
}

/// The extents for which a graph is made, in units of the latent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WanShape {
    /// Clips denoised together: 2 for guidance in one call.
    pub batch: usize,
    /// Frames of the latent.
    pub frames: usize,
    /// Rows of the latent.
    pub height: usize,
    /// Columns of the latent.
    pub width: usize,
    /// Tokens of text.
    pub text_tokens: usize,
    /// Whether each frame has a time of its own, as Wan 2.2 TI2V needs it: `expand_timesteps` in `model_index.json`.
    pub time_per_frame: bool,
}

impl WanTransformer {
    /// The network that a `transformer/config.json` describes.
    ///
    /// # Errors
    /// [`Error::Network`] when it is no configuration, or one of a network with image tokens.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let config: Config = parse(NAME, json)?;
        let [t, h, w] = config.patch_size;
        within(
            NAME,
            &[
                ("patch_size", t),
                ("patch_size", h),
                ("patch_size", w),
                ("num_attention_heads", config.num_attention_heads),
                ("attention_head_dim", config.attention_head_dim),
                ("in_channels", config.in_channels),
                ("out_channels", config.out_channels.unwrap_or(config.in_channels)),
                ("text_dim", config.text_dim),
                ("freq_dim", config.freq_dim),
                ("ffn_dim", config.ffn_dim),
                ("num_layers", config.num_layers),
                ("rope_max_seq_len", config.rope_max_seq_len),
            ],
        )?;
        if config.num_layers > MOST_LAYERS {
            return Err(malformed(
                NAME,
                format!("{} layers; at most {MOST_LAYERS} are built", config.num_layers),
            ));
        }
        if !config.attention_head_dim.is_multiple_of(2)
            || config.attention_head_dim < 6
            || !config.freq_dim.is_multiple_of(2)
        {
            return Err(malformed(
                NAME,
                "attention_head_dim and freq_dim must be even, the first at least 6".into(),
            ));
        }
        if config.image_dim.is_some() || config.added_kv_proj_dim.is_some() {
            let detail = "image tokens (image_dim, added_kv_proj_dim) are not supported: Wan 2.2 TI2V takes an image without";
            return Err(unsupported(NAME, detail.into()));
        }
        if config.qk_norm.as_deref() != Some("rms_norm_across_heads") {
            return Err(unsupported(NAME, "qk_norm must be rms_norm_across_heads".into()));
        }
        if !(config.eps > 0.0 && config.eps < 1.0) {
            return Err(malformed(NAME, format!("eps is {}", config.eps)));
        }
        Ok(Self { config })
    }

    /// Extents of a patch in frames, rows and columns: a latent's must be multiples of them.
    pub fn patch(&self) -> [usize; 3] {
        self.config.patch_size
    }

    /// Channels of the latent that it takes.
    pub fn in_channels(&self) -> usize {
        self.config.in_channels
    }

    /// Channels of the velocity that it gives.
    pub fn out_channels(&self) -> usize {
        self.config.out_channels.unwrap_or(self.config.in_channels)
    }

    /// Channels of a token of text.
    pub fn text_channels(&self) -> usize {
        self.config.text_dim
    }

    /// The graph: `hidden_states` `[batch, channels, frames, height, width]`, `timestep` `[batch]` or `[batch, frames]`
    /// (frames after patching) and `encoder_hidden_states` `[batch, text, channels]` give `sample`, shaped as the first.
    ///
    /// # Errors
    /// [`Error::Network`] for a shape that is no multiple of the patch, [`Error::Weight`] for weights of another network.
    pub fn graph(&self, engine: &Engine, weights: &Weights, shape: &WanShape) -> Result<Graph, Error> {
        let config = &self.config;
        let extents = [shape.batch, shape.frames, shape.height, shape.width, shape.text_tokens];
        if extents.iter().any(|extent| !(1..=LARGEST_EXTENT).contains(extent)) {
            return Err(parameter(NAME, format!("{shape:?}: each extent is 1 to {LARGEST_EXTENT}")));
        }
        let [pt, ph, pw] = config.patch_size;
        if !shape.frames.is_multiple_of(pt)
            || !shape.height.is_multiple_of(ph)
            || !shape.width.is_multiple_of(pw)
        {
            let (f, h, w) = (shape.frames, shape.height, shape.width);
            return Err(parameter(
                NAME,
                format!("a latent of {f}x{h}x{w} is no multiple of the patch {pt}x{ph}x{pw}"),
            ));
        }
        let grid = [shape.frames / pt, shape.height / ph, shape.width / pw];
        if grid.iter().any(|&extent| extent > config.rope_max_seq_len) {
            return Err(parameter(
                NAME,
                format!("{grid:?} patches; at most {} a side", config.rope_max_seq_len),
            ));
        }
        let mut b = GraphBuilder::new(NAME, engine, weights);
        let build = Build { config, shape, grid, groups: if shape.time_per_frame { grid[0] } else { 1 } };
        build.whole(&mut b);
        b.finish()
    }
}

struct Build<'a> {
    config: &'a Config,
    shape: &'a WanShape,
    /// Patches along frames, rows and columns.
    grid: [usize; 3],
    /// Parts of the token sequence that have a time of their own.
    groups: usize,
}

impl Build<'_> {
    fn width(&self) -> usize {
        self.config.num_attention_heads * self.config.attention_head_dim
    }

    fn tokens(&self) -> usize {
        self.grid.iter().product()
    }

    fn whole(&self, b: &mut GraphBuilder<'_>) {
        let (config, shape) = (self.config, self.shape);
        let (batch, width, tokens) = (shape.batch, self.width(), self.tokens());
        let latent = [batch, config.in_channels, shape.frames, shape.height, shape.width];
        let hidden = b.input("hidden_states", ElementType::F32, &latent);
        let times = if shape.time_per_frame { vec![batch, self.groups] } else { vec![batch] };
        let timestep = b.input("timestep", ElementType::F32, &times);
        let text =
            b.input("encoder_hidden_states", ElementType::F32, &[batch, shape.text_tokens, config.text_dim]);

        let patch = config.patch_size;
        let none = [0; 3];
        let channels = (config.in_channels, width);
        let hidden = b.convolution(&hidden, "patch_embedding", channels, &patch, &patch, (&none, &none));
        let hidden = b.reshape(&hidden, &[batch, width, tokens]);
        let mut hidden = b.transpose(&hidden, &[0, 2, 1]);

        let (time, modulation) = self.time(b, &timestep);
        let text = b.linear(&text, "condition_embedder.text_embedder.linear_1", config.text_dim, width);
        let text = b.gelu_tanh(&text);
        let text = b.linear(&text, "condition_embedder.text_embedder.linear_2", width, width);
        let [grid_f, grid_h, grid_w] = self.grid;
        let rotary = b.rotary_grid(config.attention_head_dim, [grid_f, grid_h, grid_w], 10_000.0);
        for layer in 0..config.num_layers {
            hidden = self.block(b, &format!("blocks.{layer}"), &hidden, &text, &modulation, &rotary);
        }

        let table = b.weight_as("scale_shift_table", &[1, 2, width], &[1, 1, 2, width]);
        let time = b.reshape(&time, &[batch, self.groups, 1, width]);
        let table = b.add(&table, &time);
        let shift = b.slice(&table, 2, 0, 1);
        let scale = b.slice(&table, 2, 1, 2);
        let hidden = self.modulated(b, &hidden, &scale, &shift);
        let [pt, ph, pw] = patch;
        let given = config.out_channels.unwrap_or(config.in_channels);
        let hidden = b.linear(&hidden, "proj_out", width, given * pt * ph * pw);
        let hidden = b.reshape(&hidden, &[batch, grid_f, grid_h, grid_w, pt, ph, pw, given]);
        let hidden = b.transpose(&hidden, &[0, 7, 1, 4, 2, 5, 3, 6]);
        let sample = b.reshape(&hidden, &[batch, given, shape.frames, shape.height, shape.width]);
        b.output("sample", &sample);
    }

    /// The time as channels `[batch · groups, width]`, and six of them for each block `[batch, groups, 6, width]`.
    fn time(&self, b: &mut GraphBuilder<'_>, timestep: &Wire) -> (Wire, Wire) {
        let (width, rows) = (self.width(), self.shape.batch * self.groups);
        let waves = b.time_waves(timestep, rows, self.config.freq_dim);
        let time = b.linear(&waves, "condition_embedder.time_embedder.linear_1", self.config.freq_dim, width);
        let time = b.silu(&time);
        let time = b.linear(&time, "condition_embedder.time_embedder.linear_2", width, width);
        let active = b.silu(&time);
        let six = b.linear(&active, "condition_embedder.time_proj", width, 6 * width);
        (time, b.reshape(&six, &[self.shape.batch, self.groups, 6, width]))
    }

    fn block(
        &self,
        b: &mut GraphBuilder<'_>,
        name: &str,
        hidden: &Wire,
        text: &Wire,
        modulation: &Wire,
        rotary: &(Wire, Wire),
    ) -> Wire {
        let width = self.width();
        let table = b.weight_as(&format!("{name}.scale_shift_table"), &[1, 6, width], &[1, 1, 6, width]);
        let table = b.add(&table, modulation);
        let six: Vec<Wire> = (0..6).map(|at| b.slice(&table, 2, at, at + 1)).collect();
        let [shift, scale, gate, shift_2, scale_2, gate_2] = six.as_slice() else { return hidden.clone() };

        let attention = format!("{name}.attn1");
        let normed = self.modulated(b, hidden, scale, shift);
        let query = self.projected(b, &attention, "q", &normed);
        let key = self.projected(b, &attention, "k", &normed);
        let value = b.linear(&normed, &format!("{attention}.to_v"), width, width);
        let query = b.rotate_pairs(&query, rotary, self.config.num_attention_heads);
        let key = b.rotate_pairs(&key, rotary, self.config.num_attention_heads);
        let heard = b.attention(&query, &key, &value, self.config.num_attention_heads);
        let heard = b.linear(&heard, &format!("{attention}.to_out.0"), width, width);
        let heard = self.gated(b, &heard, gate);
        let hidden = b.add(hidden, &heard);

        let attention = format!("{name}.attn2");
        let normed = match self.config.cross_attn_norm {
            true => b.layer_norm(&hidden, &format!("{name}.norm2"), self.config.eps),
            false => hidden.clone(),
        };
        let query = self.projected(b, &attention, "q", &normed);
        let key = self.projected(b, &attention, "k", text);
        let value = b.linear(text, &format!("{attention}.to_v"), width, width);
        let heard = b.attention(&query, &key, &value, self.config.num_attention_heads);
        let heard = b.linear(&heard, &format!("{attention}.to_out.0"), width, width);
        let hidden = b.add(&hidden, &heard);

        let normed = self.modulated(b, &hidden, scale_2, shift_2);
        let inner = b.linear(&normed, &format!("{name}.ffn.net.0.proj"), width, self.config.ffn_dim);
        let inner = b.gelu_tanh(&inner);
        let inner = b.linear(&inner, &format!("{name}.ffn.net.2"), self.config.ffn_dim, width);
        let inner = self.gated(b, &inner, gate_2);
        b.add(&hidden, &inner)
    }

    /// A query or key: projected, then of mean square 1 over all heads.
    fn projected(&self, b: &mut GraphBuilder<'_>, attention: &str, which: &str, x: &Wire) -> Wire {
        let width = self.width();
        let x = b.linear(x, &format!("{attention}.to_{which}"), width, width);
        let weight = b.weight(&format!("{attention}.norm_{which}.weight"), &[width]);
        b.rms_norm(&x, &weight, self.config.eps)
    }

    /// The normed tokens times 1 + scale plus shift, which are `[batch, groups, 1, width]`.
    fn modulated(&self, b: &mut GraphBuilder<'_>, x: &Wire, scale: &Wire, shift: &Wire) -> Wire {
        let normed = b.layer_norm_plain(x, self.config.eps);
        let one = b.scalar(1.0);
        let scale = b.add(&one, scale);
        let grouped = self.grouped(b, &normed);
        let scaled = b.mul(&grouped, &scale);
        let shifted = b.add(&scaled, shift);
        b.reshape(&shifted, x.shape())
    }

    fn gated(&self, b: &mut GraphBuilder<'_>, x: &Wire, gate: &Wire) -> Wire {
        let grouped = self.grouped(b, x);
        let gated = b.mul(&grouped, gate);
        b.reshape(&gated, x.shape())
    }

    fn grouped(&self, b: &mut GraphBuilder<'_>, x: &Wire) -> Wire {
        let part = self.tokens() / self.groups;
        b.reshape(x, &[self.shape.batch, self.groups, part, self.width()])
    }
}
