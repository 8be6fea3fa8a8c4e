"""How far a clip's statistics are from those of anything trained on: far ones are not judged.

  familiar.py STATE OUT       writes OUT/familiar.json, and STATE/scores/familiar.npz with every version's distance

Mahalanobis distance in robustly scaled statistics, with the covariance shrunk (Ledoit and Wolf 2004), fitted to camera and generated clips
alike: a clip far from both is one of which the experts know nothing. The bound is what one of a hundred clips of sources that were not fitted
exceed, by folds of the training part and the calibration part; with too few sources to say that, there is no bound and no file.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.covariance import ledoit_wolf

import scores
from features import SHARES, Features, load, save_json, target, weights
from fuse import pooled_quantile

# Share of clips of unseen sources that may be found too far.
STRANGE = 0.01
# Scaled statistics are cut off here: one odd statistic is no odd clip.
MOST = 8.0
DRAWN = 20000


def vectors(features: Features) -> np.ndarray:
    """Median of each statistic over a version's bursts, (versions, statistics); NaN without bursts."""
    out = np.full((len(features.versions), features.statistics.shape[1]), np.nan)
    edges = np.flatnonzero(np.diff(features.version, prepend=-1, append=-1))
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        out[features.version[first]] = np.median(features.statistics[first:last], axis=0)
    return out


def fitted(x: np.ndarray, weight: np.ndarray) -> dict:
    """{"centre", "spread", "whiten"} of rows drawn by `weight`."""
    lot = np.random.default_rng(5)
    own = x[lot.choice(len(x), DRAWN, p=weight / weight.sum())]
    centre = np.median(own, axis=0)
    low, high = np.quantile(own, [0.25, 0.75], axis=0)
    spread = np.maximum((high - low) / 1.349, 1e-3 * np.maximum(1.0, np.abs(centre)))
    scaled = np.clip((own - centre) / spread, -MOST, MOST)
    mean = scaled.mean(axis=0)
    covariance, _ = ledoit_wolf(scaled - mean)
    values, axes = np.linalg.eigh(covariance)
    return {"centre": centre, "spread": spread, "mean": mean, "whiten": (axes / np.sqrt(np.maximum(values, 1e-6))).T}


def distance(model: dict, x: np.ndarray) -> np.ndarray:
    """Root of the mean square of the whitened statistics of rows: near 1 for what was fitted."""
    scaled = np.clip((x - model["centre"]) / model["spread"], -MOST, MOST) - model["mean"]
    return np.sqrt(((scaled @ model["whiten"].T) ** 2).mean(axis=1))


def main():
    state, out = Path(sys.argv[1]), Path(sys.argv[2])
    if scores.path(state, "familiar").exists():
        return
    features = load(state)
    x, y = vectors(features), target(features.versions)
    part, fold, kind, source = (features.column(key, default) for key, default in (("part", ""), ("fold", -1), ("kind", ""), ("source", "")))
    known = (part == "train") & (y >= 0) & (kind == "clip") & ~np.isnan(x).any(axis=1)
    far = np.full(len(x), np.nan)
    for number in sorted(set(fold[known])):
        inside, rest = known & (fold == number), known & (fold != number)
        far[inside] = distance(fitted(x[rest], weights(features.versions, rest, SHARES)[rest]), x[inside])
    model = fitted(x[known], weights(features.versions, known, SHARES)[known])
    others = ~known & ~np.isnan(x).any(axis=1)
    far[others] = distance(model, x[others])
    held = (known | ((part == "calibrate") & (kind == "clip") & (y >= 0))) & ~np.isnan(far)
    most = pooled_quantile(far[held], source[held], STRANGE)
    if np.isfinite(most):
        numbers = {key: np.round(value, 6).tolist() for key, value in model.items()}
        save_json(out / "familiar.json", {"version": 1, "names": features.names, "most": round(most, 4), "cut": MOST, **numbers})
    scores.save(state, "familiar", far)
    print(f"familiar: up to {most:.2f}; median {np.nanmedian(far[held]):.2f}")


if __name__ == "__main__":
    main()
