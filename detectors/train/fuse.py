"""One answer from the experts: logistic fusion of their log-odds, its calibration, and when it abstains.

  fuse.py STATE OUT       writes OUT/fusion.json and STATE/scores/fused.npz

Fitted on out-of-fold scores of the training part and the final models' scores of the calibration part, never on the test part. Each source weighs
the same. Thresholds are class-conditional conformal ones for a new clip of a new source: the distribution functions of the sources are pooled
(Dunn, Wasserman and Ramdas 2022), so that a source with many clips counts once. They are moved outwards until answers are right often enough.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import scores
from features import SHARES, by_version, load, save_json, target, weights
from figures import resampled

EXPERTS = ("statistics", "spatial", "temporal", "appearance")
# Of clips of a camera that wasn't seen: at most this share may be called generated; and of those of a new generator, camera.
CAMERA, GENERATED = 0.02, 0.10
# Least share of right answers among those that a threshold lets through, for equal priors.
RIGHT = 0.95
ROUNDS, SEED = 300, 6
GRID = np.linspace(0.0, 1.0, 41)
# A weight this strong keeps an expert from being trusted for what a handful of sources show.
PENALTY = 0.02


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -30, 30)))


def logistic(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """(coefficients, intercept) of a logistic regression with coefficients of at least 0, `weight` summing to one."""

    def cost(values):
        z = np.clip(x @ values[:-1] + values[-1], -30, 30)
        p = sigmoid(z)
        loss = (weight * (np.logaddexp(0, z) - y * z)).sum() + PENALTY / 2 * (values[:-1] ** 2).sum()
        slope = weight * (p - y)
        return loss, np.append(x.T @ slope + PENALTY * values[:-1], slope.sum())

    start = np.append(np.full(x.shape[1], 0.5), 0.0)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * x.shape[1] + [(None, None)])
    return found.x[:-1], float(found.x[-1])


def pooled_quantile(values: np.ndarray, sources: np.ndarray, alpha: float) -> float:
    """The least threshold that a new clip of a new source exceeds with a chance of at most `alpha`; infinite with too few sources.

    Each source has mass 1 / (sources + 1), divided among its clips; the rest is at infinity.
    """
    names, inverse, counts = np.unique(sources.astype(str), return_inverse=True, return_counts=True)
    mass = 1 / (len(names) + 1) / counts[inverse]
    order = np.argsort(values)
    held = np.cumsum(mass[order])
    at = np.searchsorted(held, 1 - alpha - 1e-12)
    return float(values[order][at]) if at < len(values) else float("inf")


def precise(z: np.ndarray, y: np.ndarray, weight: np.ndarray, share: float) -> float:
    """The least score from which on at least `share` of what lies above is of class 1, the two classes weighing the same; infinite
    where there is none. Ties are above together."""
    own = weight * np.where(y == 1, 0.5 / weight[y == 1].sum(), 0.5 / weight[y == 0].sum())
    order = np.argsort(-z, kind="stable")
    ends = np.flatnonzero(np.diff(z[order], append=-np.inf))
    right, all_above = np.cumsum((own * y)[order])[ends], np.cumsum(own[order])[ends]
    enough = np.flatnonzero(right >= share * all_above)
    return float(z[order][ends[enough[-1]]]) if len(enough) else float("inf")


def matrix(state: Path, features, experts) -> np.ndarray:
    """Log-odds of versions (versions, experts)."""
    return np.stack([by_version(features, scores.load(state, name)) for name in experts], axis=1)


def fitting(features) -> np.ndarray:
    """Mask of the versions that fusion is fitted on."""
    part, kind = features.column("part"), features.column("kind")
    return np.isin(part, ("train", "calibrate")) & (kind == "clip") & (target(features.versions) >= 0)


def intervals(z: np.ndarray, y: np.ndarray, weight: np.ndarray, sources: np.ndarray) -> list[list[float]]:
    """[score, low, high] for a grid of scores: how far calibration moves when other sources are drawn (95 %)."""
    lot, at = np.random.default_rng(SEED), np.log(np.clip(GRID, 1e-3, 1 - 1e-3) / np.clip(1 - GRID, 1e-3, 1 - 1e-3))
    drawn = []
    for _ in range(ROUNDS):
        rows = resampled(sources, y, lot)
        own = weight[rows] * np.where(y[rows] == 1, 0.5 / weight[rows][y[rows] == 1].sum(), 0.5 / weight[rows][y[rows] == 0].sum())
        slope, offset = logistic(z[rows, None], y[rows], own)
        drawn.append(sigmoid(at * slope[0] + offset))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    low = np.maximum.accumulate(np.minimum(low, GRID))
    high = np.maximum.accumulate(np.maximum(high, GRID))
    return [[round(float(value), 4) for value in row] for row in zip(GRID, low, high, strict=True)]


def main():
    state, out = Path(sys.argv[1]), Path(sys.argv[2])
    if (out / "fusion.json").exists() and scores.path(state, "fused").exists():
        return
    features = load(state)
    experts = [name for name in EXPERTS if scores.path(state, name).exists()]
    x, y = matrix(state, features, experts), target(features.versions)
    rows = fitting(features) & ~np.isnan(x).any(axis=1)
    weight = weights(features.versions, rows, SHARES)
    coefficients, bias = logistic(x[rows], y[rows], weight[rows] / weight[rows].sum())
    z = x @ coefficients + bias
    source = features.column("source")
    camera, generated = rows & (features.column("label") == "camera"), rows & (y == 1)
    # A conformal threshold alone bounds errors among clips of a class; where few clips are told apart it would let through answers
    # of which many are wrong.
    above = max(pooled_quantile(z[camera], source[camera], CAMERA), precise(z[rows], y[rows], weight[rows], RIGHT))
    below = min(-pooled_quantile(-z[generated], source[generated], GENERATED), -precise(-z[rows], 1 - y[rows], weight[rows], RIGHT))
    least, most = float(sigmoid(max(above, below))), float(sigmoid(min(above, below)))
    fusion = {
        "version": 1, "experts": experts, "weights": [float(value) for value in coefficients], "bias": bias, "camera_at_most": most,
        "generated_at_least": least, "interval": intervals(z[rows], y[rows], weight[rows], source[rows]),
    }
    save_json(out / "fusion.json", fusion)
    bursts = np.stack([scores.load(state, name) for name in experts], axis=1) @ coefficients + bias
    scores.save(state, "fused", bursts, sources=len(set(source[camera])), generators=len(set(source[generated])))
    print(f"fuse: {dict(zip(experts, np.round(coefficients, 3).tolist(), strict=True))}, camera up to {most:.3f}, generated from {least:.3f}")


if __name__ == "__main__":
    main()
