use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::ep::ExecutionProvider;

use crate::Error;
use crate::error::one_line;

/// Where to look for an engine.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// A library that must be used: when it can't be, that is an error.
    pub required: Option<PathBuf>,
    /// Libraries to try in turn; those that are not there are passed over.
    pub libraries: Vec<PathBuf>,
}

/// Which engine runs networks in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineKind {
    /// ONNX Runtime, by the library that was loaded.
    OnnxRuntime {
        /// The library.
        library: PathBuf,
    },
    /// tract, which is pure Rust and part of this program.
    Tract,
}

/// What runs networks; one for a process.
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: EngineKind,
    environment: Environment,
    passed_over: Vec<String>,
}

static CHOSEN: Mutex<Option<Engine>> = Mutex::new(None);

impl Engine {
    /// The engine of this process: chosen by the first call, and the same for every later one, whatever it asks for.
    ///
    /// The libraries are tried in turn; when none of them is ONNX Runtime 1.24 or newer, it is tract.
    ///
    /// # Errors
    /// [`Error::Library`] when the required one can't be loaded.
    pub fn start(options: &EngineOptions) -> Result<Self, Error> {
        let mut chosen = CHOSEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = chosen.as_ref() {
            return Ok(engine.clone());
        }
        let inner = Arc::new(choose(options)?);
        Ok(chosen.insert(Self { inner }).clone())
    }

    /// Which one it is.
    pub fn kind(&self) -> &EngineKind {
        &self.inner.kind
    }

    /// Its name and, for a library, where it lies; for the log.
    pub fn name(&self) -> String {
        match &self.inner.kind {
            EngineKind::OnnxRuntime { library } => format!("ONNX Runtime ({})", library.display()),
            EngineKind::Tract => "tract (pure Rust)".into(),
        }
    }

    /// Its name without a path; for errors.
    pub(crate) fn short_name(&self) -> &'static str {
        match self.inner.kind {
            EngineKind::OnnxRuntime { .. } => "ONNX Runtime",
            EngineKind::Tract => "tract",
        }
    }

    /// Libraries that were there and could not be used, each with the reason.
    pub fn passed_over(&self) -> &[String] {
        &self.inner.passed_over
    }

    /// Whether it knows the CUDA provider; whether a GPU is there shows when a session opens.
    pub fn has_cuda(&self) -> bool {
        self.is_onnx_runtime() && ort::ep::CUDA::is_available().unwrap_or(false)
    }

    pub(crate) fn is_onnx_runtime(&self) -> bool {
        matches!(self.inner.kind, EngineKind::OnnxRuntime { .. })
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.inner.environment
    }
}

fn choose(options: &EngineOptions) -> Result<Inner, Error> {
    if let Some(path) = &options.required {
        let environment = load(path)?;
        let kind = EngineKind::OnnxRuntime { library: path.clone() };
        return Ok(Inner { kind, environment, passed_over: Vec::new() });
    }
    let mut passed_over = Vec::new();
    for path in options.libraries.iter().filter(|path| path.is_file()) {
        match load(path) {
            Ok(environment) => {
                let kind = EngineKind::OnnxRuntime { library: path.clone() };
                return Ok(Inner { kind, environment, passed_over });
            }
            Err(error) => passed_over.push(error.to_string()),
        }
    }
    ort::set_api(ort_tract::api());
    let environment = ort::init().with_telemetry(false).build().map_err(|error| Error::Library {
        path: PathBuf::from("tract"),
        detail: one_line(error.message()),
    })?;
    Ok(Inner { kind: EngineKind::Tract, environment, passed_over })
}

fn load(path: &Path) -> Result<Environment, Error> {
    let refused = |detail: String| Error::Library { path: path.to_owned(), detail };
    // The loader would search elsewhere for a relative path.
    let path = path.canonicalize().map_err(|error| refused(error.to_string()))?;
    let builder = ort::init_from(&path).map_err(|error| refused(one_line(&error.to_string())))?;
    let environment = builder.with_telemetry(false).build();
    let environment = environment.map_err(|error| refused(one_line(error.message())))?;
    environment.set_log_level(ort::logging::LogLevel::Error);
    Ok(environment)
}
