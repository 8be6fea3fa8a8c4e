use serde::Deserialize;

use crate::builder::{GraphBuilder, Wire, int};
use crate::network::config::{malformed, parameter, parse, unsupported, within};
use crate::{ElementType, Engine, Error, Graph, Weights};

const NAME: &str = "T5 encoder";

/// Most layers; the largest has 24.
const MOST_LAYERS: usize = 256;

/// Most tokens of a prompt.
const MOST_TOKENS: usize = 4096;

/// The text encoder of Wan (UMT5) and LTX (T5), as its `text_encoder/config.json` describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct T5Encoder {
    config: Config,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Config {
    model_type: String,
    vocab_size: usize,
    d_model: usize,
    d_kv: usize,
    d_ff: usize,
    num_layers: usize,
    num_heads: usize,
    #[serde(default = "thirty_two")]
    relative_attention_num_buckets: usize,
    #[serde(default = "hundred_twenty_eight")]
    relative_attention_max_distance: usize,
    #[serde(default = "millionth")]
    layer_norm_epsilon: f32,
    #[serde(default)]
    feed_forward_proj: String,
}

fn thirty_two() -> usize {
    32
}

fn hundred_twenty_eight() -> usize {
    128
}

fn millionth() -> f32 {
    1e-6
}

impl T5Encoder {
    /// The encoder that a `text_encoder/config.json` describes.
    ///
    /// # Errors
    /// [`Error::Network`] when it is no configuration, or one of another kind of network.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let config: Config = parse(NAME, json)?;
        if !["t5", "umt5"].contains(&config.model_type.as_str()) {
            let kind: String = config.model_type.chars().take(40).collect();
            return Err(unsupported(NAME, format!("model_type {kind:?} is neither t5 nor umt5")));
        }
        within(
            NAME,
            &[
                ("vocab_size", config.vocab_size),
                ("d_model", config.d_model),
                ("d_kv", config.d_kv),
                ("d_ff", config.d_ff),
                ("num_heads", config.num_heads),
                ("num_heads times d_kv", config.num_heads.saturating_mul(config.d_kv)),
            ],
        )?;
        let (buckets, distance) =
            (config.relative_attention_num_buckets, config.relative_attention_max_distance);
        if config.num_layers > MOST_LAYERS || !(4..=4096).contains(&buckets) || distance <= buckets / 4 {
            return Err(malformed(NAME, "impossible number of layers or relative positions".into()));
        }
        if config.feed_forward_proj != "gated-gelu" {
            return Err(unsupported(NAME, "feed_forward_proj must be gated-gelu".into()));
        }
        if !(config.layer_norm_epsilon > 0.0 && config.layer_norm_epsilon < 1.0) {
            return Err(malformed(NAME, format!("layer_norm_epsilon is {}", config.layer_norm_epsilon)));
        }
        Ok(Self { config })
    }

    /// Number of different tokens: an id must be smaller.
    pub fn vocabulary(&self) -> usize {
        self.config.vocab_size
    }

    /// Channels of an encoded token.
    pub fn channels(&self) -> usize {
        self.config.d_model
    }

    /// The graph: `input_ids` and `attention_mask` (1 for a token, 0 for padding), both `[batch, tokens]` of i64, give
    /// `last_hidden_state` `[batch, tokens, channels]`.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Weight`].
    pub fn graph(
        &self,
        engine: &Engine,
        weights: &Weights,
        batch: usize,
        tokens: usize,
    ) -> Result<Graph, Error> {
        if !(1..=64).contains(&batch) || !(1..=MOST_TOKENS).contains(&tokens) {
            return Err(parameter(
                NAME,
                format!("{batch} prompts of {tokens} tokens; at most 64 of {MOST_TOKENS}"),
            ));
        }
        let mut b = GraphBuilder::new(NAME, engine, weights);
        let build = Build { config: &self.config, batch, tokens };
        build.whole(&mut b);
        b.finish()
    }
}

struct Build<'a> {
    config: &'a Config,
    batch: usize,
    tokens: usize,
}

impl Build<'_> {
    fn whole(&self, b: &mut GraphBuilder<'_>) {
        let config = self.config;
        let ids = b.input("input_ids", ElementType::I64, &[self.batch, self.tokens]);
        let mask = b.input("attention_mask", ElementType::I64, &[self.batch, self.tokens]);
        let mask = self.mask(b, &mask);
        let places = self.places(b);
        let table = ["shared.weight", "encoder.embed_tokens.weight"];
        let table = table.into_iter().find(|name| b.has(name)).unwrap_or("shared.weight");
        let mut x = b.rows(table, &[config.vocab_size, config.d_model], &ids);
        let mut shared = None;
        for layer in 0..config.num_layers {
            let name = format!("encoder.block.{layer}");
            let table = format!("{name}.layer.0.SelfAttention.relative_attention_bias.weight");
            // UMT5 has a table for each layer, T5 one for all.
            let bias = match shared.take() {
                Some(bias) if config.model_type == "t5" => bias,
                _ => self.bias(b, &table, &places, &mask),
            };
            x = self.block(b, &name, &x, &bias);
            shared = Some(bias);
        }
        let weight = b.weight("encoder.final_layer_norm.weight", &[config.d_model]);
        let x = b.rms_norm(&x, &weight, config.layer_norm_epsilon);
        b.output("last_hidden_state", &x);
    }

    /// 0 for tokens and the lowest number for padding, `[batch, 1, 1, tokens]`.
    fn mask(&self, b: &mut GraphBuilder<'_>, mask: &Wire) -> Wire {
        let mask = b.cast(mask, ElementType::F32);
        let mask = b.reshape(&mask, &[self.batch, 1, 1, self.tokens]);
        let one = b.scalar(1.0);
        let padding = b.sub(&one, &mask);
        let lowest = b.scalar(f32::MIN);
        b.mul(&padding, &lowest)
    }

    /// For each pair of tokens the number of their distance's bucket, `[tokens, tokens]`.
    fn places(&self, b: &mut GraphBuilder<'_>) -> Wire {
        let tokens = self.tokens as i64;
        let buckets: Vec<i64> = (1 - tokens..tokens).map(|distance| self.bucket(distance)).collect();
        let buckets = b.integers(&buckets);
        let query = b.integers(&(0..tokens).map(|query| tokens - 1 - query).collect::<Vec<_>>());
        let query = b.reshape(&query, &[self.tokens, 1]);
        let key = b.integers(&(0..tokens).collect::<Vec<_>>());
        let key = b.reshape(&key, &[1, self.tokens]);
        let distance = b.add(&query, &key);
        b.gather(&buckets, &distance)
    }

    /// The bucket of a distance from query to key: exact for near ones, by logarithm for far ones.
    fn bucket(&self, distance: i64) -> i64 {
        let half = (self.config.relative_attention_num_buckets / 2) as i64;
        let behind = if distance > 0 { half } else { 0 };
        let exact = half / 2;
        let far = distance.abs();
        if far < exact {
            return behind + far;
        }
        // In single precision, as the reference does it.
        let whole = (self.config.relative_attention_max_distance as f64 / exact as f64).ln() as f32;
        let share = (far as f32 / exact as f32).ln() / whole;
        behind + (exact + (share * (half - exact) as f32) as i64).min(half - 1)
    }

    /// What is added to the scores, `[batch, heads, tokens, tokens]`.
    fn bias(&self, b: &mut GraphBuilder<'_>, table: &str, places: &Wire, mask: &Wire) -> Wire {
        let heads = self.config.num_heads;
        let bias = b.rows(table, &[self.config.relative_attention_num_buckets, heads], places);
        let bias = b.transpose(&bias, &[2, 0, 1]);
        let bias = b.reshape(&bias, &[1, heads, self.tokens, self.tokens]);
        b.add(&bias, mask)
    }

    fn block(&self, b: &mut GraphBuilder<'_>, name: &str, x: &Wire, bias: &Wire) -> Wire {
        let config = self.config;
        let (width, inner) = (config.d_model, config.num_heads * config.d_kv);
        let attention = format!("{name}.layer.0.SelfAttention");
        let weight = b.weight(&format!("{name}.layer.0.layer_norm.weight"), &[width]);
        let normed = b.rms_norm(x, &weight, config.layer_norm_epsilon);
        let mut heads = |which: &str, order: &[usize]| {
            let part = b.linear_without_bias(&normed, &format!("{attention}.{which}"), width, inner);
            let part = b.reshape(&part, &[self.batch, self.tokens, config.num_heads, config.d_kv]);
            b.transpose(&part, order)
        };
        let query = heads("q", &[0, 2, 1, 3]);
        let key = heads("k", &[0, 2, 3, 1]);
        let value = heads("v", &[0, 2, 1, 3]);
        let scores = b.matmul(&query, &key);
        let scores = b.add(&scores, bias);
        let shares = b.op("Softmax", &[&scores], vec![int("axis", -1)], scores.shape());
        let heard = b.matmul(&shares, &value);
        let heard = b.transpose(&heard, &[0, 2, 1, 3]);
        let heard = b.reshape(&heard, &[self.batch, self.tokens, inner]);
        let heard = b.linear_without_bias(&heard, &format!("{attention}.o"), inner, width);
        let x = b.add(x, &heard);

        let dense = format!("{name}.layer.1.DenseReluDense");
        let weight = b.weight(&format!("{name}.layer.1.layer_norm.weight"), &[width]);
        let normed = b.rms_norm(&x, &weight, config.layer_norm_epsilon);
        let gate = b.linear_without_bias(&normed, &format!("{dense}.wi_0"), width, config.d_ff);
        let gate = b.gelu_tanh(&gate);
        let up = b.linear_without_bias(&normed, &format!("{dense}.wi_1"), width, config.d_ff);
        let up = b.mul(&gate, &up);
        let down = b.linear_without_bias(&up, &format!("{dense}.wo"), config.d_ff, width);
        b.add(&x, &down)
    }
}
