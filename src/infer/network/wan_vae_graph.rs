use crate::builder::{GraphBuilder, Wire, int};
use crate::network::wan_vae::Config;
use crate::{ElementType, Engine, Error, Graph, Weights};

/// Which part of a clip a graph is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The first frame: nothing came before it.
    First,
    /// A later one, with the caches of what came before.
    Next,
}

/// Frames that a causal convolution looks back.
const BACK: usize = 2;

/// Half of an autoencoder under construction: for one stage, with the caches counted in the order they are met.
pub(crate) struct Build<'a> {
    b: GraphBuilder<'a>,
    config: &'a Config,
    stage: Stage,
    caches: usize,
}

impl<'a> Build<'a> {
    pub(crate) fn new(
        name: &str,
        engine: &Engine,
        weights: &'a Weights,
        config: &'a Config,
        stage: Stage,
    ) -> Self {
        Self { b: GraphBuilder::new(name, engine, weights), config, stage, caches: 0 }
    }

    pub(crate) fn decoder(mut self, batch: usize, height: usize, width: usize) -> Result<Graph, Error> {
        let config = self.config;
        let z = config.z_dim;
        let base = config.decoder_base_dim.unwrap_or(config.base_dim);
        let levels = config.dim_mult.len();
        let wide: Vec<usize> = config.dim_mult.iter().rev().map(|mult| base * mult).collect();
        let widest = wide.first().copied().unwrap_or(base);
        let x = self.b.input("latent", ElementType::F32, &[batch, z, 1, height, width]);
        let x = self.pointwise(&x, "post_quant_conv", z, z);
        let x = self.causal(&x, "decoder.conv_in", z, widest);
        let mut x = self.middle(&x, "decoder.mid_block", widest);
        let mut taken = widest;
        for (level, &given) in wide.iter().enumerate() {
            let name = format!("decoder.up_blocks.{level}");
            let grows = level + 1 < levels;
            let lengthens = grows && config.temperal_downsample.iter().rev().nth(level) == Some(&true);
            let before = x.clone();
            let mut channels = taken;
            for block in 0..=config.num_res_blocks {
                x = self.residual(&x, &format!("{name}.resnets.{block}"), channels, given);
                channels = given;
            }
            if grows && config.is_residual {
                x = self.enlarge(&x, &format!("{name}.upsampler"), given, given, lengthens);
                let shortcut = self.duplicated(&before, given, if lengthens { 2 } else { 1 });
                x = self.b.add(&x, &shortcut);
                taken = given;
            } else if grows {
                x = self.enlarge(&x, &format!("{name}.upsamplers.0"), given, given / 2, lengthens);
                taken = given / 2;
            }
        }
        let narrow = wide.last().copied().unwrap_or(base);
        let x = self.norm(&x, "decoder.norm_out", narrow);
        let x = self.b.silu(&x);
        let x = self.causal(&x, "decoder.conv_out", narrow, config.out_channels);
        let x = self.unpatched(&x);
        let (low, high) = (self.b.scalar(-1.0), self.b.scalar(1.0));
        let x = self.b.op("Clip", &[&x, &low, &high], Vec::new(), x.shape());
        self.b.output("frames", &x);
        self.b.finish()
    }

    pub(crate) fn encoder(mut self, [batch, frames, rows, columns]: [usize; 4]) -> Result<Graph, Error> {
        let config = self.config;
        let patch = config.patch_size.unwrap_or(1);
        let colours = config.in_channels / (patch * patch);
        let x = self.b.input("frames", ElementType::F32, &[batch, colours, frames, rows, columns]);
        let x = self.patched(&x);
        let mut taken = config.base_dim;
        let mut x = self.causal(&x, "encoder.conv_in", config.in_channels, taken);
        let levels = config.dim_mult.len();
        let mut flat = 0;
        for (level, mult) in config.dim_mult.iter().enumerate() {
            let given = config.base_dim * mult;
            let shrinks = level + 1 < levels;
            let shortens = shrinks && config.temperal_downsample.get(level) == Some(&true);
            let before = x.clone();
            let block_name = |flat: usize, inner: &str| match config.is_residual {
                true => format!("encoder.down_blocks.{level}.{inner}"),
                false => format!("encoder.down_blocks.{flat}"),
            };
            for block in 0..config.num_res_blocks {
                x = self.residual(&x, &block_name(flat, &format!("resnets.{block}")), taken, given);
                taken = given;
                flat += 1;
            }
            if shrinks {
                x = self.reduce(&x, &block_name(flat, "downsampler"), given, shortens);
                flat += 1;
            }
            if config.is_residual {
                let shortcut =
                    self.averaged(&before, given, if shortens { 2 } else { 1 }, if shrinks { 2 } else { 1 });
                x = self.b.add(&x, &shortcut);
            }
        }
        let x = self.middle(&x, "encoder.mid_block", taken);
        let x = self.norm(&x, "encoder.norm_out", taken);
        let x = self.b.silu(&x);
        let x = self.causal(&x, "encoder.conv_out", taken, 2 * config.z_dim);
        let x = self.pointwise(&x, "quant_conv", 2 * config.z_dim, 2 * config.z_dim);
        self.b.output("moments", &x);
        self.b.finish()
    }

    /// The frames before `x` and `x` itself: `back` of them out of the cache, zeros at the start of a clip. The cache is renewed.
    fn with_past(&mut self, x: &Wire, back: usize) -> Wire {
        let frames = x.extent(2);
        let mut shape = x.shape().to_vec();
        if let Some(extent) = shape.get_mut(2) {
            *extent = back;
        }
        let whole = match self.stage {
            Stage::First => self.b.pad(x, &[0, 0, back, 0, 0], &[0; 5]),
            Stage::Next => {
                let past = self.b.input(&format!("past_{}", self.caches), ElementType::F32, &shape);
                self.b.concat(2, &[&past, x])
            }
        };
        let last = self.b.slice(&whole, 2, frames, frames + back);
        self.renew(&last);
        whole
    }

    fn renew(&mut self, cache: &Wire) {
        self.b.output(&format!("cache_{}", self.caches), cache);
        self.caches += 1;
    }

    /// A convolution of three pixels a side that sees the frame itself and the two before it.
    fn causal(&mut self, x: &Wire, name: &str, taken: usize, given: usize) -> Wire {
        let whole = self.with_past(x, BACK);
        let side: &[usize] = &[0, 1, 1];
        self.b.convolution(&whole, name, (taken, given), &[3, 3, 3], &[1, 1, 1], (side, side))
    }

    fn pointwise(&mut self, x: &Wire, name: &str, taken: usize, given: usize) -> Wire {
        let none: &[usize] = &[0; 3];
        self.b.convolution(x, name, (taken, given), &[1, 1, 1], &[1, 1, 1], (none, none))
    }

    /// Each pixel's channels scaled to mean square 1, then weighted.
    fn norm(&mut self, x: &Wire, name: &str, channels: usize) -> Wire {
        let ones = vec![1; x.shape().len() - 2];
        let gamma = self.b.weight(&format!("{name}.gamma"), &[&[channels], ones.as_slice()].concat());
        let root = self.b.scalar((channels as f64).sqrt() as f32);
        let gamma = self.b.mul(&gamma, &root);
        let mut shape = x.shape().to_vec();
        if let Some(extent) = shape.get_mut(1) {
            *extent = 1;
        }
        let axis = self.b.integers(&[1]);
        let length = self.b.op("ReduceL2", &[x, &axis], Vec::new(), &shape);
        let least = self.b.scalar(1e-12);
        let length = self.b.binary("Max", &length, &least);
        let x = self.b.binary("Div", x, &length);
        self.b.mul(&x, &gamma)
    }

    fn residual(&mut self, x: &Wire, name: &str, taken: usize, given: usize) -> Wire {
        let shortcut = match taken == given {
            true => x.clone(),
            false => self.pointwise(x, &format!("{name}.conv_shortcut"), taken, given),
        };
        let x = self.norm(x, &format!("{name}.norm1"), taken);
        let x = self.b.silu(&x);
        let x = self.causal(&x, &format!("{name}.conv1"), taken, given);
        let x = self.norm(&x, &format!("{name}.norm2"), given);
        let x = self.b.silu(&x);
        let x = self.causal(&x, &format!("{name}.conv2"), given, given);
        self.b.add(&x, &shortcut)
    }

    fn middle(&mut self, x: &Wire, name: &str, channels: usize) -> Wire {
        let x = self.residual(x, &format!("{name}.resnets.0"), channels, channels);
        let x = self.attention(&x, &format!("{name}.attentions.0"), channels);
        self.residual(&x, &format!("{name}.resnets.1"), channels, channels)
    }

    /// Attention of one head among the pixels of each frame.
    fn attention(&mut self, x: &Wire, name: &str, channels: usize) -> Wire {
        let frames = self.apart(x);
        let (count, rows, columns) = (frames.extent(0), frames.extent(2), frames.extent(3));
        let normed = self.norm(&frames, &format!("{name}.norm"), channels);
        let none: &[usize] = &[0; 2];
        let one: &[usize] = &[1; 2];
        let three = self.b.convolution(
            &normed,
            &format!("{name}.to_qkv"),
            (channels, 3 * channels),
            one,
            one,
            (none, none),
        );
        let three = self.b.reshape(&three, &[count, 3 * channels, rows * columns]);
        let three = self.b.transpose(&three, &[0, 2, 1]);
        let part: Vec<Wire> =
            (0..3).map(|at| self.b.slice(&three, 2, at * channels, (at + 1) * channels)).collect();
        let [query, key, value] = part.as_slice() else { return x.clone() };
        let heard = self.b.attention(query, key, value, 1);
        let heard = self.b.transpose(&heard, &[0, 2, 1]);
        let heard = self.b.reshape(&heard, &[count, channels, rows, columns]);
        let heard =
            self.b.convolution(&heard, &format!("{name}.proj"), (channels, channels), one, one, (none, none));
        let heard = self.together(&heard, x.extent(0));
        self.b.add(&heard, x)
    }

    /// Frames `[batch, channels, frames, rows, columns]` as pictures of their own.
    fn apart(&mut self, x: &Wire) -> Wire {
        let moved = match x.extent(2) {
            1 => x.clone(),
            _ => self.b.transpose(x, &[0, 2, 1, 3, 4]),
        };
        self.b.reshape(&moved, &[x.extent(0) * x.extent(2), x.extent(1), x.extent(3), x.extent(4)])
    }

    /// The opposite of [`Self::apart`].
    fn together(&mut self, x: &Wire, batch: usize) -> Wire {
        let frames = x.extent(0) / batch.max(1);
        let (channels, rows, columns) = (x.extent(1), x.extent(2), x.extent(3));
        if frames == 1 {
            return self.b.reshape(x, &[batch, channels, 1, rows, columns]);
        }
        let x = self.b.reshape(x, &[batch, frames, channels, rows, columns]);
        self.b.transpose(&x, &[0, 2, 1, 3, 4])
    }

    /// Twice the rows and columns, and twice the frames behind the first of a clip when it `lengthens`.
    fn enlarge(&mut self, x: &Wire, name: &str, channels: usize, given: usize, lengthens: bool) -> Wire {
        let mut x = x.clone();
        if lengthens {
            x = self.lengthened(&x, name, channels);
        }
        let batch = x.extent(0);
        let frames = self.apart(&x);
        let (count, rows, columns) = (frames.extent(0), frames.extent(2), frames.extent(3));
        let apart = self.b.reshape(&frames, &[count, channels, rows, 1, columns, 1]);
        let twice = self.b.expand(&apart, &[count, channels, rows, 2, columns, 2]);
        let large = self.b.reshape(&twice, &[count, channels, 2 * rows, 2 * columns]);
        let side: &[usize] = &[1, 1];
        let name = format!("{name}.resample.1");
        let large = self.b.convolution(&large, &name, (channels, given), &[3, 3], &[1, 1], (side, side));
        self.together(&large, batch)
    }

    fn lengthened(&mut self, x: &Wire, name: &str, channels: usize) -> Wire {
        if self.stage == Stage::First {
            // The first frame stays one, and what follows sees nothing before itself.
            let shape = [x.extent(0), channels, BACK, x.extent(3), x.extent(4)];
            let zero = self.b.scalar(0.0);
            let nothing = self.b.expand(&zero, &shape);
            self.renew(&nothing);
            return x.clone();
        }
        let [batch, frames, rows, columns] = [x.extent(0), x.extent(2), x.extent(3), x.extent(4)];
        let whole = self.with_past(x, BACK);
        let none: &[usize] = &[0; 3];
        let name = format!("{name}.time_conv");
        let two =
            self.b.convolution(&whole, &name, (channels, 2 * channels), &[3, 1, 1], &[1, 1, 1], (none, none));
        let two = self.b.reshape(&two, &[batch, 2, channels, frames, rows, columns]);
        let two = self.b.transpose(&two, &[0, 2, 3, 1, 4, 5]);
        self.b.reshape(&two, &[batch, channels, 2 * frames, rows, columns])
    }

    /// Half the rows and columns, and half the frames behind the first of a clip when it `shortens`.
    fn reduce(&mut self, x: &Wire, name: &str, channels: usize, shortens: bool) -> Wire {
        let batch = x.extent(0);
        let frames = self.apart(x);
        let resample = format!("{name}.resample.1");
        let padding: (&[usize], &[usize]) = (&[0, 0], &[1, 1]);
        let small = self.b.convolution(&frames, &resample, (channels, channels), &[3, 3], &[2, 2], padding);
        let small = self.together(&small, batch);
        if !shortens {
            return small;
        }
        if self.stage == Stage::First {
            self.renew(&small);
            return small;
        }
        let whole = self.with_past(&small, 1);
        let none: &[usize] = &[0; 3];
        let name = format!("{name}.time_conv");
        self.b.convolution(&whole, &name, (channels, channels), &[3, 1, 1], &[2, 1, 1], (none, none))
    }

    /// The shortcut past a level of Wan 2.2's decoder: channels dealt out to new pixels and frames, repeated as often as needed.
    fn duplicated(&mut self, x: &Wire, given: usize, time: usize) -> Wire {
        let [batch, taken, frames, rows, columns] =
            [x.extent(0), x.extent(1), x.extent(2), x.extent(3), x.extent(4)];
        let factor = time * 4;
        if taken == 0 || !(given * factor).is_multiple_of(taken) {
            self.b.fail(format!("{taken} channels can't be dealt out to {given}"));
            return x.clone();
        }
        let repeats = given * factor / taken;
        let apart = self.b.reshape(x, &[batch, taken, 1, frames, rows, columns]);
        let repeated = self.b.expand(&apart, &[batch, taken, repeats, frames, rows, columns]);
        let dealt = self.b.reshape(&repeated, &[batch, given, time, 2, 2, frames, rows, columns]);
        let dealt = self.b.transpose(&dealt, &[0, 1, 5, 2, 6, 3, 7, 4]);
        let dealt = self.b.reshape(&dealt, &[batch, given, frames * time, 2 * rows, 2 * columns]);
        match self.stage {
            Stage::First => self.b.slice(&dealt, 2, time - 1, frames * time),
            Stage::Next => dealt,
        }
    }

    /// The shortcut past a level of Wan 2.2's encoder: pixels and frames gathered into channels, and averaged.
    fn averaged(&mut self, x: &Wire, given: usize, time: usize, side: usize) -> Wire {
        let short = (time - x.extent(2) % time) % time;
        let x = self.b.pad(x, &[0, 0, short, 0, 0], &[0; 5]);
        let [batch, taken] = [x.extent(0), x.extent(1)];
        let [frames, rows, columns] = [x.extent(2) / time, x.extent(3) / side, x.extent(4) / side];
        let factor = time * side * side;
        if given == 0 || !(taken * factor).is_multiple_of(given) {
            self.b.fail(format!("{taken} channels can't be averaged to {given}"));
            return x;
        }
        let group = taken * factor / given;
        let parts = self.b.reshape(&x, &[batch, taken, frames, time, rows, side, columns, side]);
        let parts = self.b.transpose(&parts, &[0, 1, 3, 5, 7, 2, 4, 6]);
        let parts = self.b.reshape(&parts, &[batch, given, group, frames, rows, columns]);
        let axis = self.b.integers(&[2]);
        let keep = vec![int("keepdims", 0)];
        self.b.op("ReduceMean", &[&parts, &axis], keep, &[batch, given, frames, rows, columns])
    }

    /// Pixels gathered into channels.
    fn patched(&mut self, x: &Wire) -> Wire {
        let patch = self.config.patch_size.unwrap_or(1);
        if patch == 1 {
            return x.clone();
        }
        let [batch, colours, frames] = [x.extent(0), x.extent(1), x.extent(2)];
        let [rows, columns] = [x.extent(3) / patch, x.extent(4) / patch];
        let parts = self.b.reshape(x, &[batch, colours, frames, rows, patch, columns, patch]);
        let parts = self.b.transpose(&parts, &[0, 1, 6, 4, 2, 3, 5]);
        self.b.reshape(&parts, &[batch, colours * patch * patch, frames, rows, columns])
    }

    /// Channels spread out to pixels.
    fn unpatched(&mut self, x: &Wire) -> Wire {
        let patch = self.config.patch_size.unwrap_or(1);
        if patch == 1 {
            return x.clone();
        }
        let [batch, frames, rows, columns] = [x.extent(0), x.extent(2), x.extent(3), x.extent(4)];
        let colours = x.extent(1) / (patch * patch);
        let parts = self.b.reshape(x, &[batch, colours, patch, patch, frames, rows, columns]);
        let parts = self.b.transpose(&parts, &[0, 1, 4, 5, 3, 6, 2]);
        self.b.reshape(&parts, &[batch, colours, frames, rows * patch, columns * patch])
    }
}
