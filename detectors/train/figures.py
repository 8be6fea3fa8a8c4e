"""Figures of merit with what they are worth: areas under the curve, rates, calibration, and intervals by bootstrap over sources."""

from collections.abc import Callable

import numpy as np


def auc(positive: np.ndarray, negative: np.ndarray, weight_positive=None, weight_negative=None) -> float:
    """Chance that a positive scores above a negative, ties counting half (Mann-Whitney); NaN where a side is empty."""
    if not len(positive) or not len(negative):
        return float("nan")
    wp = np.ones(len(positive)) if weight_positive is None else np.asarray(weight_positive, float)
    wn = np.ones(len(negative)) if weight_negative is None else np.asarray(weight_negative, float)
    order = np.argsort(negative, kind="stable")
    ordered, below = negative[order], np.concatenate([[0.0], np.cumsum(wn[order])])
    less = below[np.searchsorted(ordered, positive, "left")]
    most = below[np.searchsorted(ordered, positive, "right")]
    return float((wp * (less + most) / 2).sum() / (wp.sum() * wn.sum()))


def true_rate(positive: np.ndarray, negative: np.ndarray, false_rate: float) -> float:
    """Share of positives above the score that `false_rate` of negatives exceed."""
    if not len(positive) or not len(negative):
        return float("nan")
    return float(np.mean(positive > np.quantile(negative, 1 - false_rate)))


def roc(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(false rates, true rates) at every threshold, from (0, 0) to (1, 1)."""
    scores = np.concatenate([positive, negative])
    y = np.r_[np.ones(len(positive)), np.zeros(len(negative))]
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))
    true = np.cumsum(y[order])[ends] / max(1, len(positive))
    false = np.cumsum(1 - y[order])[ends] / max(1, len(negative))
    return np.r_[0, false], np.r_[0, true]


def reliability(p: np.ndarray, y: np.ndarray, bins: int = 10) -> list[tuple[float, float, float]]:
    """(mean stated, mean true, weight) for each filled bin, the two classes weighing the same."""
    weight = balanced(y)
    bin_of = np.minimum((p * bins).astype(int), bins - 1)
    held = [(weight[bin_of == k], p[bin_of == k], y[bin_of == k]) for k in range(bins) if (bin_of == k).any()]
    return [(float((w * a).sum() / w.sum()), float((w * b).sum() / w.sum()), float(w.sum())) for w, a, b in held]


def calibration_error(p: np.ndarray, y: np.ndarray) -> float:
    """Expected calibration error in ten bins (Naeini et al. 2015), the two classes weighing the same."""
    if len(np.unique(y)) < 2:
        return float("nan")
    return float(sum(w * abs(stated - true) for stated, true, w in reliability(p, y)))


def balanced(y: np.ndarray) -> np.ndarray:
    """Weights that sum to one and to a half in each class."""
    return np.where(y == 1, 0.5 / max(1, (y == 1).sum()), 0.5 / max(1, (y == 0).sum()))


def resampled(sources: np.ndarray, y: np.ndarray, lot: np.random.Generator) -> np.ndarray:
    """Rows of a bootstrap sample: sources drawn with replacement within each class, with all their rows."""
    rows = []
    for value in np.unique(y):
        own = np.flatnonzero(y == value)
        names, inverse = np.unique(sources[own].astype(str), return_inverse=True)
        held = [own[inverse == index] for index in range(len(names))]
        rows += [held[index] for index in lot.integers(0, len(held), len(held))]
    return np.concatenate(rows)


def interval(figure: Callable[[np.ndarray], float], sources: np.ndarray, y: np.ndarray, rounds: int = 500, seed: int = 0) -> tuple[float, float, float]:
    """(value, 2.5 %, 97.5 %) of `figure`, a function of row indices, by bootstrap over sources within each class."""
    if not len(y):
        return (float("nan"),) * 3
    lot = np.random.default_rng(seed)
    drawn = [figure(resampled(sources, y, lot)) for _ in range(rounds)]
    low, high = np.nanquantile(drawn, [0.025, 0.975]) if np.isfinite(drawn).any() else (np.nan, np.nan)
    return figure(np.arange(len(y))), float(low), float(high)
