use prost::Message;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, tensor_shape_proto, type_proto,
};

use crate::{ElementType, Error, Initializer, Weights};

/// Version of the ONNX operators; ONNX Runtime 1.24 and tract 0.23 know it.
const OPSET: i64 = 23;

/// Version of the ONNX file form.
const IR_VERSION: i64 = 10;

/// The operators that ONNX Runtime adds.
pub(crate) const MICROSOFT: &str = "com.microsoft";

/// Most bytes of the graph itself, weights apart.
const MOST_BYTES: usize = 3 << 20;

/// One input or output of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// What the elements are.
    pub element: ElementType,
    /// Extent of each axis, slowest first.
    pub shape: Vec<usize>,
}

/// An ONNX graph over weights that lie elsewhere; for fixed shapes, and for the engine it was made for.
#[derive(Debug, Clone)]
pub struct Graph {
    pub(crate) name: String,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    /// Operators that bring weights to single precision; they stand before all others.
    pub(crate) casts: Vec<NodeProto>,
    pub(crate) nodes: Vec<NodeProto>,
    /// Small tensors that are part of the graph.
    pub(crate) constants: Vec<TensorProto>,
    /// Large ones that are read from the weights when a session opens.
    pub(crate) initializers: Vec<Initializer>,
    pub(crate) weights: Weights,
}

impl Graph {
    /// Its name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it takes.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// What it gives.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Bytes that its weights take in memory.
    pub fn weight_bytes(&self) -> u64 {
        self.initializers.iter().map(Initializer::bytes).fold(0, u64::saturating_add)
    }

    /// The graph as an ONNX file whose weights are named and not contained.
    ///
    /// # Errors
    /// [`Error::Network`] when it is larger than 3 MB.
    pub fn onnx(&self) -> Result<Vec<u8>, Error> {
        let bytes = self
            .model(self.initializers.iter().map(|initializer| self.external(initializer)).collect())
            .encode_to_vec();
        if bytes.len() > MOST_BYTES {
            return Err(Error::Network {
                network: self.name.clone(),
                detail: format!("a graph of {} bytes; at most {MOST_BYTES} are built", bytes.len()),
                kind: filigrane_frame::ErrorKind::Limit,
            });
        }
        Ok(bytes)
    }

    /// The graph as an ONNX file that contains its weights; twice their size is in memory meanwhile.
    pub(crate) fn onnx_with_weights(&self) -> Result<Vec<u8>, Error> {
        let mut tensors = Vec::with_capacity(self.initializers.len());
        for initializer in &self.initializers {
            let mut raw_data = vec![0; initializer.bytes() as usize];
            initializer.fill(&self.weights, &mut raw_data)?;
            tensors.push(TensorProto { raw_data, ..declaration(initializer) });
        }
        Ok(self.model(tensors).encode_to_vec())
    }

    /// The place of a tensor in the user's own file.
    fn external(&self, initializer: &Initializer) -> TensorProto {
        let entry = |key: &str, value: String| StringStringEntryProto { key: key.into(), value };
        let (file, offset) = self.weights.location(&initializer.tensor).unwrap_or_default();
        TensorProto {
            data_location: Some(DataLocation::External as i32),
            external_data: vec![
                entry("location", file),
                entry("offset", offset.to_string()),
                entry("length", initializer.bytes().to_string()),
            ],
            ..declaration(initializer)
        }
    }

    fn model(&self, tensors: Vec<TensorProto>) -> ModelProto {
        let graph = GraphProto {
            name: self.name.clone(),
            node: self.casts.iter().chain(&self.nodes).cloned().collect(),
            initializer: self.constants.iter().cloned().chain(tensors).collect(),
            input: self.inputs.iter().map(value_info).collect(),
            output: self.outputs.iter().map(value_info).collect(),
            ..GraphProto::default()
        };
        let opset = |domain: &str, version| OperatorSetIdProto { domain: domain.into(), version };
        ModelProto {
            ir_version: IR_VERSION,
            producer_name: "filigrane".into(),
            opset_import: vec![opset("", OPSET), opset(MICROSOFT, 1)],
            graph: Some(graph),
            ..ModelProto::default()
        }
    }
}

fn declaration(initializer: &Initializer) -> TensorProto {
    TensorProto {
        name: initializer.name.clone(),
        dims: dims(&initializer.shape),
        data_type: data_type(initializer.element) as i32,
        ..TensorProto::default()
    }
}

pub(crate) fn dims(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|&extent| extent as i64).collect()
}

pub(crate) fn data_type(element: ElementType) -> DataType {
    match element {
        ElementType::F32 => DataType::Float,
        ElementType::F16 => DataType::Float16,
        ElementType::Bf16 => DataType::Bfloat16,
        ElementType::I64 => DataType::Int64,
        ElementType::I32 => DataType::Int32,
        ElementType::U8 => DataType::Uint8,
        ElementType::Bool => DataType::Bool,
    }
}

fn value_info(port: &Port) -> ValueInfoProto {
    let dimension = |&extent: &usize| tensor_shape_proto::Dimension {
        value: Some(tensor_shape_proto::dimension::Value::DimValue(extent as i64)),
        ..tensor_shape_proto::Dimension::default()
    };
    let tensor = type_proto::Tensor {
        elem_type: data_type(port.element) as i32,
        shape: Some(TensorShapeProto { dim: port.shape.iter().map(dimension).collect() }),
    };
    ValueInfoProto {
        name: port.name.clone(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}
