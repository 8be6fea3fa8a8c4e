"""Out-of-fold scores, and those for P3 and P8, of an expert that is fitted in seconds.

`fit` gives a model of the versions in a mask, `tell` a model's log-odds of the bursts of the versions in a mask, NaN elsewhere.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

import scores
from features import SHARES, Features, target, weights
from figures import auc
from plan import AUTOENCODERS

# All training clips of the newest generators are in this fold (`groups.PINNED`), so its model knows older ones only (P8).
NEWEST_FOLD = 0


def out_of_fold(features: Features, fit: Callable, tell: Callable) -> np.ndarray:
    """Log-odds of the training part's bursts, each by a model that saw no clip of its fold."""
    part, fold = features.column("part"), features.column("fold", -1)
    out = np.full(len(features.version), np.nan)
    for number in sorted(set(fold[part == "train"])):
        inside = (part == "train") & (fold == number)
        found = tell(fit((part == "train") & ~inside), inside)
        out = np.where(np.isnan(out), found, out)
    return out


def held_out(name: str, features: Features, state: Path, fit: Callable, tell: Callable):
    """Scores for P3 and P8: by models that never saw one of the autoencoders, and by one that saw no generator of the newest year."""
    part, kind, vae = features.column("part"), features.column("kind"), features.column("vae")
    windows, unseen = (part == "test") & (kind == "window"), np.full(len(features.version), np.nan)
    for autoencoder in AUTOENCODERS:
        model = fit((part == "train") & (vae != autoencoder))
        scores.save(state, f"{name}-windows-{autoencoder}", tell(model, windows))
        found = tell(model, (part == "test") & (kind == "redrawn") & (vae == autoencoder))
        unseen = np.where(np.isnan(unseen), found, unseen)
    scores.save(state, f"{name}-unseen", unseen)
    newest = features.column("year") == "newest"
    # As for the convolutional experts: without the whole fold that holds the newest.
    known = (part == "train") & (features.column("fold", -1) != NEWEST_FOLD)
    if (known & newest).any():
        raise ValueError(f"fold {NEWEST_FOLD} should hold all generators of the newest year")
    scores.save(state, f"{name}-older", tell(fit(known), newest | ((part == "test") & (kind == "clip"))))


def clip_auc(features: Features, values: np.ndarray) -> float:
    """AUC over clips of generators against camera, each source with the same weight."""
    y, kind = target(features.versions), features.column("kind")
    held = (kind == "clip") & (y >= 0) & ~np.isnan(values)
    weight = weights(features.versions, held, SHARES)
    positive, negative = held & (y == 1), held & (y == 0)
    return auc(values[positive], values[negative], weight[positive], weight[negative])
