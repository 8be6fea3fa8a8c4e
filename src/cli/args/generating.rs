use std::path::PathBuf;

use clap::{Args, Subcommand};
use filigrane::generate::{Adapter, Size};
use filigrane::infer::{Bits, Device};
use filigrane::media::VideoCodec;
use filigrane::provenance::{Disclosure, Training};
use uuid::Uuid;

#[derive(Args)]
pub struct Generate {
    /// What the clip shall show
    pub prompt: String,
    /// Where the clip goes: .mp4, .m4v, .mov, .avi, or .mkv and .webm with the manifest beside it
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// The embedded model, which draws animated pictograms, or a folder in the layout of diffusers (Wan 2.1, Wan 2.2,
    /// LTX-Video)
    #[arg(long, value_name = "builtin|DIR", default_value = "builtin")]
    pub model: PathBuf,
    /// Which of all clips of this prompt [default: 0]; the same seed gives the same clip on the same machine
    #[arg(long)]
    pub seed: Option<u64>,
    /// Number of pictures [default: the model's own]
    #[arg(long)]
    pub frames: Option<u32>,
    /// Size of the clip [default: the model's own]
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub size: Option<Size>,
    /// Steps from noise to pictures: more are slower and better [default: the model's own]
    #[arg(long)]
    pub steps: Option<u32>,
    /// How strongly the prompt is followed; 1 is without guidance, in half the time [default: the model's own]
    #[arg(long)]
    pub guidance: Option<f64>,
    /// What the clip shall not show
    #[arg(long, value_name = "PROMPT")]
    pub negative: Option<String>,
    /// Pictures a second [default: the model's own]
    #[arg(long)]
    pub fps: Option<f64>,
    /// The picture it begins with, PNG or JPEG, for models that take one; its own credentials are kept
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// Where the networks run: auto, cpu or cuda
    #[arg(long, default_value = "auto")]
    pub device: Device,
    /// Threads that compute [default: the engine's own choice]
    #[arg(long)]
    pub threads: Option<usize>,
    /// Hold the linear layers of text encoder and transformer in 8 or 4 bits: less memory, a little less exact
    #[arg(long, value_parser = bits)]
    pub bits: Option<Bits>,
    /// A LoRA file (.safetensors) to merge into the transformer, with its strength after a last colon [default strength: 1];
    /// may be repeated
    #[arg(long, value_name = "FILE[:STRENGTH]", value_parser = adapter)]
    pub lora: Vec<Adapter>,
    /// Decode pictures in tiles of so many pixels a side, which takes less memory
    #[arg(long, value_name = "PIXELS")]
    pub tile: Option<u32>,
    /// The library of ONNX Runtime to use [default: that which FILIGRANE_ONNXRUNTIME names, or libonnxruntime in the folder
    /// `lib` of the program's data, beside the program or in the system's folders; else the engine inside the program]
    #[arg(long, value_name = "FILE")]
    pub runtime: Option<PathBuf>,
    /// Put the words of the prompt into the manifest; without, only their digest is there
    #[arg(long)]
    pub prompt_in_manifest: bool,
    /// Who signs [default: the identity "default", made on first use]
    #[arg(long, value_name = "NAME")]
    pub identity: Option<String>,
    /// Time-stamping authority to ask, http://… or https://… [default: the identity's own, if it has one]
    #[arg(long, value_name = "URL")]
    pub timestamp: Option<String>,
    /// Whether machines may learn from the clip: allow, deny or constrained
    #[arg(long)]
    pub training: Option<Training>,
    /// The terms of `--training constrained`: words or an address
    #[arg(long, value_name = "TEXT", requires = "training")]
    pub terms: Option<String>,
    /// Disclosures: eu, california, china, or none
    #[arg(long, value_delimiter = ',', default_value = "eu,california", value_name = "PROFILES")]
    pub disclose: Vec<Disclosure>,
    /// Folder or URL of the registry to publish in [default: the one in the program's own data]
    #[arg(long, value_name = "REGISTRY")]
    pub registry: Option<String>,
    /// UUID of the manifest (version 4) [default: a random one]
    #[arg(long, value_name = "UUID")]
    pub id: Option<Uuid>,
    /// Strength of the watermark, 0.5 to 2 [default: 1]
    #[arg(long, allow_negative_numbers = true)]
    pub strength: Option<f32>,
    /// Mark with a key of your own: a file with 64 hexadecimal digits. Only who has it can find the mark
    #[arg(long, value_name = "FILE")]
    pub watermark_key: Option<PathBuf>,
    /// Video codec: h264, hevc, vp9, av1 or ffv1 [default: h264; vp9 for .webm]
    #[arg(long)]
    pub codec: Option<VideoCodec>,
    /// Quality of the encoding, lower is better [default: by codec, hardly visible loss]
    #[arg(long, allow_negative_numbers = true)]
    pub crf: Option<u32>,
    /// Speed preset of the encoder
    #[arg(long)]
    pub preset: Option<String>,
    /// Replace an existing output
    #[arg(long)]
    pub force: bool,
    /// Refused, with the reason: there is no unmarked output
    #[arg(long, hide = true)]
    pub no_watermark: bool,
    /// Refused, with the reason
    #[arg(long, hide = true)]
    pub no_credentials: bool,
}

/// `WIDTHxHEIGHT`.
fn size(text: &str) -> Result<Size, String> {
    let sides = text
        .split_once(['x', 'X'])
        .and_then(|(width, height)| Some(Size { width: width.parse().ok()?, height: height.parse().ok()? }));
    sides.filter(|size| size.width > 0 && size.height > 0).ok_or_else(|| "write it as 832x480".to_owned())
}

/// 8 or 4.
fn bits(text: &str) -> Result<Bits, String> {
    match text {
        "8" => Ok(Bits::Eight),
        "4" => Ok(Bits::Four),
        _ => Err("use 8 or 4".to_owned()),
    }
}

/// `FILE` or `FILE:STRENGTH`.
fn adapter(text: &str) -> Result<Adapter, String> {
    let told = text.rsplit_once(':').and_then(|(path, strength)| Some((path, strength.parse::<f32>().ok()?)));
    let (path, strength) = told.unwrap_or((text, 1.0));
    if !strength.is_finite() || path.is_empty() {
        return Err("write it as FILE or FILE:0.8".to_owned());
    }
    Ok(Adapter { path: path.into(), strength, low_noise: None })
}

#[derive(Subcommand)]
pub enum ModelsVerb {
    /// The embedded model, and which folders in a folder hold models, supported or why not
    List {
        /// A folder of model folders [default: `models` in the program's own data]
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// What a model is, what it can do, and what memory it needs on this machine
    Show {
        /// `builtin` or a folder in the layout of diffusers
        #[arg(value_name = "builtin|DIR")]
        model: PathBuf,
    },
    /// The same with all files read: the digest of each and of all weights
    Check {
        /// `builtin` or a folder in the layout of diffusers
        #[arg(value_name = "builtin|DIR")]
        model: PathBuf,
    },
}
