use std::fmt;
use std::str::FromStr;

/// Where the user wants networks to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// CUDA when the library and the machine have it, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// CUDA, or not at all.
    Cuda,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        })
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            _ => Err(format!("{text:?} is no device: auto, cpu or cuda")),
        }
    }
}

/// What really runs a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// The CPU; with the reason when CUDA was possible to ask for and did not start.
    Cpu {
        /// Why it is not CUDA, where that was tried.
        instead_of_cuda: Option<String>,
    },
    /// An NVIDIA GPU, by number.
    Cuda {
        /// The GPU.
        gpu: i32,
    },
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu { instead_of_cuda: None } => f.write_str("CPU"),
            Self::Cpu { instead_of_cuda: Some(reason) } => write!(f, "CPU (CUDA did not start: {reason})"),
            Self::Cuda { gpu } => write!(f, "CUDA, GPU {gpu}"),
        }
    }
}
