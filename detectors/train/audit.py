"""What can be told without looking at traces: from a file's facts alone, and from tiny thumbnails alone (P12).

If one of these does as well as the detector, the detector's figure says nothing about traces and may not be quoted.
"""

import subprocess
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from features import SHARES, Features, target, weights
from variants import path_of

SIDE = 32


def chains_of(features: Features) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """(training, test) masks of versions for the clips as they are, and for the equalised ones."""
    part, kind, chain = (features.column(key) for key in ("part", "kind", "chain"))
    clip = (kind == "clip") & (target(features.versions) >= 0) & (features.files[:, 2] > 0)
    return {
        "native": (clip & (part == "train") & (chain == "native"), clip & (part == "test") & (chain == "native")),
        "matched": (clip & (part == "train") & (chain == "drawn0"), clip & (part == "test") & (chain == "matched")),
    }


def facts(features: Features, stretched: np.ndarray) -> np.ndarray:
    """Width, height, pictures, seconds, pictures a second, bytes a second, bits a sample of each version's file.

    `stretched`: the factors by which times were multiplied after encoding; undone here.
    """
    width, height, pictures, seconds, size = features.files.T
    seconds = np.maximum(seconds / stretched, 1e-3)
    columns = [width, height, pictures, seconds, (pictures - 1) / seconds, size / seconds, 8 * size / np.maximum(1, width * height * pictures)]
    return np.stack(columns, axis=1)


def thumbnail(path: Path) -> np.ndarray:
    """The first picture as 32 x 32 RGB, flat, 0..1."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", str(path), "-frames:v", "1", "-vf", f"scale={SIDE}:{SIDE}:flags=area"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).astype(np.float32) / 255


def thumbnails(features: Features, chosen: np.ndarray, clips: Path, state: Path) -> np.ndarray:
    """(versions, 3072), zeros where not `chosen`; kept in STATE/features/thumbnails.npz."""
    held = state / "features" / "thumbnails.npz"
    if held.exists():
        with np.load(held) as file:
            return file["thumbnails"]
    out = np.zeros((len(features.versions), SIDE * SIDE * 3), np.float32)
    for index in np.flatnonzero(chosen):
        out[index] = thumbnail(path_of(features.versions[index], clips, state))
    np.savez_compressed(held, thumbnails=out)
    return out


def audits(features: Features, clips: Path, state: Path) -> dict[str, dict[str, np.ndarray]]:
    """For each chain and audit the test versions' scores (NaN elsewhere), by models of the training part."""
    masks, y = chains_of(features), target(features.versions)
    stretched = features.column("stretch", 1.0).astype(float)
    table = facts(features, stretched)
    tiny = thumbnails(features, sum((a | b for a, b in masks.values()), np.zeros(len(y), bool)), clips, state)
    out: dict[str, dict[str, np.ndarray]] = {}
    for chain, (known, tested) in masks.items():
        weight = weights(features.versions, known, SHARES)
        weight = weight[known] / max(weight[known].mean(), 1e-12)
        components = PCA(min(40, int(known.sum()) // 2), random_state=0)
        models = {
            "metadata": (table, HistGradientBoostingClassifier(max_iter=100, learning_rate=0.05, max_leaf_nodes=8, random_state=0)),
            "thumbnail": (tiny, HistGradientBoostingClassifier(max_iter=150, learning_rate=0.05, max_leaf_nodes=8, max_features=0.2, random_state=0)),
            "thumbnail-linear": (tiny, make_pipeline(components, StandardScaler(), LogisticRegression(C=0.05, max_iter=500))),
        }
        for name, (x, model) in models.items():
            last = "logisticregression__sample_weight" if name == "thumbnail-linear" else "sample_weight"
            model.fit(x[known], y[known], **{last: weight})
            held = np.full(len(y), np.nan)
            held[tested] = model.decision_function(x[tested])
            out.setdefault(chain, {})[name] = held
    return out
