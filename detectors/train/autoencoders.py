"""The tiny autoencoders of well-known generators (the TAESD family by madebyollin, MIT), which redraw camera footage.

Reconstructions are training fakes whose content is exactly that of a camera clip (Corvi et al., NeurIPS 2025; Rajan et al., ICLR 2025).
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from precision import half


def conv(tensors, name, stride=1):
    weight, bias = tensors[f"{name}.weight"], tensors.get(f"{name}.bias")
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], stride, weight.shape[2] // 2, bias=bias is not None)
    layer.weight.data = weight.float()
    if bias is not None:
        layer.bias.data = bias.float()
    return layer


class Block(nn.Module):
    def __init__(self, tensors):
        super().__init__()
        self.conv = nn.Sequential(conv(tensors, "conv.0"), nn.ReLU(), conv(tensors, "conv.2"), nn.ReLU(), conv(tensors, "conv.4"))
        self.skip = conv(tensors, "skip") if "skip.weight" in tensors else nn.Identity()
        self.pool = None
        if "pool.0.weight" in tensors:
            scale, shift = tensors["pool.1.weight"], tensors["pool.1.bias"]
            norm = nn.GroupNorm(4, len(scale))
            norm.weight.data, norm.bias.data = scale.float(), shift.float()
            self.pool = nn.Sequential(conv(tensors, "pool.0"), norm, nn.ReLU(), conv(tensors, "pool.3"))

    def forward(self, x):
        if self.pool is not None:
            x = x + self.pool(x)
        return torch.relu(self.conv(x) + self.skip(x))


class Clamp(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


def network(path: Path, decoder: bool) -> nn.Sequential:
    """Layers are numbered; those without tensors are the clamp, one ReLU, and the enlargements."""
    tensors = load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=True, map_location="cpu")
    layers = []
    for number in range(1 + max(int(name.split(".")[0]) for name in tensors)):
        own = {name.split(".", 1)[1]: value for name, value in tensors.items() if name.startswith(f"{number}.")}
        if not own:
            layers.append(Clamp() if number == 0 else nn.ReLU() if number == 2 else nn.Upsample(scale_factor=2))
        elif "weight" in own:
            # The encoder halves the picture where its convolutions have no bias.
            stride = 2 if not decoder and "bias" not in own else 1
            layers.append(conv({f"layer.{name}": value for name, value in own.items()}, "layer", stride))
        else:
            layers.append(Block(own))
    return nn.Sequential(*layers).eval().to(memory_format=torch.channels_last)


def files(folder: Path, name: str) -> list[Path]:
    """Weights of encoder and decoder. Raises `FileNotFoundError` where `folder` lacks one."""
    found = [next(folder.glob(f"{name}_{part}.*"), None) for part in ("encoder", "decoder")]
    if None in found:
        raise FileNotFoundError(f"{folder} lacks {name}_encoder and {name}_decoder: set VAE to the folder of the autoencoders' weights")
    return found


class Autoencoder:
    """One encoder with its decoder, from `folder`."""

    def __init__(self, folder: Path, name: str):
        parts = files(folder, name)
        self.encoder, self.decoder = network(parts[0], False), network(parts[1], True)

    @torch.no_grad()
    def redrawn(self, pictures: np.ndarray) -> np.ndarray:
        """`pictures` (n, height, width, 3) uint8, sides multiples of 8, through the latent space and back."""
        out = np.empty_like(pictures)
        for index, picture in enumerate(pictures):
            x = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
            with half():
                y = self.decoder(self.encoder(x.to(memory_format=torch.channels_last))).float().clamp(0, 1)
            out[index] = (y[0].permute(1, 2, 0) * 255).round().byte().numpy()
        return out
