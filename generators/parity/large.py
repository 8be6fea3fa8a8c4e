"""A random Wan transformer of half a billion weights, and how long diffusers takes for it: `large.py FOLDER make|time`.

Its weights are random, so it makes nothing to look at; only time and memory are compared.
"""

import os
import resource
import sys
import time
from pathlib import Path

import torch
from diffusers import WanTransformer3DModel


def make(folder: Path, layers: int):
    torch.manual_seed(0)
    model = WanTransformer3DModel(
        num_attention_heads=12, attention_head_dim=128, ffn_dim=8960, num_layers=layers, text_dim=4096, freq_dim=256,
        in_channels=16, out_channels=16)
    for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        model.to(kind).save_pretrained(folder / name, max_shard_size="10GB" if name == "fp32" else "500MB")


def measure(folder: Path, frames: int, height: int, width: int, text: int, calls: int):
    torch.set_num_threads(int(os.environ.get("THREADS", 2)))
    model = WanTransformer3DModel.from_pretrained(folder, torch_dtype={"fp32": torch.float32, "bf16": torch.bfloat16}[folder.name]).eval()
    kind = model.patch_embedding.weight.dtype
    hidden = torch.full((1, 16, frames, height, width), 0.5, dtype=kind)
    states = torch.full((1, text, 4096), 0.1, dtype=kind)
    with torch.no_grad():
        for _ in range(calls):
            start, spent = time.perf_counter(), time.process_time()
            model(hidden, torch.tensor([900.0]), states, return_dict=False)
            print(f"call {time.perf_counter() - start:.2f} s, {time.process_time() - spent:.2f} s of processors")
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // 1_000_000} MB")


if __name__ == "__main__":
    folder, what, *numbers = sys.argv[1:]
    if what == "make":
        make(Path(folder), int(numbers[0]))
    else:
        measure(Path(folder), *map(int, numbers))
