use serde::Deserialize;

use crate::builder::{GraphBuilder, Wire};
use crate::network::config::{malformed, parameter, parse, unsupported, within};
use crate::{ElementType, Engine, Error, Graph, Weights};

const NAME: &str = "LTXVideoTransformer3DModel";

/// Most layers; LTX's largest has 48.
const MOST_LAYERS: usize = 256;

/// Largest batch, and largest extent of a latent.
const LARGEST_EXTENT: usize = 1 << 12;

/// Channels of the waves that tell the time.
const TIME_CHANNELS: usize = 256;

/// What a place is divided by along frames, rows and columns, before it becomes an angle.
const BASE: [f32; 3] = [20.0, 2048.0, 2048.0];

/// The denoiser of LTX-Video 0.9, as its `transformer/config.json` describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct LtxTransformer {
    config: Config,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
struct Config {
    in_channels: usize,
    out_channels: Option<usize>,
    patch_size: usize,
    patch_size_t: usize,
    num_attention_heads: usize,
    attention_head_dim: usize,
    cross_attention_dim: usize,
    num_layers: usize,
    activation_fn: String,
    qk_norm: String,
    norm_elementwise_affine: bool,
    norm_eps: f32,
    caption_channels: usize,
    attention_bias: bool,
    attention_out_bias: bool,
}

impl Default for Config {
    /// What diffusers takes for what is not said.
    fn default() -> Self {
        Self {
            in_channels: 128,
            out_channels: Some(128),
            patch_size: 1,
            patch_size_t: 1,
            num_attention_heads: 32,
            attention_head_dim: 64,
            cross_attention_dim: 2048,
            num_layers: 28,
            activation_fn: "gelu-approximate".into(),
            qk_norm: "rms_norm_across_heads".into(),
            norm_elementwise_affine: false,
            norm_eps: 1e-6,
            caption_channels: 4096,
            attention_bias: true,
            attention_out_bias: true,
        }
    }
}

/// The extents for which a graph is made, in units of the latent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LtxShape {
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
    /// Whether each frame has a time of its own, for a clip that begins with a given picture.
    pub time_per_frame: bool,
    /// `rope_interpolation_scale`: compression in time over frames a second, and compression of rows and columns.
    pub scale: [f32; 3],
}

impl LtxTransformer {
    /// The network that a `transformer/config.json` describes.
    ///
    /// # Errors
    /// [`Error::Network`] when it is no configuration, or one of a network that is not known here.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let config: Config = parse(NAME, json)?;
        within(
            NAME,
            &[
                ("in_channels", config.in_channels),
                ("out_channels", config.out_channels.unwrap_or(config.in_channels)),
                ("num_attention_heads", config.num_attention_heads),
                ("attention_head_dim", config.attention_head_dim),
                ("num_layers", config.num_layers),
                ("caption_channels", config.caption_channels),
            ],
        )?;
        let width = config.num_attention_heads.saturating_mul(config.attention_head_dim);
        if config.num_layers > MOST_LAYERS || width < 12 || !config.attention_head_dim.is_multiple_of(2) {
            return Err(malformed(NAME, "impossible number of layers or channels of a head".into()));
        }
        if config.cross_attention_dim != width {
            return Err(malformed(
                NAME,
                format!("cross_attention_dim is not {width}, the width of the tokens"),
            ));
        }
        let known = config.patch_size == 1
            && config.patch_size_t == 1
            && config.activation_fn == "gelu-approximate"
            && config.qk_norm == "rms_norm_across_heads"
            && !config.norm_elementwise_affine
            && config.attention_bias
            && config.attention_out_bias;
        if !known {
            let detail =
                "only the layers of LTX-Video 0.9 are supported: patch 1, biases, norms without weights";
            return Err(unsupported(NAME, detail.into()));
        }
        if !(config.norm_eps > 0.0 && config.norm_eps < 1.0) {
            return Err(malformed(NAME, format!("norm_eps is {}", config.norm_eps)));
        }
        Ok(Self { config })
    }

    /// Channels of a token of the latent.
    pub fn in_channels(&self) -> usize {
        self.config.in_channels
    }

    /// Channels of a token of text.
    pub fn text_channels(&self) -> usize {
        self.config.caption_channels
    }

    /// The graph: `hidden_states` `[batch, frames · height · width, channels]`, `timestep` `[batch]` or `[batch, frames]`,
    /// `encoder_hidden_states` `[batch, text, channels]` and `encoder_attention_mask` `[batch, text]` of i64 (1 for a
    /// token, 0 for padding) give `sample`, shaped as the first.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Weight`].
    pub fn graph(&self, engine: &Engine, weights: &Weights, shape: &LtxShape) -> Result<Graph, Error> {
        let extents = [shape.batch, shape.frames, shape.height, shape.width, shape.text_tokens];
        if extents.iter().any(|extent| !(1..=LARGEST_EXTENT).contains(extent)) {
            return Err(parameter(NAME, format!("{shape:?}: each extent is 1 to {LARGEST_EXTENT}")));
        }
        let mut b = GraphBuilder::new(NAME, engine, weights);
        let groups = if shape.time_per_frame { shape.frames } else { 1 };
        Build { config: &self.config, shape, groups }.whole(&mut b);
        b.finish()
    }
}

struct Build<'a> {
    config: &'a Config,
    shape: &'a LtxShape,
    /// Parts of the token sequence that have a time of their own.
    groups: usize,
}

impl Build<'_> {
    fn width(&self) -> usize {
        self.config.num_attention_heads * self.config.attention_head_dim
    }

    fn tokens(&self) -> usize {
        self.shape.frames * self.shape.height * self.shape.width
    }

    fn whole(&self, b: &mut GraphBuilder<'_>) {
        let (config, shape) = (self.config, self.shape);
        let (batch, width, tokens) = (shape.batch, self.width(), self.tokens());
        let hidden = b.input("hidden_states", ElementType::F32, &[batch, tokens, config.in_channels]);
        let times = if shape.time_per_frame { vec![batch, self.groups] } else { vec![batch] };
        let timestep = b.input("timestep", ElementType::F32, &times);
        let text = b.input(
            "encoder_hidden_states",
            ElementType::F32,
            &[batch, shape.text_tokens, config.caption_channels],
        );
        let mask = b.input("encoder_attention_mask", ElementType::I64, &[batch, shape.text_tokens]);

        let mut hidden = b.linear(&hidden, "proj_in", config.in_channels, width);
        let waves = b.time_waves(&timestep, batch * self.groups, TIME_CHANNELS);
        let time = b.linear(&waves, "time_embed.emb.timestep_embedder.linear_1", TIME_CHANNELS, width);
        let time = b.silu(&time);
        let time = b.linear(&time, "time_embed.emb.timestep_embedder.linear_2", width, width);
        let active = b.silu(&time);
        let six = b.linear(&active, "time_embed.linear", width, 6 * width);
        let six = b.reshape(&six, &[batch, self.groups, 6, width]);
        let text = b.linear(&text, "caption_projection.linear_1", config.caption_channels, width);
        let text = b.gelu_tanh(&text);
        let text = b.linear(&text, "caption_projection.linear_2", width, width);
        let rotary = self.rotary(b);
        for layer in 0..config.num_layers {
            hidden =
                self.block(b, &format!("transformer_blocks.{layer}"), &hidden, &text, &mask, &six, &rotary);
        }

        let table = b.weight_as("scale_shift_table", &[2, width], &[1, 1, 2, width]);
        let time = b.reshape(&time, &[batch, self.groups, 1, width]);
        let table = b.add(&table, &time);
        let shift = b.slice(&table, 2, 0, 1);
        let scale = b.slice(&table, 2, 1, 2);
        let normed = b.layer_norm_plain(&hidden, 1e-6);
        let hidden = self.modulated(b, &normed, &scale, &shift);
        let sample = b.linear(&hidden, "proj_out", width, config.out_channels.unwrap_or(config.in_channels));
        b.output("sample", &sample);
    }

    #[expect(clippy::too_many_arguments, reason = "what a block of the network takes")]
    fn block(
        &self,
        b: &mut GraphBuilder<'_>,
        name: &str,
        hidden: &Wire,
        text: &Wire,
        mask: &Wire,
        six: &Wire,
        rotary: &(Wire, Wire),
    ) -> Wire {
        let width = self.width();
        let heads = self.config.num_attention_heads;
        let table = b.weight_as(&format!("{name}.scale_shift_table"), &[6, width], &[1, 1, 6, width]);
        let table = b.add(&table, six);
        let six: Vec<Wire> = (0..6).map(|at| b.slice(&table, 2, at, at + 1)).collect();
        let [shift, scale, gate, shift_2, scale_2, gate_2] = six.as_slice() else { return hidden.clone() };

        let attention = format!("{name}.attn1");
        let normed = self.normed(b, hidden);
        let normed = self.modulated(b, &normed, scale, shift);
        let query = self.projected(b, &attention, "q", &normed);
        let key = self.projected(b, &attention, "k", &normed);
        let value = b.linear(&normed, &format!("{attention}.to_v"), width, width);
        // The angles run over all channels, not over those of a head.
        let query = b.rotate_pairs(&query, rotary, 1);
        let key = b.rotate_pairs(&key, rotary, 1);
        let heard = b.attention(&query, &key, &value, heads);
        let heard = b.linear(&heard, &format!("{attention}.to_out.0"), width, width);
        let heard = self.gated(b, &heard, gate);
        let hidden = b.add(hidden, &heard);

        let attention = format!("{name}.attn2");
        let query = self.projected(b, &attention, "q", &hidden);
        let key = self.projected(b, &attention, "k", text);
        let value = b.linear(text, &format!("{attention}.to_v"), width, width);
        let heard = b.masked_attention(&query, &key, &value, heads, mask);
        let heard = b.linear(&heard, &format!("{attention}.to_out.0"), width, width);
        let hidden = b.add(&hidden, &heard);

        let normed = self.normed(b, &hidden);
        let normed = self.modulated(b, &normed, scale_2, shift_2);
        let inner = b.linear(&normed, &format!("{name}.ff.net.0.proj"), width, 4 * width);
        let inner = b.gelu_tanh(&inner);
        let inner = b.linear(&inner, &format!("{name}.ff.net.2"), 4 * width, width);
        let inner = self.gated(b, &inner, gate_2);
        b.add(&hidden, &inner)
    }

    fn projected(&self, b: &mut GraphBuilder<'_>, attention: &str, which: &str, x: &Wire) -> Wire {
        let width = self.width();
        let x = b.linear(x, &format!("{attention}.to_{which}"), width, width);
        let weight = b.weight(&format!("{attention}.norm_{which}.weight"), &[width]);
        b.rms_norm(&x, &weight, 1e-5)
    }

    fn normed(&self, b: &mut GraphBuilder<'_>, x: &Wire) -> Wire {
        let ones = b.ones(self.width());
        b.rms_norm(x, &ones, self.config.norm_eps)
    }

    fn modulated(&self, b: &mut GraphBuilder<'_>, normed: &Wire, scale: &Wire, shift: &Wire) -> Wire {
        let one = b.scalar(1.0);
        let scale = b.add(&one, scale);
        let grouped = self.grouped(b, normed);
        let scaled = b.mul(&grouped, &scale);
        let shifted = b.add(&scaled, shift);
        b.reshape(&shifted, normed.shape())
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

    /// Cosine and sine `[tokens, width / 2]`: each frequency in turn for frame, row and column, after the channels left over.
    fn rotary(&self, b: &mut GraphBuilder<'_>) -> (Wire, Wire) {
        let width = self.width();
        let count = width / 6;
        let left_over = (width % 6) / 2;
        let grid = [self.shape.frames, self.shape.height, self.shape.width];
        let frequencies = frequencies(count);
        let mut tables = [Vec::new(), Vec::new()];
        for (axis, extent) in grid.into_iter().enumerate() {
            let mut shape = [1, 1, 1, count, 1];
            if let Some(place) = shape.get_mut(axis) {
                *place = extent;
            }
            let (scale, base) =
                (self.shape.scale.get(axis).copied().unwrap_or(1.0), BASE.get(axis).copied().unwrap_or(1.0));
            let phases: Vec<f32> = (0..extent)
                .map(|place| place as f32 * scale / base * 2.0 - 1.0)
                .flat_map(|place| frequencies.iter().map(move |frequency| frequency * place))
                .collect();
            for (table, wave) in tables.iter_mut().zip([f64::cos, f64::sin]) {
                let data: Vec<f32> = phases.iter().map(|&phase| wave(f64::from(phase)) as f32).collect();
                let part = b.constant(&shape, &data);
                let [frames, rows, columns] = grid;
                table.push(b.expand(&part, &[frames, rows, columns, count, 1]));
            }
        }
        let tokens = self.tokens();
        let mut rest = [1.0, 0.0].into_iter();
        let [cosine, sine] = tables.map(|parts| {
            let whole = b.concat(4, &parts.iter().collect::<Vec<_>>());
            let whole = b.reshape(&whole, &[tokens, 3 * count]);
            let still = b.scalar(rest.next().unwrap_or(0.0));
            match left_over {
                0 => whole,
                _ => {
                    let still = b.expand(&still, &[tokens, left_over]);
                    b.concat(1, &[&still, &whole])
                }
            }
        });
        (cosine, sine)
    }
}

/// Angles a place, from π/2 to 10 000 · π/2 in equal ratios; in single precision, as the reference has them.
fn frequencies(count: usize) -> Vec<f32> {
    let step = 1.0 / (count.max(2) - 1) as f32;
    let exponent = |at: usize| match at < count / 2 {
        true => step * at as f32,
        false => 1.0 - step * (count - 1 - at) as f32,
    };
    (0..count)
        .map(|at| 10_000f64.powf(f64::from(exponent(at))) as f32)
        .map(|frequency| frequency * std::f32::consts::PI / 2.0)
        .collect()
}
