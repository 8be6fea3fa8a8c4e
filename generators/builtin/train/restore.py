"""Makes states of the training out of a shipped model, so that it goes on where the states themselves are lost. The
optimisers start anew."""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file

from autoencoder import PICTURES
from denoiser import Both
from network import new_text_encoder
from vocabulary import entries


def floats(file):
    return {name: value.float() for name, value in load_file(file).items()}


def text_weights(shipped):
    """The shipped encoder with one row of the embedding for each word and its synonyms again, as `reader.py` leaves it."""
    trained = new_text_encoder().state_dict()
    rows = torch.tensor([row for _, row in sorted(entries().values())])
    embedding = trained["shared.weight"].clone()
    embedding[rows] = shipped["shared.weight"]
    weights = shipped | {"shared.weight": embedding}
    # transformers lists the tied embedding twice.
    return {name: weights.get(name, embedding) for name in trained}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, help="where the training keeps its states")
    options.add_argument("model", type=Path, help="the shipped folder")
    chosen = options.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    weights = floats(chosen.model / "vae/diffusion_pytorch_model.safetensors")
    torch.save({"model": weights, "average": weights, "step": 0, "seconds": PICTURES}, chosen.folder / "autoencoder.pt")
    text = text_weights(floats(chosen.model / "text_encoder/model.safetensors"))
    torch.save({"average": {f"text.{name}": value for name, value in text.items()}}, chosen.folder / "reader.pt")
    both = Both.reading(chosen.folder)
    both.flow.load_state_dict(floats(chosen.model / "transformer/diffusion_pytorch_model.safetensors"))
    held = both.state_dict()
    torch.save({"model": held, "average": held, "step": 0, "seconds": 0.0}, chosen.folder / "denoiser.pt")


if __name__ == "__main__":
    main()
