"""Where experts keep the log-odds of bursts: out of fold for the training part, the final model's elsewhere."""

import json
from pathlib import Path

import numpy as np


def path(state: Path, expert: str) -> Path:
    return state / "scores" / f"{expert}.npz"


def save(state: Path, expert: str, bursts: np.ndarray, **notes):
    """`bursts` (n,) log-odds in the order of bursts.npz, NaN where there is none; `notes` go along as JSON."""
    target = path(state, expert)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial.npz")
    np.savez(partial, bursts=bursts, notes=np.array(json.dumps(notes)))
    partial.rename(target)


def load(state: Path, expert: str) -> np.ndarray:
    with np.load(path(state, expert)) as held:
        return held["bursts"]


def notes(state: Path, expert: str) -> dict:
    with np.load(path(state, expert)) as held:
        return json.loads(str(held["notes"]))
