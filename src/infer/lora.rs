use std::collections::BTreeMap;
use std::path::Path;

use crate::weight_file::shown;
use crate::{Error, Weights};

/// Largest rank of an adapter.
const LARGEST_RANK: usize = 4096;

/// A low-rank change to some of a network's weights, merged when they are read.
#[derive(Debug, Clone)]
pub(crate) struct Lora {
    weights: Weights,
    strength: f32,
    /// By name of the weight that it changes.
    pairs: BTreeMap<String, Pair>,
}

#[derive(Debug, Clone, Default)]
struct Pair {
    down: String,
    up: String,
    alpha: Option<String>,
}

impl Lora {
    /// The adapter in a file, for the network of these weights.
    ///
    /// # Errors
    /// [`Error::Weight`] when it changes a weight that the network does not have, or by another shape.
    pub(crate) fn open(path: &Path, strength: f32, network: &Weights) -> Result<Self, Error> {
        let weights = Weights::open_file(path)?;
        let refused = |tensor: &str, detail: String| Error::Weight {
            path: path.to_owned(),
            tensor: shown(tensor),
            detail,
        };
        if !strength.is_finite() {
            return Err(refused("strength", format!("is {strength}")));
        }
        let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
        for (name, _) in weights.tensors() {
            let Some((target, part)) = target(name) else {
                return Err(refused(
                    name,
                    "is no part of an adapter: lora_A, lora_B, lora_down, lora_up or alpha".into(),
                ));
            };
            let pair = pairs.entry(target).or_default();
            match part {
                Part::Down => pair.down = name.to_owned(),
                Part::Up => pair.up = name.to_owned(),
                Part::Alpha => pair.alpha = Some(name.to_owned()),
            }
        }
        for (target, pair) in &pairs {
            let base = network.tensor(target);
            let base = base
                .ok_or_else(|| refused(target, "is changed, and the network has none of that name".into()))?;
            let rank = weights.tensor(&pair.down).and_then(|down| down.shape.first().copied()).unwrap_or(0);
            let [height, width] = base.shape.as_slice() else {
                return Err(refused(
                    target,
                    format!("has shape {:?}: only linear layers can be changed", base.shape),
                ));
            };
            if !(1..=LARGEST_RANK).contains(&rank) {
                return Err(refused(target, format!("is changed by an adapter of rank {rank}")));
            }
            weights.needed(&pair.down, &[rank, *width])?;
            weights.needed(&pair.up, &[*height, rank])?;
        }
        Ok(Self { weights, strength, pairs })
    }

    /// Whether it changes that weight.
    pub(crate) fn changes(&self, tensor: &str) -> bool {
        self.pairs.contains_key(tensor)
    }

    /// Adds its change to the weight of that name, rows of `width` numbers.
    pub(crate) fn apply(&self, tensor: &str, data: &mut [f32], width: usize) -> Result<(), Error> {
        let Some(pair) = self.pairs.get(tensor) else { return Ok(()) };
        let down = self.weights.read_f32(&pair.down)?;
        let up = self.weights.read_f32(&pair.up)?;
        let rank = down.len() / width.max(1);
        let alpha = match &pair.alpha {
            Some(name) => self.weights.read_f32(name)?.first().copied().unwrap_or(rank as f32),
            None => rank as f32,
        };
        let scale = self.strength * alpha / rank.max(1) as f32;
        for (row, factors) in data.chunks_mut(width.max(1)).zip(up.chunks(rank.max(1))) {
            for (factor, part) in factors.iter().zip(down.chunks(width.max(1))) {
                let factor = factor * scale;
                row.iter_mut().zip(part).for_each(|(value, part)| *value += factor * part);
            }
        }
        Ok(())
    }
}

enum Part {
    Down,
    Up,
    Alpha,
}

/// The weight that a tensor of an adapter changes, and which part of the change it is.
fn target(name: &str) -> Option<(String, Part)> {
    let ends = [
        (".lora_A.weight", Part::Down),
        (".lora_A.default.weight", Part::Down),
        (".lora_down.weight", Part::Down),
        (".lora_B.weight", Part::Up),
        (".lora_B.default.weight", Part::Up),
        (".lora_up.weight", Part::Up),
        (".alpha", Part::Alpha),
    ];
    let (layer, part) = ends.into_iter().find_map(|(end, part)| Some((name.strip_suffix(end)?, part)))?;
    let layer =
        layer.strip_prefix("transformer.").or(layer.strip_prefix("diffusion_model.")).unwrap_or(layer);
    // Names of Wan's own release, as most adapters have them.
    let mut layer = layer.to_owned();
    for (theirs, ours) in [
        (".self_attn.", ".attn1."),
        (".cross_attn.", ".attn2."),
        (".attn1.o", ".attn1.to_out.0"),
        (".attn2.o", ".attn2.to_out.0"),
        (".ffn.0", ".ffn.net.0.proj"),
        (".ffn.2", ".ffn.net.2"),
    ] {
        if (ours.starts_with(".attn") && theirs.ends_with('.')) || layer.ends_with(theirs) {
            layer = layer.replacen(theirs, ours, 1);
        }
    }
    for which in ["q", "k", "v"] {
        for attention in [".attn1.", ".attn2."] {
            let theirs = format!("{attention}{which}");
            if layer.ends_with(&theirs) {
                layer = layer.replacen(&theirs, &format!("{attention}to_{which}"), 1);
            }
        }
    }
    Some((format!("{layer}.weight"), part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_releases_lead_to_the_same_weight() {
        for (name, expected) in [
            ("transformer.blocks.3.attn1.to_q.lora_A.weight", "blocks.3.attn1.to_q.weight"),
            ("blocks.3.attn2.to_out.0.lora_B.weight", "blocks.3.attn2.to_out.0.weight"),
            ("diffusion_model.blocks.3.self_attn.q.lora_down.weight", "blocks.3.attn1.to_q.weight"),
            ("diffusion_model.blocks.3.cross_attn.o.lora_up.weight", "blocks.3.attn2.to_out.0.weight"),
            ("diffusion_model.blocks.3.ffn.0.alpha", "blocks.3.ffn.net.0.proj.weight"),
            ("diffusion_model.blocks.13.ffn.2.lora_down.weight", "blocks.13.ffn.net.2.weight"),
        ] {
            assert_eq!(target(name).expect("a part").0, expected, "{name}");
        }
        assert!(target("blocks.0.attn1.to_q.weight").is_none());
    }
}
