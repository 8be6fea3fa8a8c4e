"""Makes states of the training out of a shipped model, so that it goes on where the states themselves are lost. The
optimisers start anew; the text encoder is `reader.py`'s again."""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file

from autoencoder import PICTURES
from denoiser import Both


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, help="where the training keeps its states")
    options.add_argument("model", type=Path, help="the shipped folder")
    chosen = options.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.float() for name, value in load_file(chosen.model / "vae/diffusion_pytorch_model.safetensors").items()}
    torch.save({"model": weights, "average": weights, "step": 0, "seconds": PICTURES}, chosen.folder / "autoencoder.pt")
    both = Both.reading(chosen.folder)
    both.flow.load_state_dict({name: value.float() for name, value in load_file(chosen.model / "transformer/diffusion_pytorch_model.safetensors").items()})
    held = both.state_dict()
    torch.save({"model": held, "average": held, "step": 0, "seconds": 0.0}, chosen.folder / "denoiser.pt")


if __name__ == "__main__":
    main()
