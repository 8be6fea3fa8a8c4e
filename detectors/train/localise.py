"""Where and when: heat maps against redrawn regions (P10), bursts against spliced clips (P9)."""

from pathlib import Path

import numpy as np
import onnxruntime

from features import Features
from figures import auc


def in_time(features: Features, bursts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(log-odds, 1 where generated, sources) of the bursts of spliced clips that don't lie across the cut."""
    scores, y, sources = [], [], []
    for index in np.flatnonzero(features.column("kind") == "spliced"):
        version = features.versions[index]
        rows = np.flatnonzero(features.version == index)
        start, end = features.start[rows], features.start[rows] + 4 / 25
        aside = (end <= version["cut"]) | (start >= version["cut"])
        second = start[aside] >= version["cut"]
        scores.append(bursts[rows][aside])
        y.append(second != version["swapped"])
        sources.append(np.full(aside.sum(), version["source"], object))
    if not scores:
        return np.zeros(0), np.zeros(0), np.zeros(0, object)
    return np.concatenate(scores), np.concatenate(y).astype(int), np.concatenate(sources)


def covered(place: tuple[int, int], box: list[int], side: int, cells: int) -> np.ndarray:
    """Share of each of the `cells` x `cells` patches of a crop of `side` at `place` that lies in `box` (x, y, width, height)."""
    edges = np.arange(cells + 1) * side / cells
    shares = []
    for axis in (0, 1):
        low = np.maximum(edges[:-1] + place[axis], box[axis])
        high = np.minimum(edges[1:] + place[axis], box[axis] + box[axis + 2])
        shares.append(np.maximum(0, high - low) * cells / side)
    return shares[1][:, None] * shares[0][None, :]


def in_space(features: Features, out: Path, experts: list[str], coefficients: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """(AUC of patches within each clip with a redrawn region, sources) of experts that have patches. Those that the region covers by a part
    only are left out."""
    sessions = {name: onnxruntime.InferenceSession(str(out / f"{name}.onnx"), providers=["CPUExecutionProvider"]) for name in experts}
    areas, sources = [], []
    for index in np.flatnonzero(features.column("kind") == "region"):
        version, bursts = features.versions[index], np.flatnonzero(features.version == index)
        if not len(bursts):
            continue
        rows = (bursts[:, None] * features.each + np.arange(features.each)).ravel()
        crops = np.array(features.crops[rows]).astype(np.float32)
        heat = sum(w * sessions[name].run(["heat"], {"crops": crops})[0] for name, w in zip(experts, coefficients, strict=True))
        places = features.places[bursts].reshape(-1, 2)
        inside = np.stack([covered(place, version["box"], crops.shape[-1], heat.shape[-1]) for place in places])
        area = auc(heat[inside > 0.75], heat[inside < 0.25])
        if np.isfinite(area):
            areas.append(area)
            sources.append(version["source"])
    return np.array(areas), np.array(sources, object)
