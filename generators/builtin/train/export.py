"""Writes what was trained as a folder in the layout of diffusers, in half precision: the model that the program embeds."""

import argparse
import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from clips import trained_autoencoder
from denoiser import Both
from network import TEXT_WIDTH, new_text_encoder
from vocabulary import LENGTH, SPECIALS, entries, tokenizer_json

SCHEDULER = {
    "_class_name": "UniPCMultistepScheduler",
    "num_train_timesteps": 1000,
    "prediction_type": "flow_prediction",
    "use_flow_sigmas": True,
    "flow_shift": 2.0,
    "solver_order": 2,
    "solver_type": "bh2",
    "predict_x0": True,
    "lower_order_final": True,
    "final_sigmas_type": "zero",
    "thresholding": False,
    "disable_corrector": [],
    "solver_p": None,
    "timestep_spacing": "linspace",
    "steps_offset": 0,
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "trained_betas": None,
    "use_karras_sigmas": False,
    "use_exponential_sigmas": False,
    "use_beta_sigmas": False,
    "rescale_betas_zero_snr": False,
    "dynamic_thresholding_ratio": 0.995,
    "sample_max_value": 1.0,
}
INDEX = {
    "_class_name": "WanPipeline",
    "_diffusers_version": "0.42.1",
    "boundary_ratio": None,
    "expand_timesteps": True,
    "scheduler": ["diffusers", "UniPCMultistepScheduler"],
    "text_encoder": ["transformers", "UMT5EncoderModel"],
    "tokenizer": ["transformers", "TokenizersBackend"],
    "transformer": ["diffusers", "WanTransformer3DModel"],
    "transformer_2": [None, None],
    "vae": ["diffusers", "AutoencoderKLWan"],
}
DEFAULTS = {"width": 64, "height": 64, "frames": 33, "steps": 20, "guidance": 3.0, "frame_rate": 8.0, "text_tokens": LENGTH}
TOKENIZER = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_max_length": LENGTH,
    "pad_token": SPECIALS[0],
    "eos_token": SPECIALS[1],
    "unk_token": SPECIALS[2],
}


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def halved(weights):
    return {name: value.half().contiguous() for name, value in weights.items()}


def text_weights(trained):
    """The trained encoder with a row of the embedding for every word and synonym."""
    listed = sorted(entries().values())
    rows = torch.tensor([row for _, row in listed])
    weights = dict(trained)
    for name in ("shared.weight", "encoder.embed_tokens.weight"):
        if name in weights:
            weights[name] = weights[name][rows]
    weights.pop("encoder.embed_tokens.weight", None)
    return weights


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, help="where the training keeps its states")
    options.add_argument("model", type=Path, help="the folder to write")
    chosen = options.parse_args()
    state = torch.load(chosen.folder / "denoiser.pt", weights_only=True)
    held = torch.load(chosen.folder / "clips.pt", weights_only=True)[:1000].float()
    mean, std = held.mean(dim=(0, 2, 3, 4)), held.std(dim=(0, 2, 3, 4))
    vae = trained_autoencoder(chosen.folder / "autoencoder.pt", mean=mean.tolist(), std=std.tolist())
    both = Both()
    both.load_state_dict(state["average"])
    out = chosen.model
    write_json(out / "model_index.json", INDEX)
    write_json(out / "filigrane.json", DEFAULTS)
    write_json(out / "scheduler/scheduler_config.json", SCHEDULER)
    write_json(out / "tokenizer/tokenizer.json", tokenizer_json())
    write_json(out / "tokenizer/tokenizer_config.json", TOKENIZER)
    words = new_text_encoder(len(entries()))
    for name, part, weights, file in (
        ("text_encoder", words, text_weights(both.text.state_dict()), "model"),
        ("transformer", both.flow, both.flow.state_dict(), "diffusion_pytorch_model"),
        ("vae", vae, vae.state_dict(), "diffusion_pytorch_model"),
    ):
        config = part.config.to_dict() if name == "text_encoder" else dict(part.config)
        if name == "text_encoder":
            config["architectures"] = ["UMT5EncoderModel"]
        else:
            config["_class_name"] = type(part).__name__
        config.pop("_name_or_path", None)
        write_json(out / name / "config.json", config)
        save_file(halved(weights), out / name / f"{file}.safetensors", metadata={"format": "pt"})
    assert words.config.d_model == TEXT_WIDTH
    lines = ""
    for path in sorted(out.rglob("*.safetensors"), key=lambda path: str(path.relative_to(out))):
        lines += f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(out)}\n"
    size = sum(path.stat().st_size for path in out.rglob("*.safetensors"))
    print(f"step {state['step']}, {state['seconds']:.0f} s of one core, {size / 1e6:.2f} MB, sha256 {hashlib.sha256(lines.encode()).hexdigest()}")


if __name__ == "__main__":
    main()
