"""Writes an expert as ONNX: input `crops` (n, 4, 128, 128) float luma 0..255; outputs `logits` (n,) and `heat` (n, 8, 8)."""

import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

OPSET = 17
# Log-odds by which the two engines may differ.
MOST = 1e-4


class Both(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, crops):
        heat = self.model.heat(crops)
        return heat.mean(dim=(1, 2)), heat


def onnx(model: nn.Module, path: Path, features) -> tuple[float, float]:
    """(largest difference from torch in log-odds, crops a second in ONNX Runtime). Raises `SystemExit` where they differ too much."""
    partial = path.with_suffix(".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    model = Both(model).eval().to(memory_format=torch.contiguous_format)
    example = torch.rand(2, 4, 128, 128) * 255
    torch.onnx.export(
        model, (example,), str(partial), input_names=["crops"], output_names=["logits", "heat"], opset_version=OPSET, dynamo=False,
        dynamic_axes={"crops": {0: "n"}, "logits": {0: "n"}, "heat": {0: "n"}},
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(partial), options, providers=["CPUExecutionProvider"])
    worst = 0.0
    lot = np.random.default_rng(0)
    for count in (1, 3, 32):
        rows = np.sort(lot.choice(len(features.crops), min(count, len(features.crops)), replace=False))
        crops = np.array(features.crops[rows]).astype(np.float32)
        began = time.process_time()
        logits, _ = session.run(None, {"crops": crops})
        rate = len(crops) / (time.process_time() - began)
        with torch.no_grad():
            worst = max(worst, float(np.abs(model(torch.from_numpy(crops))[0].numpy() - logits).max()))
    if not worst < MOST:
        raise SystemExit(f"{path.name}: ONNX Runtime and torch differ by {worst}")
    partial.rename(path)
    return worst, rate
