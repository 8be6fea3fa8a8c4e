"""Figures as SVG: curves of operation, and stated against true shares."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "filigrane"
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from figures import reliability, roc  # noqa: E402


def finished(figure, axes, path: Path, across: str, up: str):
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=across, ylabel=up, aspect="equal")
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8, zorder=0)
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    # Without a date the same figures give the same bytes.
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def curves(path: Path, of: dict[str, tuple[np.ndarray, np.ndarray]]):
    """`of`: name to (scores of generated, scores of camera)."""
    figure, axes = plt.subplots(figsize=(4.4, 4.4))
    for name, (positive, negative) in of.items():
        axes.plot(*roc(positive, negative), linewidth=1.2, label=name)
    finished(figure, axes, path, "camera clips called generated", "generated clips called generated")


def calibration(path: Path, p: np.ndarray, y: np.ndarray):
    figure, axes = plt.subplots(figsize=(4.4, 4.4))
    bins = reliability(p, y)
    axes.plot([b[0] for b in bins], [b[1] for b in bins], marker="o", linewidth=1.2, label="test part, classes weighted equally")
    finished(figure, axes, path, "stated likelihood", "share generated")
