use serde::{Deserialize, Serialize};

/// How far the process that read the file was kept from everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JailLevel {
    /// By all means there are: bounds on memory and time, no files, no network, few system calls.
    Whole,
    /// By some of them: this system lacks the others.
    Partial,
    /// It was the program itself.
    #[default]
    Off,
}

/// The jail in which the file was read. An addition to the contract.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Jail {
    /// How far it was closed.
    pub level: JailLevel,
    /// What this system lacks of it: `limits`, `landlock`, `seccomp`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
}
