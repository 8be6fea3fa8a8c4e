"""The least there is: trees on the statistics of clips as they are, out of fold by group, on the training and calibration parts.

  baseline.py DETECTORS OBSERVED      OBSERVED: a folder with an observation NAME.bin for each clip NAME.mp4

Clips as they are differ between the classes in size, rate and coding too, so the same trees are also given the facts of size and rate alone.
"""

import csv
import sys
from pathlib import Path

import numpy as np

import observations
from features import by_version
from figures import auc, interval
from trees import fitted

FOLDS = 6


class Bursts:
    """What `by_version` needs."""

    def __init__(self, version: np.ndarray, count: int):
        self.version, self.versions = version, [None] * count


def weights_of(y: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Of clips: each class the same, within it each source, within it each clip."""
    weight = np.zeros(len(y))
    for value in (0, 1):
        names = set(sources[y == value])
        for name in names:
            own = (y == value) & (sources == name)
            weight[own] = 1 / len(names) / own.sum()
    return weight


def out_of_fold(x: np.ndarray, owner: np.ndarray, y: np.ndarray, sources: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Log-odds of clips, each by trees of the other folds. `x` (bursts, n); `owner` (bursts,) the clip of each."""
    scores = np.full(len(owner), np.nan)
    bursts = np.bincount(owner, minlength=len(y))
    for number in range(FOLDS):
        known = fold[owner] != number
        weight = np.zeros(len(y))
        inside = fold != number
        weight[inside] = weights_of(y[inside], sources[inside])
        each = (weight / np.maximum(bursts, 1))[owner][known]
        model = fitted(x[known], y[owner][known], each / each.mean(), 8, 200)
        scores[~known] = model.decision_function(x[~known])
    return by_version(Bursts(owner, len(y)), scores)


def dealt(groups: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A fold for each clip: groups, large ones first, to the fold that has least of their commoner class."""
    fold, held = np.zeros(len(groups), int), np.zeros((FOLDS, 2))
    for name in sorted(set(groups), key=lambda name: (-(groups == name).sum(), name)):
        own = groups == name
        of_class = int(y[own].mean() >= 0.5)
        number = int(np.argmin(held[:, of_class]))
        fold[own] = number
        held[number] += [(y[own] == 0).sum(), (y[own] == 1).sum()]
    return fold


def main():
    detectors, observed = Path(sys.argv[1]), Path(sys.argv[2])
    with (detectors / "split.csv").open() as file:
        listed = [row for row in csv.DictReader(file) if row["part"] in ("train", "calibrate") and row["label"] in ("camera", "generated")]
    rows, statistics, owner, facts = [], [], [], []
    for row in listed:
        path = observed / f"{Path(row['file']).stem}.bin"
        seen = observations.read(path) if path.exists() else None
        if seen is None or not len(seen.starts):
            continue
        owner.append(np.full(len(seen.starts), len(rows)))
        statistics.append(seen.statistics.astype(np.float64))
        seconds = max(seen.span[1] - seen.span[0], 1e-3)
        facts.append([*seen.size, seen.pictures, seconds, (seen.pictures - 1) / seconds])
        rows.append(row)
    y = np.array([row["label"] == "generated" for row in rows]).astype(int)
    sources, groups = (np.array([row[key] for row in rows], object) for key in ("source", "group"))
    fold, at = dealt(groups, y), np.concatenate(owner)
    origins, generators = (len(set(sources[y == value])) for value in (0, 1))
    print(f"{len(rows)} of {len(listed)} clips: {(y == 0).sum()} camera of {origins} origins, {y.sum()} of {generators} generators")
    for name, x in (("statistics", np.concatenate(statistics)), ("size and rate alone", np.array(facts, float)[at])):
        z = out_of_fold(x, at, y, sources, fold)
        value, low, high = interval(lambda k, z=z: auc(z[k][y[k] == 1], z[k][y[k] == 0]), sources, y)
        weight = weights_of(y, sources)
        by_source = auc(z[y == 1], z[y == 0], weight[y == 1], weight[y == 0])
        print(f"{name}: AUC {value:.3f} ({low:.3f} to {high:.3f}), each source the same weight {by_source:.3f}")


if __name__ == "__main__":
    main()
