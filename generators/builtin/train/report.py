"""Draws the course of both trainings."""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, help="where the training keeps its logs")
    options.add_argument("out", type=Path, help="where loss.svg goes")
    chosen = options.parse_args()
    plt.rcParams["svg.hashsalt"] = "filigrane"
    # A training that went on from a shipped model has no log of the parts that it left as they were.
    names = [name for name in ("autoencoder", "denoiser") if (chosen.folder / f"{name}.jsonl").exists()]
    figure, panes = plt.subplots(1, len(names), figsize=(4.5 * len(names), 3.2), squeeze=False)
    for pane, name in zip(panes[0], names):
        lines = [json.loads(line) for line in (chosen.folder / f"{name}.jsonl").read_text().splitlines()]
        pane.plot([line["cpu_s"] for line in lines], [line["loss"] for line in lines], linewidth=1)
        pane.set(title=f"{name}: {lines[-1]['step']} steps", xlabel="processor time, s", ylabel="loss", yscale="log")
        pane.grid(alpha=0.3, which="both")
    figure.tight_layout()
    figure.savefig(chosen.out / "loss.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
