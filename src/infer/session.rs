use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use half::{bf16, f16};
use ort::ep::cuda::ConvAlgorithmSearch;
use ort::ep::{ArenaExtendStrategy, CUDA};
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{SessionInputValue, SessionInputs};
use ort::value::{DynValue, ValueType};

use crate::error::one_line;
use crate::initializer::Form;
use crate::tensor::elements;
use crate::value::element_type;
use crate::{
    Device, ElementType, Engine, Error, Graph, Initializer, Provider, Tensor, TensorData, TensorView, Value,
    Weights,
};

/// Weights up to this many bytes are kept a second time in the order in which the processor reads them best.
const PACKED_BYTES: u64 = 64 << 20;

/// How a session is to run.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// Where.
    pub device: Device,
    /// Threads that compute; one for each core when nothing is said. tract decides for itself.
    pub threads: Option<usize>,
    /// Most bytes of GPU memory; nothing for no bound.
    pub gpu_bytes: Option<u64>,
}

/// What is given to a session under a name.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A tensor of the caller's, which is copied.
    View(TensorView<'a>),
    /// A tensor of the engine's, which is not.
    Value(&'a Value),
}

impl<'a> From<TensorView<'a>> for Input<'a> {
    fn from(view: TensorView<'a>) -> Self {
        Self::View(view)
    }
}

impl<'a> From<&'a Value> for Input<'a> {
    fn from(value: &'a Value) -> Self {
        Self::Value(value)
    }
}

/// What a session gives, by name.
#[derive(Debug)]
pub struct Outputs {
    session: String,
    values: Vec<(String, Value)>,
}

impl Outputs {
    /// The output of that name, taken out.
    ///
    /// # Errors
    /// [`Error::Input`] when there is none.
    pub fn take(&mut self, name: &str) -> Result<Value, Error> {
        let place = self.values.iter().position(|(found, _)| found == name);
        place.map(|place| self.values.swap_remove(place).1).ok_or_else(|| Error::Input {
            session: self.session.clone(),
            input: name.into(),
            detail: "there is no output of that name".into(),
        })
    }

    /// All outputs, in the order of the graph.
    pub fn into_values(self) -> Vec<(String, Value)> {
        self.values
    }
}

/// A network that is ready to run.
#[derive(Debug)]
pub struct Session {
    name: String,
    engine: &'static str,
    provider: Provider,
    inputs: Vec<Slot>,
    inner: ort::session::Session,
}

/// What an input takes: -1 for an extent that may be any.
#[derive(Debug)]
struct Slot {
    name: String,
    element: ElementType,
    shape: Vec<i64>,
}

impl Session {
    /// A session of a graph, with its weights read into memory.
    ///
    /// # Errors
    /// [`Error::Provider`] when the device can't be had, [`Error::Graph`] when the engine refuses the graph, and what
    /// reading weights can fail with.
    pub fn open(engine: &Engine, graph: &Graph, options: &SessionOptions) -> Result<Self, Error> {
        Self::open_with(engine, graph, options, &mut Loaded::default())
    }

    /// Sessions of several graphs over the same weights, which are in memory once: the two stages of an autoencoder.
    ///
    /// tract holds them once for each session.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn open_all<const N: usize>(
        engine: &Engine,
        graphs: &[Graph; N],
        options: &SessionOptions,
    ) -> Result<[Self; N], Error> {
        let mut loaded = Loaded::default();
        let sessions = graphs
            .iter()
            .map(|graph| Self::open_with(engine, graph, options, &mut loaded))
            .collect::<Result<Vec<Self>, Error>>()?;
        sessions.try_into().map_err(|_| Error::Type { found: "sessions".into(), expected: N.to_string() })
    }

    fn open_with(
        engine: &Engine,
        graph: &Graph,
        options: &SessionOptions,
        loaded: &mut Loaded,
    ) -> Result<Self, Error> {
        let fault = |detail: &str| refused(engine, graph.name(), detail);
        Self::on_device(engine, graph.name(), options, |mut builder| {
            if !engine.is_onnx_runtime() {
                return commit(engine, graph.name(), builder, &graph.onnx_with_weights()?);
            }
            // Folding would keep a second copy of each weight that is cast.
            builder = builder
                .with_disabled_optimizers("ConstantFolding")
                .map_err(|error| fault(error.message()))?;
            if graph.weight_bytes() > PACKED_BYTES {
                builder = builder.with_prepacking(false).map_err(|error| fault(error.message()))?;
                builder = builder.with_memory_pattern(false).map_err(|error| fault(error.message()))?;
            }
            // Where the graph says that the weights lie. It is looked at and not read: all weights are given by name.
            builder = builder
                .with_config_entry(
                    "session.model_external_initializers_file_folder_path",
                    graph.weights.folder().to_string_lossy(),
                )
                .map_err(|error| fault(error.message()))?;
            for initializer in &graph.initializers {
                let value = loaded.value(engine, graph, initializer)?;
                builder = builder
                    .with_initializer(&initializer.name, value)
                    .map_err(|error| fault(error.message()))?;
            }
            commit(engine, graph.name(), builder, &graph.onnx()?)
        })
    }

    /// A session of a model file, with whatever weights it holds or names.
    ///
    /// # Errors
    /// [`Error::Provider`], [`Error::Graph`].
    pub fn open_file(engine: &Engine, path: &Path, options: &SessionOptions) -> Result<Self, Error> {
        let name = path.display().to_string();
        if !path.is_file() {
            return Err(Error::Io { path: path.to_owned(), detail: "no such file".into() });
        }
        Self::on_device(engine, &name, options, |mut builder| {
            builder.commit_from_file(path).map_err(|error| refused(engine, &name, error.message()))
        })
    }

    /// A session of a model's bytes.
    ///
    /// # Errors
    /// [`Error::Provider`], [`Error::Graph`].
    pub fn open_bytes(
        engine: &Engine,
        name: &str,
        model: &[u8],
        options: &SessionOptions,
    ) -> Result<Self, Error> {
        Self::on_device(engine, name, options, |builder| commit(engine, name, builder, model))
    }

    fn on_device(
        engine: &Engine,
        name: &str,
        options: &SessionOptions,
        mut open: impl FnMut(SessionBuilder) -> Result<ort::session::Session, Error>,
    ) -> Result<Self, Error> {
        let made = |provider, inner| Self::wrap(engine, name, provider, inner);
        let instead_of_cuda = match (options.device, engine.has_cuda()) {
            (Device::Cpu, _) | (Device::Auto, false) => None,
            (Device::Cuda, false) => {
                let detail = match engine.is_onnx_runtime() {
                    true => {
                        format!("{} is built without CUDA; the package onnxruntime-gpu has it", engine.name())
                    }
                    false => "tract has no CUDA: name a GPU build of ONNX Runtime".into(),
                };
                return Err(Error::Provider { device: "CUDA", detail });
            }
            (device, true) => match with_cuda(builder(engine, name, options)?, options) {
                Ok(builder) => return made(Provider::Cuda { gpu: 0 }, open(builder)?),
                Err(detail) if device == Device::Cuda => {
                    return Err(Error::Provider { device: "CUDA", detail });
                }
                Err(detail) => Some(detail),
            },
        };
        made(Provider::Cpu { instead_of_cuda }, open(builder(engine, name, options)?)?)
    }

    fn wrap(
        engine: &Engine,
        name: &str,
        provider: Provider,
        inner: ort::session::Session,
    ) -> Result<Self, Error> {
        let slot = |outlet: &ort::value::Outlet| match outlet.dtype() {
            ValueType::Tensor { ty, shape, .. } => {
                let element = element_type(*ty)?;
                Ok(Slot { name: outlet.name().to_owned(), element, shape: shape.to_vec() })
            }
            other => Err(Error::Type { found: other.to_string(), expected: "a tensor".into() }),
        };
        let inputs = inner.inputs().iter().map(slot).collect::<Result<_, Error>>()?;
        Ok(Self { name: name.to_owned(), engine: engine.short_name(), provider, inputs, inner })
    }

    /// What runs it.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Names of the inputs.
    pub fn input_names(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().map(|slot| slot.name.as_str())
    }

    /// All outputs for these inputs.
    ///
    /// # Errors
    /// [`Error::Input`] for one that is missing, unknown, or of another shape or type; [`Error::Run`].
    pub fn run(&mut self, inputs: &[(&str, Input<'_>)]) -> Result<Outputs, Error> {
        self.check(inputs)?;
        // In the graph's own order: tract prepares itself anew for each order it sees.
        let mut given: Vec<(std::borrow::Cow<'_, str>, SessionInputValue<'_>)> =
            Vec::with_capacity(inputs.len());
        for slot in &self.inputs {
            let Some((_, input)) = inputs.iter().find(|(name, _)| *name == slot.name) else { continue };
            let value = match input {
                Input::View(view) => Value::copy(*view)?.inner.into(),
                Input::Value(value) => (&value.inner).into(),
            };
            given.push((slot.name.clone().into(), value));
        }
        let failed = |detail: &str| Error::Run {
            session: self.name.clone(),
            engine: self.engine.into(),
            detail: one_line(detail),
        };
        let outputs =
            self.inner.run(SessionInputs::<0>::from(given)).map_err(|error| failed(error.message()))?;
        let values = outputs.into_iter().map(|(name, inner)| (name.to_owned(), Value { inner })).collect();
        Ok(Outputs { session: self.name.clone(), values })
    }

    fn check(&self, inputs: &[(&str, Input<'_>)]) -> Result<(), Error> {
        let wrong = |input: &str, detail: String| Error::Input {
            session: self.name.clone(),
            input: input.into(),
            detail,
        };
        for slot in &self.inputs {
            if !inputs.iter().any(|(name, _)| *name == slot.name) {
                return Err(wrong(&slot.name, "is missing".into()));
            }
        }
        for (name, input) in inputs {
            let slot = self.inputs.iter().find(|slot| slot.name == *name);
            let slot = slot.ok_or_else(|| wrong(name, "is not one of this network's".into()))?;
            let (shape, element) = match input {
                Input::View(view) => (view.shape().to_vec(), view.element_type()),
                Input::Value(value) => value.form()?,
            };
            let fits = |(&extent, &wanted): (&usize, &i64)| wanted < 0 || extent as i64 == wanted;
            if shape.len() != slot.shape.len() || !shape.iter().zip(&slot.shape).all(fits) {
                return Err(wrong(name, format!("has shape {shape:?} where {:?} is taken", slot.shape)));
            }
            if element != slot.element {
                return Err(wrong(name, format!("is of {element} where {} is taken", slot.element)));
            }
        }
        Ok(())
    }
}

fn refused(engine: &Engine, session: &str, detail: &str) -> Error {
    Error::Graph { session: session.into(), engine: engine.short_name().into(), detail: one_line(detail) }
}

fn commit(
    engine: &Engine,
    name: &str,
    mut builder: SessionBuilder,
    model: &[u8],
) -> Result<ort::session::Session, Error> {
    builder.commit_from_memory(model).map_err(|error| refused(engine, name, error.message()))
}

fn builder(engine: &Engine, name: &str, options: &SessionOptions) -> Result<SessionBuilder, Error> {
    let fault = |detail: &str| refused(engine, name, detail);
    let mut builder =
        ort::session::Session::builder(engine.environment()).map_err(|error| fault(error.message()))?;
    builder = builder
        .with_optimization_level(GraphOptimizationLevel::Level3)
        .map_err(|error| fault(error.message()))?;
    if let Some(threads) = options.threads {
        builder = builder.with_intra_threads(threads).map_err(|error| fault(error.message()))?;
    }
    if engine.is_onnx_runtime() {
        // Threads that wait for work would take the cores from the decoder and encoder beside them.
        builder = builder.with_intra_op_spinning(false).map_err(|error| fault(error.message()))?;
    }
    Ok(builder)
}

/// The builder with CUDA first, or why it can't be.
fn with_cuda(builder: SessionBuilder, options: &SessionOptions) -> Result<SessionBuilder, String> {
    let mut cuda = CUDA::default()
        .with_device_id(0)
        .with_arena_extend_strategy(ArenaExtendStrategy::SameAsRequested)
        .with_conv_algorithm_search(ConvAlgorithmSearch::Heuristic)
        .with_conv_max_workspace(false);
    if let Some(bytes) = options.gpu_bytes {
        cuda = cuda.with_memory_limit(usize::try_from(bytes).unwrap_or(usize::MAX));
    }
    builder
        .with_execution_providers([cuda.build().error_on_failure()])
        .map_err(|error| one_line(error.message()))
}

/// Weights in memory, by tensor and the form they have there.
#[derive(Default)]
struct Loaded(HashMap<(String, Vec<usize>, ElementType, Form), Arc<DynValue>>);

impl Loaded {
    fn value(
        &mut self,
        engine: &Engine,
        graph: &Graph,
        initializer: &Initializer,
    ) -> Result<Arc<DynValue>, Error> {
        let key =
            (initializer.tensor.clone(), initializer.shape.clone(), initializer.element, initializer.form);
        if let Some(value) = self.0.get(&key) {
            return Ok(value.clone());
        }
        let value = Arc::new(materialise(engine, graph, initializer)?);
        self.0.insert(key, value.clone());
        Ok(value)
    }
}

/// One weight in memory; the engine uses it where it lies.
fn materialise(engine: &Engine, graph: &Graph, initializer: &Initializer) -> Result<DynValue, Error> {
    let count = elements(&initializer.shape).unwrap_or(0);
    let weights: &Weights = &graph.weights;
    macro_rules! filled {
        ($kind:ident, $zero:expr) => {{
            let mut data = vec![$zero; count];
            initializer.fill(weights, bytemuck::cast_slice_mut(&mut data))?;
            TensorData::$kind(data)
        }};
    }
    let data = match initializer.element {
        ElementType::F32 => filled!(F32, 0f32),
        ElementType::F16 => filled!(F16, f16::ZERO),
        ElementType::Bf16 => filled!(Bf16, bf16::ZERO),
        ElementType::I64 => filled!(I64, 0i64),
        ElementType::I32 => filled!(I32, 0i32),
        ElementType::U8 => filled!(U8, 0u8),
        ElementType::Bool => return Err(refused(engine, graph.name(), "truth values are no weights")),
    };
    Ok(Value::new(Tensor::new(initializer.shape.clone(), data)?)?.inner)
}
