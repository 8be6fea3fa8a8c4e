#!/usr/bin/env python3
"""What is left of the mark when a generator's autoencoder redraws every picture (the regeneration attack).

  scripts/bench-autoencoder.py WEIGHTS CLIP...     needs torch, safetensors, numpy; FFmpeg; the built program

WEIGHTS is a folder with NAME_encoder.safetensors and NAME_decoder.safetensors of the TAESD family (taesd, taesdxl, taesd3,
taef1: the small autoencoders of Stable Diffusion 1.5, XL, 3 and FLUX.1, MIT licence). PICTURES=12 of each clip are taken,
marked without loss, encoded to latents and decoded. Prints a table in Markdown: PSNR of the round trip, and log10 of the stated
chance of a false alarm, "-" where the payload was not read.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
from safetensors.torch import load_file
from torch import nn

PROGRAM = os.environ.get("FILIGRANE", "target/release/filigrane")
PICTURES = int(os.environ.get("PICTURES", "12"))
ID = "6f1c2a33-4d55-4e66-8f77-8899aabbccdd"


class Block(nn.Module):
    def __init__(self, tensors):
        super().__init__()
        self.conv = nn.Sequential(conv(tensors, "conv.0"), nn.ReLU(), conv(tensors, "conv.2"), nn.ReLU(), conv(tensors, "conv.4"))
        self.skip = conv(tensors, "skip") if "skip.weight" in tensors else nn.Identity()

    def forward(self, x):
        return torch.relu(self.conv(x) + self.skip(x))


class Clamp(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


def conv(tensors, name, stride=1):
    weight, bias = tensors[f"{name}.weight"], tensors.get(f"{name}.bias")
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], stride, weight.shape[2] // 2, bias=bias is not None)
    layer.weight.data = weight.float()
    if bias is not None:
        layer.bias.data = bias.float()
    return layer


def network(path, decoder):
    """Layers are numbered; those without tensors are the clamp, one ReLU, and the enlargements."""
    tensors = load_file(path)
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
    return nn.Sequential(*layers).eval()


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def pictures(path):
    size = run("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", path)
    width, height = (int(number) for number in size.decode().strip().strip(",").split(",")[:2])
    raw = run("ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return numpy.frombuffer(raw, numpy.uint8).reshape(-1, height, width, 3)


def redrawn(encoder, decoder, picture):
    height, width = (side // 8 * 8 for side in picture.shape[:2])
    x = torch.from_numpy(picture[:height, :width].copy()).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        y = decoder(encoder(x)).clamp(0, 1)
    return (y[0].permute(1, 2, 0) * 255).round().byte().numpy()


def read(path, home):
    verdict = subprocess.run(
        [PROGRAM, "verify", path, "--only", "watermark", "--json", "--quiet"],
        env={**os.environ, "FILIGRANE_HOME": home}, capture_output=True, check=False,
    )
    mark = json.loads(verdict.stdout)["watermark"]
    right = mark.get("payload") == ID.replace("-", "")[:16]
    return f"{mark['log10_p']:.0f}" if right else "found" if mark["state"] == "found" else "-"


def main():
    weights, *clips = sys.argv[1:]
    torch.set_num_threads(1)
    names = [name for name in ("taesd", "taesdxl", "taesd3", "taef1") if (pathlib.Path(weights) / f"{name}_encoder.safetensors").exists()]
    pairs = {
        name: [network(f"{weights}/{name}_{part}.safetensors", part == "decoder") for part in ("encoder", "decoder")] for name in names
    }
    print(f"| clip, {PICTURES} pictures | untouched | " + " | ".join(names) + " |")
    print("|---|---|" + "---|" * len(names))
    for clip in clips:
        with tempfile.TemporaryDirectory() as room:
            source, marked, attacked = (f"{room}/{name}.mkv" for name in ("in", "marked", "attacked"))
            run("ffmpeg", "-v", "error", "-i", clip, "-map", "0:v:0", "-frames:v", str(PICTURES), "-c:v", "ffv1", source)
            subprocess.run(
                [PROGRAM, "stamp", source, "-o", marked, "--codec", "ffv1", "--id", ID, "--no-credentials", "--quiet"],
                env={**os.environ, "FILIGRANE_HOME": f"{room}/home"}, check=True,
            )
            cells = [read(marked, f"{room}/home")]
            before = pictures(marked)
            for name in names:
                after = numpy.stack([redrawn(*pairs[name], picture) for picture in before])
                count, height, width, _ = after.shape
                error = numpy.mean((after.astype(float) - before[:, :height, :width]) ** 2)
                subprocess.run(
                    ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "25", "-i", "-",
                     "-pix_fmt", "yuv444p", "-c:v", "ffv1", attacked],
                    input=after.tobytes(), check=True,
                )
                cells.append(f"{read(attacked, f'{room}/home')} ({10 * numpy.log10(255**2 / error):.1f} dB)")
            print(f"| {pathlib.Path(clip).stem} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
