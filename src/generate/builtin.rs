use std::fs;
use std::path::Path;

use crate::Error;

/// The model inside the program: a folder in the layout of diffusers, file by file.
const FILES: [(&str, &[u8]); 12] = [
    ("model_index.json", include_bytes!("../../generators/builtin/model/model_index.json")),
    ("filigrane.json", include_bytes!("../../generators/builtin/model/filigrane.json")),
    ("card.toml", include_bytes!("../../generators/builtin/model/card.toml")),
    (
        "scheduler/scheduler_config.json",
        include_bytes!("../../generators/builtin/model/scheduler/scheduler_config.json"),
    ),
    ("tokenizer/tokenizer.json", include_bytes!("../../generators/builtin/model/tokenizer/tokenizer.json")),
    (
        "tokenizer/tokenizer_config.json",
        include_bytes!("../../generators/builtin/model/tokenizer/tokenizer_config.json"),
    ),
    ("text_encoder/config.json", include_bytes!("../../generators/builtin/model/text_encoder/config.json")),
    (
        "text_encoder/model.safetensors",
        include_bytes!("../../generators/builtin/model/text_encoder/model.safetensors"),
    ),
    ("transformer/config.json", include_bytes!("../../generators/builtin/model/transformer/config.json")),
    (
        "transformer/diffusion_pytorch_model.safetensors",
        include_bytes!("../../generators/builtin/model/transformer/diffusion_pytorch_model.safetensors"),
    ),
    ("vae/config.json", include_bytes!("../../generators/builtin/model/vae/config.json")),
    (
        "vae/diffusion_pytorch_model.safetensors",
        include_bytes!("../../generators/builtin/model/vae/diffusion_pytorch_model.safetensors"),
    ),
];

/// Lays the model inside the program out in an empty folder, where it is opened like any other.
///
/// # Errors
/// [`Error::Io`] when the folder can't be written.
pub fn unpack_builtin(folder: &Path) -> Result<(), Error> {
    for (name, bytes) in FILES {
        let path = folder.join(name);
        let unwritten = |source| Error::Write { path: path.display().to_string(), source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(unwritten)?;
        }
        fs::write(&path, bytes).map_err(unwritten)?;
    }
    Ok(())
}
