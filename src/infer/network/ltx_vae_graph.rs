use crate::builder::{GraphBuilder, Wire};
use crate::network::ltx_vae::Config;
use crate::{ElementType, Engine, Error, Graph, Weights};

/// Half of an autoencoder under construction.
pub(crate) struct Build<'a> {
    b: GraphBuilder<'a>,
    config: &'a Config,
    /// Whether a frame sees only those before it.
    causal: bool,
}

impl<'a> Build<'a> {
    pub(crate) fn new(name: &str, engine: &Engine, weights: &'a Weights, config: &'a Config) -> Self {
        Self { b: GraphBuilder::new(name, engine, weights), config, causal: false }
    }

    pub(crate) fn decoder(mut self, [batch, frames, height, width]: [usize; 4]) -> Result<Graph, Error> {
        let config = self.config;
        self.causal = config.decoder_causal;
        let latent = [batch, config.latent_channels, frames, height, width];
        let x = self.b.input("latent", ElementType::F32, &latent);
        let mut wide = config.decoder_block_out_channels.iter().rev().copied();
        let mut layers = config.decoder_layers_per_block.iter().rev().copied();
        let mut scales = config.decoder_spatio_temporal_scaling.iter().rev().copied();
        let mut residuals = config.upsample_residual.iter().rev().copied();
        let mut factors = config.upsample_factor.iter().rev().copied();
        let levels = config.decoder_block_out_channels.len();
        let widest = config.decoder_block_out_channels.last().copied().unwrap_or(1);
        let mut x = self.convolution(&x, "decoder.conv_in", (config.latent_channels, widest), 1);
        for layer in 0..layers.next().unwrap_or(0) {
            x = self.residual(&x, &format!("decoder.mid_block.resnets.{layer}"), widest, widest);
        }
        let mut channels = widest;
        for level in 0..levels {
            let name = format!("decoder.up_blocks.{level}");
            let factor = factors.next().unwrap_or(1).max(1);
            let taken = channels / factor;
            channels = wide.next().unwrap_or(1) / factor;
            if taken != channels {
                x = self.residual(&x, &format!("{name}.conv_in"), taken, channels);
            }
            let residual = residuals.next().unwrap_or(false);
            if scales.next().unwrap_or(false) {
                x = self.enlarge(
                    &x,
                    &format!("{name}.upsamplers.0.conv"),
                    channels * factor,
                    factor,
                    residual,
                );
            }
            for layer in 0..layers.next().unwrap_or(0) {
                x = self.residual(&x, &format!("{name}.resnets.{layer}"), channels, channels);
            }
        }
        let x = self.norm(&x);
        let x = self.b.silu(&x);
        let patch = config.patch_size;
        let colours = config.out_channels;
        let x = self.convolution(&x, "decoder.conv_out", (channels, colours * patch * patch), 1);
        let [frames, rows, columns] = [x.extent(2), x.extent(3), x.extent(4)];
        let x = self.b.reshape(&x, &[batch, colours, patch, patch, frames, rows, columns]);
        let x = self.b.transpose(&x, &[0, 1, 4, 5, 3, 6, 2]);
        let x = self.b.reshape(&x, &[batch, colours, frames, rows * patch, columns * patch]);
        self.b.output("frames", &x);
        self.b.finish()
    }

    pub(crate) fn encoder(mut self, [batch, frames, rows, columns]: [usize; 4]) -> Result<Graph, Error> {
        let config = self.config;
        self.causal = config.encoder_causal;
        let colours = config.in_channels;
        let patch = config.patch_size;
        let x = self.b.input("frames", ElementType::F32, &[batch, colours, frames, rows, columns]);
        let x = self.b.reshape(&x, &[batch, colours, frames, rows / patch, patch, columns / patch, patch]);
        let x = self.b.transpose(&x, &[0, 1, 6, 4, 2, 3, 5]);
        let taken = colours * patch * patch;
        let x = self.b.reshape(&x, &[batch, taken, frames, rows / patch, columns / patch]);
        let mut channels = config.block_out_channels.first().copied().unwrap_or(1);
        let mut x = self.convolution(&x, "encoder.conv_in", (taken, channels), 1);
        let levels = config.block_out_channels.len();
        for level in 0..levels {
            let name = format!("encoder.down_blocks.{level}");
            let given = config.block_out_channels.get(level + 1).copied().unwrap_or(channels);
            for layer in 0..config.layers_per_block.get(level).copied().unwrap_or(0) {
                x = self.residual(&x, &format!("{name}.resnets.{layer}"), channels, channels);
            }
            if config.spatio_temporal_scaling.get(level) == Some(&true) {
                x = self.convolution(&x, &format!("{name}.downsamplers.0"), (channels, channels), 2);
            }
            if given != channels {
                x = self.residual(&x, &format!("{name}.conv_out"), channels, given);
                channels = given;
            }
        }
        for layer in 0..config.layers_per_block.last().copied().unwrap_or(0) {
            x = self.residual(&x, &format!("encoder.mid_block.resnets.{layer}"), channels, channels);
        }
        let x = self.norm(&x);
        let x = self.b.silu(&x);
        let x = self.convolution(&x, "encoder.conv_out", (channels, config.latent_channels + 1), 1);
        let means = self.b.slice(&x, 1, 0, config.latent_channels);
        self.b.output("moments", &means);
        self.b.finish()
    }

    /// A convolution of three pixels and frames a side; at the ends of the clip its first and last frame are repeated.
    fn convolution(&mut self, x: &Wire, name: &str, channels: (usize, usize), stride: usize) -> Wire {
        let frames = x.extent(2);
        let first = self.b.slice(x, 2, 0, 1);
        let whole = match self.causal {
            true => self.b.concat(2, &[&first, &first, x]),
            false => {
                let last = self.b.slice(x, 2, frames.saturating_sub(1), frames);
                self.b.concat(2, &[&first, x, &last])
            }
        };
        let side: &[usize] = &[0, 1, 1];
        self.b.convolution(&whole, &format!("{name}.conv"), channels, &[3; 3], &[stride; 3], (side, side))
    }

    /// Each pixel's channels scaled to mean square 1.
    fn norm(&mut self, x: &Wire) -> Wire {
        let mut shape = x.shape().to_vec();
        let channels = x.extent(1);
        if let Some(extent) = shape.get_mut(1) {
            *extent = 1;
        }
        let axis = self.b.integers(&[1]);
        let sum = self.b.op("ReduceSumSquare", &[x, &axis], Vec::new(), &shape);
        let share = self.b.scalar(1.0 / channels as f32);
        let mean = self.b.mul(&sum, &share);
        let least = self.b.scalar(1e-8);
        let mean = self.b.add(&mean, &least);
        let root = self.b.unary("Sqrt", &mean);
        self.b.binary("Div", x, &root)
    }

    fn residual(&mut self, x: &Wire, name: &str, taken: usize, given: usize) -> Wire {
        let shortcut = match taken == given {
            true => x.clone(),
            false => {
                let last = self.b.transpose(x, &[0, 2, 3, 4, 1]);
                let normed = self.b.layer_norm(&last, &format!("{name}.norm3"), self.config.resnet_norm_eps);
                let normed = self.b.transpose(&normed, &[0, 4, 1, 2, 3]);
                let none: &[usize] = &[0; 3];
                let name = format!("{name}.conv_shortcut.conv");
                self.b.convolution(&normed, &name, (taken, given), &[1; 3], &[1; 3], (none, none))
            }
        };
        let inner = self.norm(x);
        let inner = self.b.silu(&inner);
        let inner = self.convolution(&inner, &format!("{name}.conv1"), (taken, given), 1);
        let inner = self.norm(&inner);
        let inner = self.b.silu(&inner);
        let inner = self.convolution(&inner, &format!("{name}.conv2"), (given, given), 1);
        self.b.add(&inner, &shortcut)
    }

    /// Twice the rows, columns and frames, but for the first: channels spread out.
    fn enlarge(&mut self, x: &Wire, name: &str, channels: usize, factor: usize, residual: bool) -> Wire {
        let large = self.convolution(x, name, (channels, channels * 8 / factor), 1);
        let large = self.spread(&large);
        if !residual {
            return large;
        }
        let shortcut = self.spread(x);
        let copies = vec![&shortcut; 8 / factor];
        let shortcut = self.b.concat(1, &copies);
        self.b.add(&large, &shortcut)
    }

    /// Eight channels as two frames of two rows of two columns; the first frame falls away.
    fn spread(&mut self, x: &Wire) -> Wire {
        let [batch, channels, frames, rows, columns] =
            [x.extent(0), x.extent(1) / 8, x.extent(2), x.extent(3), x.extent(4)];
        let x = self.b.reshape(x, &[batch, channels, 2, 2, 2, frames, rows, columns]);
        let x = self.b.transpose(&x, &[0, 1, 5, 2, 6, 3, 7, 4]);
        let x = self.b.reshape(&x, &[batch, channels, 2 * frames, 2 * rows, 2 * columns]);
        self.b.slice(&x, 2, 1, 2 * frames)
    }
}
