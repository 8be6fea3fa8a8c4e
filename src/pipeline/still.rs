use serde::{Deserialize, Serialize};

/// One picture of the video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Still {
    /// Presentation time, seconds.
    pub time: f64,
    /// JPEG file.
    #[serde(with = "serde_bytes")]
    pub jpeg: Vec<u8>,
}
