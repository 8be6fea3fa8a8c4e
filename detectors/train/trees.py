"""Expert `statistics`: gradient-boosted trees on the observer's named statistics.

  trees.py STATE OUT      writes OUT/statistics.json (what the program evaluates) and STATE/scores/statistics.npz

Friedman 2001, with the histogram splits of LightGBM (Ke et al. 2017) as scikit-learn implements them. The size of the trees is chosen by
out-of-fold results on the training part alone.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

import scores
from features import SHARES, Features, by_version, load, save_json, target, weights
from folds import clip_auc, held_out, out_of_fold

SEED = 6
# (leaves, trees): what is tried; the rate of learning goes with the number.
SIZES = [(6, 250), (12, 250), (24, 200)]


def fitted(x: np.ndarray, y: np.ndarray, weight: np.ndarray, leaves: int, rounds: int) -> HistGradientBoostingClassifier:
    model = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=rounds, max_leaf_nodes=leaves, min_samples_leaf=40, l2_regularization=5.0, max_features=0.3, max_bins=255,
        early_stopping=False, random_state=SEED,
    )
    return model.fit(x, y, sample_weight=weight)


def train(features: Features, chosen: np.ndarray, size: tuple[int, int]) -> HistGradientBoostingClassifier:
    """Trees of the versions in `chosen` (a mask). Raises `ValueError` where a class is missing."""
    each = weights(features.versions, chosen, SHARES)
    # A clip with many bursts counts no more than one with few.
    bursts = np.bincount(features.version, minlength=len(features.versions))
    weight = (each / np.maximum(bursts, 1))[features.version]
    used = weight > 0
    y = target(features.versions)[features.version][used]
    if len(np.unique(y)) < 2:
        raise ValueError("training needs both classes")
    # A mean of 1 keeps the regularisation what it says.
    weight = weight[used] / weight[used].mean()
    return fitted(features.statistics[used].astype(np.float64), y, weight, *size)


def log_odds(model, features: Features, chosen: np.ndarray) -> np.ndarray:
    """Log-odds of all bursts of `chosen` versions, NaN elsewhere."""
    out = np.full(len(features.version), np.nan)
    rows = features.hold(chosen)
    if rows.any():
        out[rows] = model.decision_function(features.statistics[rows].astype(np.float64))
    return out


def exported(model: HistGradientBoostingClassifier, names: list[str]) -> dict:
    """The ensemble as nested lists: node 0 is the root, feature -1 a leaf, `x <= threshold` goes left; inner nodes carry the mean of
    their leaves, so that a path tells what each split contributed (Saabas 2014)."""
    trees = []
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        value = np.where(leaf, nodes["value"], 0.0)
        # Children come after their parents.
        for index in np.flatnonzero(~leaf)[::-1]:
            children = [nodes["left"][index], nodes["right"][index]]
            value[index] = np.average(value[children], weights=nodes["count"][children])
        trees.append(
            {
                "feature": np.where(leaf, -1, nodes["feature_idx"]).tolist(),
                "threshold": np.where(leaf, 0.0, nodes["num_threshold"]).tolist(),
                "left": np.where(leaf, 0, nodes["left"]).tolist(),
                "right": np.where(leaf, 0, nodes["right"]).tolist(),
                "missing_left": np.where(leaf, 0, nodes["missing_go_to_left"]).astype(bool).tolist(),
                "value": value.tolist(),
            }
        )
    return {"version": 1, "names": names, "base": float(np.ravel(model._baseline_prediction)[0]), "trees": trees}


def usual(features: Features) -> list[float]:
    """The median of each statistic over the training part's camera clips: what an explanation compares a clip with."""
    rows = features.hold((features.column("part") == "train") & (features.column("label") == "camera") & (features.column("kind") == "clip"))
    return [float(value) for value in np.median(features.statistics[rows], axis=0)]


def evaluate(ensemble: dict, row) -> float:
    """The exported ensemble's log-odds for one burst, in plain Python: the reference for any other implementation."""
    total = ensemble["base"]
    for tree in ensemble["trees"]:
        node = 0
        while tree["feature"][node] >= 0:
            x = row[tree["feature"][node]]
            left = tree["missing_left"][node] if x != x else x <= tree["threshold"][node]
            node = tree["left"][node] if left else tree["right"][node]
        total += tree["value"][node]
    return total


def disagreement(model, ensemble: dict, rows: np.ndarray) -> float:
    """The largest difference (log-odds) between library and export on `rows`."""
    library = model.decision_function(rows)
    return max(abs(evaluate(ensemble, row) - value) for row, value in zip(rows.tolist(), library, strict=True))


def main():
    state, out = Path(sys.argv[1]), Path(sys.argv[2])
    if (out / "statistics.json").exists() and scores.path(state, "statistics").exists():
        return
    features, began = load(state), time.process_time()
    part = features.column("part")
    tried = {}

    def tell(model, chosen):
        return log_odds(model, features, chosen)

    for size in SIZES:
        values = out_of_fold(features, lambda chosen, size=size: train(features, chosen, size), tell)
        tried[size] = (clip_auc(features, by_version(features, values)), values)
        print(f"trees: {size[0]} leaves x {size[1]}: out-of-fold AUC {tried[size][0]:.3f}, {time.process_time() - began:.0f} s", flush=True)
    size = max(SIZES, key=lambda size: (round(tried[size][0], 3), -size[0]))
    held = tried[size][1]
    model = train(features, part == "train", size)
    held = np.where(np.isnan(held), log_odds(model, features, part != "train"), held)
    ensemble = exported(model, features.names) | {"camera": usual(features)}
    lot = np.random.default_rng(SEED)
    rows = features.statistics[lot.choice(len(features.statistics), min(500, len(features.statistics)), replace=False)].astype(np.float64)
    worst = disagreement(model, ensemble, rows)
    if worst > 1e-6:
        raise SystemExit(f"the exported trees differ from the library's by {worst}")
    held_out("statistics", features, state, lambda chosen: train(features, chosen, size), tell)
    save_json(out / "statistics.json", ensemble)
    scores.save(state, "statistics", held, leaves=size[0], rounds=size[1], tried={f"{a}x{b}": tried[a, b][0] for a, b in SIZES})
    print(f"trees: {json.dumps({'leaves': size[0], 'rounds': size[1]})}, export within {worst:.1e}, {time.process_time() - began:.0f} s of processor")


if __name__ == "__main__":
    main()
