use std::collections::BTreeMap;

use filigrane_frame::ErrorKind;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

use crate::graph::{MICROSOFT, data_type, dims};
use crate::initializer::Form;
use crate::quantise::BLOCK;
use crate::tensor::elements;
use crate::{Bits, ElementType, Engine, Error, Graph, Initializer, Port, Weights};

/// Weights of a linear layer from which on it is held in few bits where that is asked for.
const SMALLEST_IN_BITS: usize = 1024;

/// A tensor inside a graph under construction.
#[derive(Debug, Clone)]
pub struct Wire {
    pub(crate) name: String,
    shape: Vec<usize>,
    element: ElementType,
}

impl Wire {
    /// What stands for an input that an operator can do without.
    pub(crate) fn absent() -> Self {
        Self { name: String::new(), shape: Vec::new(), element: ElementType::F32 }
    }

    /// Extent of each axis, slowest first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Extent of one axis; 1 where there is none.
    pub fn extent(&self, axis: usize) -> usize {
        self.shape.get(axis).copied().unwrap_or(1)
    }
}

/// Builds a graph operator by operator, with the shape of every tensor known.
///
/// What goes wrong is kept and told by [`Self::finish`]: the methods between always give a tensor, so that a network
/// reads as its formula does.
#[derive(Debug)]
pub struct GraphBuilder<'a> {
    weights: &'a Weights,
    onnx_runtime: bool,
    /// The half-precision type that linear layers are computed in, once one was.
    attention: Option<ElementType>,
    graph: Graph,
    /// Tensors that were used already, by the name and shape they have in the graph.
    known: BTreeMap<String, Wire>,
    fault: Option<Error>,
    count: usize,
}

impl<'a> GraphBuilder<'a> {
    /// An empty graph over these weights, for this engine.
    pub fn new(name: &str, engine: &Engine, weights: &'a Weights) -> Self {
        let graph = Graph {
            name: name.into(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            casts: Vec::new(),
            nodes: Vec::new(),
            constants: Vec::new(),
            initializers: Vec::new(),
            weights: weights.clone(),
        };
        let onnx_runtime = engine.is_onnx_runtime();
        Self { weights, onnx_runtime, attention: None, graph, known: BTreeMap::new(), fault: None, count: 0 }
    }

    /// The graph.
    ///
    /// # Errors
    /// The first thing that went wrong: a weight that is missing or of another shape, or shapes that do not fit.
    pub fn finish(self) -> Result<Graph, Error> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.graph),
        }
    }

    /// Keeps a fault, unless there is one already.
    pub(crate) fn fail(&mut self, detail: String) {
        let network = self.graph.name.clone();
        self.fault.get_or_insert(Error::Network { network, detail, kind: ErrorKind::Malformed });
    }

    /// A new input.
    pub(crate) fn input(&mut self, name: &str, element: ElementType, shape: &[usize]) -> Wire {
        self.graph.inputs.push(Port { name: name.into(), element, shape: shape.into() });
        Wire { name: name.into(), shape: shape.into(), element }
    }

    /// Makes a tensor an output under that name.
    pub(crate) fn output(&mut self, name: &str, wire: &Wire) {
        let node = NodeProto {
            op_type: "Identity".into(),
            name: format!("output.{name}"),
            input: vec![wire.name.clone()],
            output: vec![name.into()],
            ..NodeProto::default()
        };
        self.graph.nodes.push(node);
        let port = Port { name: name.into(), element: wire.element, shape: wire.shape.clone() };
        self.graph.outputs.push(port);
    }

    /// Small numbers that are part of the graph.
    pub(crate) fn constant(&mut self, shape: &[usize], data: &[f32]) -> Wire {
        if elements(shape) != Some(data.len()) {
            self.fail(format!("{} numbers for a constant of shape {shape:?}", data.len()));
        }
        let raw = data.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant_tensor(ElementType::F32, shape, raw)
    }

    /// One number.
    pub(crate) fn scalar(&mut self, value: f32) -> Wire {
        self.cached(format!("scalar {:08x}", value.to_bits()), |builder| builder.constant(&[], &[value]))
    }

    /// Whole numbers, mostly shapes and indices.
    pub(crate) fn integers(&mut self, data: &[i64]) -> Wire {
        let raw = data.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.cached(format!("integers {data:?}"), |builder| {
            builder.constant_tensor(ElementType::I64, &[data.len()], raw)
        })
    }

    /// A tensor that is made the first time it is asked for.
    pub(crate) fn cached(&mut self, key: String, make: impl FnOnce(&mut Self) -> Wire) -> Wire {
        if let Some(wire) = self.known.get(&key) {
            return wire.clone();
        }
        let wire = make(self);
        self.known.insert(key, wire.clone());
        wire
    }

    fn constant_tensor(&mut self, element: ElementType, shape: &[usize], raw_data: Vec<u8>) -> Wire {
        let name = self.fresh("constant");
        self.graph.constants.push(TensorProto {
            name: name.clone(),
            dims: dims(shape),
            data_type: data_type(element) as i32,
            raw_data,
            ..TensorProto::default()
        });
        Wire { name, shape: shape.into(), element }
    }

    /// A weight in single precision; in the file it may be of any floating-point type, but of just that shape.
    pub(crate) fn weight(&mut self, tensor: &str, shape: &[usize]) -> Wire {
        self.weight_as(tensor, shape, shape)
    }

    /// A weight that has one shape in the file and, element for element, another in the graph.
    pub(crate) fn weight_as(&mut self, tensor: &str, stored: &[usize], shape: &[usize]) -> Wire {
        self.cached(format!("weight {tensor} {shape:?}"), |builder| {
            let wire = builder.stored(tensor, stored, shape);
            let nodes = builder.graph.nodes.len();
            let wire = builder.in_single_precision(wire);
            // The engine runs what stands first as late as it can. Behind their users, all casts would run at once.
            let casts = builder.graph.nodes.drain(nodes..).collect::<Vec<_>>();
            builder.graph.casts.extend(casts);
            wire
        })
    }

    /// Rows of a table of weights, by number; only those are brought to single precision.
    pub(crate) fn rows(&mut self, tensor: &str, shape: &[usize], indices: &Wire) -> Wire {
        let table = self.cached(format!("table {tensor}"), |builder| builder.stored(tensor, shape, shape));
        let rows = self.gather(&table, indices);
        self.in_single_precision(rows)
    }

    /// A weight as memory holds it.
    fn stored(&mut self, tensor: &str, stored: &[usize], shape: &[usize]) -> Wire {
        let found = match self.weights.needed(tensor, stored) {
            Ok(found) => found.element,
            Err(fault) => {
                self.fault.get_or_insert(fault);
                ElementType::F32
            }
        };
        // ONNX Runtime casts when the weight is used, and memory holds it as it was stored.
        let element = if self.onnx_runtime { found } else { ElementType::F32 };
        self.initializer(tensor, element, shape, Form::Numbers)
    }

    fn initializer(&mut self, tensor: &str, element: ElementType, shape: &[usize], form: Form) -> Wire {
        let name = self.fresh(tensor);
        self.graph.initializers.push(Initializer {
            name: name.clone(),
            element,
            shape: shape.into(),
            tensor: tensor.into(),
            form,
        });
        Wire { name, shape: shape.into(), element }
    }

    /// The weight of a linear layer in few bits, `[height, blocks, bytes]`, and the scales of its blocks.
    pub(crate) fn few_bits(&mut self, tensor: &str, height: usize, width: usize, bits: Bits) -> (Wire, Wire) {
        if let Err(fault) = self.weights.needed(tensor, &[height, width]) {
            self.fault.get_or_insert(fault);
        }
        if !self.onnx_runtime {
            let network = self.graph.name.clone();
            let detail =
                format!("weights in {} bits need ONNX Runtime; tract has no operator for them", bits.count());
            self.fault.get_or_insert(Error::Network { network, detail, kind: ErrorKind::Unsupported });
        }
        let blocks = width.div_ceil(BLOCK);
        let shape = [height, blocks, bits.block_bytes()];
        let levels = self.initializer(tensor, ElementType::U8, &shape, Form::Levels(bits));
        let scales = self.initializer(tensor, ElementType::F32, &[height * blocks], Form::Scales(bits));
        (levels, scales)
    }

    /// The half-precision type in which a linear layer is computed; nothing for single precision.
    pub(crate) fn half_type(&mut self, tensor: &str) -> Option<ElementType> {
        let half = self.weights.half_type(tensor).filter(|_| self.onnx_runtime);
        self.attention = self.attention.or(half);
        half
    }

    /// The half-precision type of the linear layers before an attention.
    pub(crate) fn attention_type(&self) -> Option<ElementType> {
        self.attention
    }

    /// A weight in the type in which it is stored.
    pub(crate) fn weight_as_stored(&mut self, tensor: &str, shape: &[usize]) -> Wire {
        self.cached(format!("stored {tensor}"), |builder| builder.stored(tensor, shape, shape))
    }

    /// In how many bits a linear layer of that size holds its weights; nothing for as they are stored.
    pub(crate) fn bits(&self, height: usize, width: usize) -> Option<Bits> {
        // Small ones save nothing, and short rows are mostly padding.
        self.weights.bits().filter(|_| width >= BLOCK && height * width >= SMALLEST_IN_BITS)
    }

    fn in_single_precision(&mut self, wire: Wire) -> Wire {
        match wire.element {
            ElementType::F32 => wire,
            _ => self.cast(&wire, ElementType::F32),
        }
    }

    /// Whether the graph is for ONNX Runtime, with its own operators, or for tract.
    pub(crate) fn is_onnx_runtime(&self) -> bool {
        self.onnx_runtime
    }

    /// Whether the weights hold a tensor of that name.
    pub(crate) fn has(&self, tensor: &str) -> bool {
        self.weights.tensor(tensor).is_some()
    }

    fn fresh(&mut self, stem: &str) -> String {
        self.count += 1;
        format!("{stem}.{}", self.count)
    }

    /// One operator of the standard with one output.
    pub(crate) fn op(
        &mut self,
        kind: &str,
        inputs: &[&Wire],
        attributes: Vec<AttributeProto>,
        shape: &[usize],
    ) -> Wire {
        self.operator("", kind, inputs, attributes, shape)
    }

    /// One operator of ONNX Runtime's own with one output.
    pub(crate) fn microsoft(
        &mut self,
        kind: &str,
        inputs: &[&Wire],
        attributes: Vec<AttributeProto>,
        shape: &[usize],
    ) -> Wire {
        self.operator(MICROSOFT, kind, inputs, attributes, shape)
    }

    fn operator(
        &mut self,
        domain: &str,
        kind: &str,
        inputs: &[&Wire],
        attribute: Vec<AttributeProto>,
        shape: &[usize],
    ) -> Wire {
        let name = self.fresh(kind);
        let element = inputs.first().map_or(ElementType::F32, |wire| wire.element);
        self.graph.nodes.push(NodeProto {
            op_type: kind.into(),
            domain: domain.into(),
            name: name.clone(),
            input: inputs.iter().map(|wire| wire.name.clone()).collect(),
            output: vec![name.clone()],
            attribute,
            ..NodeProto::default()
        });
        Wire { name, shape: shape.into(), element }
    }

    /// The tensor with elements of another type.
    pub(crate) fn cast(&mut self, wire: &Wire, element: ElementType) -> Wire {
        let mut made = self.op("Cast", &[wire], vec![int("to", data_type(element) as i64)], &wire.shape);
        made.element = element;
        made
    }

    /// An operator of two inputs, each stretched where it has extent 1.
    pub(crate) fn binary(&mut self, kind: &str, left: &Wire, right: &Wire) -> Wire {
        match broadcast(&left.shape, &right.shape) {
            Some(shape) => self.op(kind, &[left, right], Vec::new(), &shape),
            None => {
                self.fail(format!("{kind} of shapes {:?} and {:?}", left.shape, right.shape));
                left.clone()
            }
        }
    }

    /// An operator of one input that keeps its shape.
    pub(crate) fn unary(&mut self, kind: &str, wire: &Wire) -> Wire {
        self.op(kind, &[wire], Vec::new(), &wire.shape)
    }

    pub(crate) fn add(&mut self, left: &Wire, right: &Wire) -> Wire {
        self.binary("Add", left, right)
    }

    pub(crate) fn sub(&mut self, left: &Wire, right: &Wire) -> Wire {
        self.binary("Sub", left, right)
    }

    pub(crate) fn mul(&mut self, left: &Wire, right: &Wire) -> Wire {
        self.binary("Mul", left, right)
    }

    /// Axes in another order.
    pub(crate) fn transpose(&mut self, wire: &Wire, order: &[usize]) -> Wire {
        let shape: Vec<usize> = order.iter().map(|&axis| wire.extent(axis)).collect();
        let order = order.iter().map(|&axis| axis as i64).collect();
        self.op("Transpose", &[wire], vec![ints("perm", order)], &shape)
    }

    /// The same elements in another shape.
    pub(crate) fn reshape(&mut self, wire: &Wire, shape: &[usize]) -> Wire {
        if elements(&wire.shape) != elements(shape) {
            self.fail(format!("shape {:?} can't become {shape:?}", wire.shape));
        }
        if wire.shape == shape {
            return wire.clone();
        }
        let target = self.integers(&dims(shape));
        self.op("Reshape", &[wire, &target], Vec::new(), shape)
    }

    /// The tensor repeated along axes of extent 1.
    pub(crate) fn expand(&mut self, wire: &Wire, shape: &[usize]) -> Wire {
        if broadcast(&wire.shape, shape).as_deref() != Some(shape) {
            self.fail(format!("shape {:?} can't be stretched to {shape:?}", wire.shape));
        }
        let target = self.integers(&dims(shape));
        self.op("Expand", &[wire, &target], Vec::new(), shape)
    }

    /// Elements `start..end` of one axis.
    pub(crate) fn slice(&mut self, wire: &Wire, axis: usize, start: usize, end: usize) -> Wire {
        if start > end || end > wire.extent(axis) {
            self.fail(format!("elements {start}..{end} of axis {axis} of {:?}", wire.shape));
        }
        let mut shape = wire.shape.clone();
        if let Some(extent) = shape.get_mut(axis) {
            *extent = end.saturating_sub(start);
        }
        let starts = self.integers(&[start as i64]);
        let ends = self.integers(&[end as i64]);
        let axes = self.integers(&[axis as i64]);
        self.op("Slice", &[wire, &starts, &ends, &axes], Vec::new(), &shape)
    }

    /// Tensors one after the other along an axis.
    pub(crate) fn concat(&mut self, axis: usize, wires: &[&Wire]) -> Wire {
        let mut shape = wires.first().map(|wire| wire.shape.clone()).unwrap_or_default();
        let sum = wires.iter().map(|wire| wire.extent(axis)).fold(0, usize::saturating_add);
        for wire in wires {
            let same = |(at, (one, other)): (usize, (&usize, &usize))| at == axis || one == other;
            if wire.shape.len() != shape.len() || !wire.shape.iter().zip(&shape).enumerate().all(same) {
                self.fail(format!("shapes {:?} and {shape:?} side by side", wire.shape));
            }
        }
        if let Some(extent) = shape.get_mut(axis) {
            *extent = sum;
        }
        self.op("Concat", wires, vec![int("axis", axis as i64)], &shape)
    }

    /// Zeros before and behind each axis.
    pub(crate) fn pad(&mut self, wire: &Wire, before: &[usize], behind: &[usize]) -> Wire {
        let grown = wire.shape.iter().zip(before).zip(behind);
        let shape: Vec<usize> = grown.map(|((extent, before), behind)| extent + before + behind).collect();
        let pads: Vec<i64> = before.iter().chain(behind).map(|&extent| extent as i64).collect();
        let pads = self.integers(&pads);
        self.op("Pad", &[wire, &pads], Vec::new(), &shape)
    }

    /// Rows of a table, by number.
    pub(crate) fn gather(&mut self, table: &Wire, indices: &Wire) -> Wire {
        let rest = table.shape.get(1..).unwrap_or_default();
        let shape = [&indices.shape, rest].concat();
        self.op("Gather", &[table, indices], vec![int("axis", 0)], &shape)
    }

    /// Matrix product over the last two axes.
    pub(crate) fn matmul(&mut self, left: &Wire, right: &Wire) -> Wire {
        let (rows, inner) = (left.shape.len(), right.shape.len());
        let fits = rows >= 2 && inner >= 2 && left.extent(rows - 1) == right.extent(inner - 2);
        let batch = |wire: &Wire| wire.shape[..wire.shape.len().saturating_sub(2)].to_vec();
        match broadcast(&batch(left), &batch(right)) {
            Some(mut shape) if fits => {
                shape.extend([left.extent(rows - 2), right.extent(inner - 1)]);
                self.op("MatMul", &[left, right], Vec::new(), &shape)
            }
            _ => {
                self.fail(format!("matrix product of shapes {:?} and {:?}", left.shape, right.shape));
                left.clone()
            }
        }
    }
}

/// The shape in which two tensors meet; nothing when they can't.
fn broadcast(left: &[usize], right: &[usize]) -> Option<Vec<usize>> {
    let rank = left.len().max(right.len());
    let extent = |shape: &[usize], axis: usize| match (axis + shape.len()).checked_sub(rank) {
        Some(at) => shape.get(at).copied().unwrap_or(1),
        None => 1,
    };
    (0..rank)
        .map(|axis| match (extent(left, axis), extent(right, axis)) {
            (one, other) if one == other => Some(one),
            (1, other) => Some(other),
            (one, 1) => Some(one),
            _ => None,
        })
        .collect()
}

pub(crate) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        i: value,
        r#type: AttributeType::Int as i32,
        ..AttributeProto::default()
    }
}

pub(crate) fn ints(name: &str, ints: Vec<i64>) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        ints,
        r#type: AttributeType::Ints as i32,
        ..AttributeProto::default()
    }
}

pub(crate) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        f: value,
        r#type: AttributeType::Float as i32,
        ..AttributeProto::default()
    }
}

pub(crate) fn text(name: &str, value: &str) -> AttributeProto {
    let s = value.as_bytes().to_vec();
    AttributeProto { name: name.into(), s, r#type: AttributeType::String as i32, ..AttributeProto::default() }
}
