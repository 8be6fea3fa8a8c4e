//! Layers that several networks share, on top of single operators.

use crate::builder::{GraphBuilder, Wire, float, int, ints, text};
use crate::quantise::BLOCK;
use crate::{Bits, ElementType};

impl GraphBuilder<'_> {
    /// x · sigmoid(x).
    pub(crate) fn silu(&mut self, x: &Wire) -> Wire {
        let gate = self.unary("Sigmoid", x);
        self.mul(x, &gate)
    }

    /// The Gaussian error unit by its tangent formula.
    pub(crate) fn gelu_tanh(&mut self, x: &Wire) -> Wire {
        self.op("Gelu", &[x], vec![text("approximate", "tanh")], x.shape())
    }

    /// Weight and bias of a linear layer, with `width` inputs and `height` outputs, applied to the last axis.
    pub(crate) fn linear(&mut self, x: &Wire, name: &str, width: usize, height: usize) -> Wire {
        let bias = self.weight(&format!("{name}.bias"), &[height]);
        self.product(x, name, width, height, Some(&bias))
    }

    /// A linear layer without bias.
    pub(crate) fn linear_without_bias(&mut self, x: &Wire, name: &str, width: usize, height: usize) -> Wire {
        self.product(x, name, width, height, None)
    }

    fn product(&mut self, x: &Wire, name: &str, width: usize, height: usize, bias: Option<&Wire>) -> Wire {
        let mut shape = x.shape().to_vec();
        let last = shape.pop().unwrap_or(1);
        if last != width {
            self.fail(format!("{name}: {last} channels where {width} are taken"));
        }
        let rows = shape.iter().product();
        let flat = self.reshape(x, &[rows, width]);
        let tensor = format!("{name}.weight");
        let flat = match (self.bits(height, width), self.half_type(&tensor)) {
            (Some(bits), _) => self.product_in_bits(&flat, &tensor, height, bits, bias),
            (None, Some(half)) => {
                let weight = self.weight_as_stored(&tensor, &[height, width]);
                let flat = self.cast(&flat, half);
                let bias = bias.map(|bias| self.cast(bias, half));
                let mut inputs = vec![&flat, &weight];
                inputs.extend(&bias);
                let product = self.op("Gemm", &inputs, vec![int("transB", 1)], &[rows, height]);
                self.cast(&product, ElementType::F32)
            }
            (None, None) => {
                let weight = self.weight(&tensor, &[height, width]);
                let mut inputs = vec![&flat, &weight];
                inputs.extend(bias);
                // The weight is used as it lies in the file: a transposed copy would double the memory.
                self.op("Gemm", &inputs, vec![int("transB", 1)], &[rows, height])
            }
        };
        shape.push(height);
        self.reshape(&flat, &shape)
    }

    fn product_in_bits(
        &mut self,
        x: &Wire,
        tensor: &str,
        height: usize,
        bits: Bits,
        bias: Option<&Wire>,
    ) -> Wire {
        let (rows, width) = (x.extent(0), x.extent(1));
        let (levels, scales) = self.few_bits(tensor, height, width, bits);
        let attributes = vec![
            int("K", width as i64),
            int("N", height as i64),
            int("bits", bits.count() as i64),
            int("block_size", BLOCK as i64),
            // Single precision for what is multiplied with them.
            int("accuracy_level", 1),
        ];
        let product = self.microsoft("MatMulNBits", &[x, &levels, &scales], attributes, &[rows, height]);
        match bias {
            Some(bias) => self.add(&product, bias),
            None => product,
        }
    }

    /// Mean 0 and variance 1 over the last axis, without weights.
    pub(crate) fn layer_norm_plain(&mut self, x: &Wire, epsilon: f32) -> Wire {
        let width = x.shape().last().copied().unwrap_or(1);
        let ones = self.ones(width);
        self.op(
            "LayerNormalization",
            &[x, &ones],
            vec![int("axis", -1), float("epsilon", epsilon)],
            x.shape(),
        )
    }

    /// Mean 0 and variance 1 over the last axis, then weight and bias.
    pub(crate) fn layer_norm(&mut self, x: &Wire, name: &str, epsilon: f32) -> Wire {
        let width = x.shape().last().copied().unwrap_or(1);
        let weight = self.weight(&format!("{name}.weight"), &[width]);
        let bias = self.weight(&format!("{name}.bias"), &[width]);
        let attributes = vec![int("axis", -1), float("epsilon", epsilon)];
        self.op("LayerNormalization", &[x, &weight, &bias], attributes, x.shape())
    }

    /// Mean square 1 over the last axis, then the weight.
    pub(crate) fn rms_norm(&mut self, x: &Wire, weight: &Wire, epsilon: f32) -> Wire {
        let attributes = vec![int("axis", -1), float("epsilon", epsilon)];
        self.op("RMSNormalization", &[x, weight], attributes, x.shape())
    }

    /// Attention of several heads on tensors `[batch, tokens, channels]`, never with the whole table of scores in memory.
    pub(crate) fn attention(&mut self, query: &Wire, key: &Wire, value: &Wire, heads: usize) -> Wire {
        let mut shape = query.shape().to_vec();
        if let (Some(last), Some(channels)) = (shape.last_mut(), value.shape().last()) {
            *last = *channels;
        }
        let attributes = vec![int("num_heads", heads as i64)];
        let Some(half) = self.attention_type() else {
            return self.microsoft("MultiHeadAttention", &[query, key, value], attributes, &shape);
        };
        let [query, key, value] = [query, key, value].map(|x| self.cast(x, half));
        let heard = self.microsoft("MultiHeadAttention", &[&query, &key, &value], attributes, &shape);
        self.cast(&heard, ElementType::F32)
    }

    /// The same where keys `[batch, keys]` may be padding: 1 for a token and 0 for padding, which gets almost no share.
    pub(crate) fn masked_attention(
        &mut self,
        query: &Wire,
        key: &Wire,
        value: &Wire,
        heads: usize,
        mask: &Wire,
    ) -> Wire {
        let shape = query.shape().to_vec();
        if self.is_onnx_runtime() {
            let mask = self.cached(format!("mask {}", mask.name), |b| b.cast(mask, ElementType::I32));
            let absent = Wire::absent();
            let inputs = [query, key, value, &absent, &mask];
            return self.microsoft(
                "MultiHeadAttention",
                &inputs,
                vec![int("num_heads", heads as i64)],
                &shape,
            );
        }
        let size = query.shape().last().copied().unwrap_or(1) / heads.max(1);
        let mut split = |x: &Wire, order: &[usize]| {
            let parts = self.reshape(x, &[x.extent(0), x.extent(1), heads, size]);
            self.transpose(&parts, order)
        };
        let query = split(query, &[0, 2, 1, 3]);
        let key = split(key, &[0, 2, 3, 1]);
        let value = split(value, &[0, 2, 1, 3]);
        let root = self.scalar(1.0 / (size as f32).sqrt());
        let query = self.mul(&query, &root);
        let scores = self.matmul(&query, &key);
        let mask = self.cast(mask, ElementType::F32);
        let mask = self.reshape(&mask, &[mask.extent(0), 1, 1, mask.extent(1)]);
        let one = self.scalar(1.0);
        let padding = self.sub(&one, &mask);
        let low = self.scalar(-10_000.0);
        let low = self.mul(&padding, &low);
        let scores = self.add(&scores, &low);
        let shares = self.op("Softmax", &[&scores], vec![int("axis", -1)], scores.shape());
        let heard = self.matmul(&shares, &value);
        let heard = self.transpose(&heard, &[0, 2, 1, 3]);
        self.reshape(&heard, &shape)
    }

    /// A convolution over all axes behind the second, with bias; zeros are added `before` and `behind` each.
    pub(crate) fn convolution(
        &mut self,
        x: &Wire,
        name: &str,
        channels: (usize, usize),
        kernel: &[usize],
        stride: &[usize],
        padding: (&[usize], &[usize]),
    ) -> Wire {
        let (taken, given) = channels;
        if x.extent(1) != taken || x.shape().len() != kernel.len() + 2 {
            self.fail(format!("{name}: {:?} where {taken} channels are taken", x.shape()));
        }
        let weight = self.weight(&format!("{name}.weight"), &[&[given, taken], kernel].concat());
        let bias = self.weight(&format!("{name}.bias"), &[given]);
        let mut shape = vec![x.extent(0), given];
        for (axis, ((size, step), (before, behind))) in
            kernel.iter().zip(stride).zip(padding.0.iter().zip(padding.1)).enumerate()
        {
            let room = x.extent(axis + 2) + before + behind;
            match room.checked_sub(*size) {
                Some(rest) => shape.push(rest / (*step).max(1) + 1),
                None => {
                    self.fail(format!("{name}: a kernel of {size} on an extent of {room}"));
                    shape.push(1);
                }
            }
        }
        let whole = |values: &[usize]| values.iter().map(|&value| value as i64).collect::<Vec<_>>();
        let attributes = vec![
            ints("kernel_shape", whole(kernel)),
            ints("strides", whole(stride)),
            ints("pads", [whole(padding.0), whole(padding.1)].concat()),
        ];
        self.op("Conv", &[x, &weight, &bias], attributes, &shape)
    }

    /// As many ones.
    pub(crate) fn ones(&mut self, count: usize) -> Wire {
        self.cached(format!("ones {count}"), |builder| builder.constant(&[count], &vec![1.0; count]))
    }
}
