#!/usr/bin/env python3
"""Draws what strength buys: luma PSNR against the share of clips whose payload is read exactly, one line an attack.

  STRENGTHS="0.7 0.85 1 1.2 1.4" ATTACKS="h264-40 h265-40 crop-25" scripts/bench-watermark.sh CLIP... > strengths.md
  scripts/plot-strengths.py strengths.md strengths.svg          needs matplotlib
"""

import re
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "filigrane"
from matplotlib import pyplot  # noqa: E402


def tables(text):
    """One dictionary a strength: row name to its cells."""
    for block in text.split("\n\n"):
        rows = [re.split(r"\s*\|\s*", line.strip().strip("|").strip()) for line in block.splitlines() if line.startswith("|")]
        if rows:
            yield rows[0][0].removeprefix("attack, strength "), {row[0]: row[1:] for row in rows[2:]}


def exact(cells):
    read = [cell not in ("-", "found") for cell in cells if cell]
    return 100 * sum(read) / len(read)


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        runs = list(tables(file.read()))
    lines = {}
    for _, rows in runs:
        psnr = [float(cell) for cell in rows["luma PSNR, dB"] if cell]
        for name, cells in rows.items():
            if not name.startswith("luma"):
                lines.setdefault(name, []).append((sum(psnr) / len(psnr), exact(cells)))
    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    for name, points in lines.items():
        axes.plot(*zip(*sorted(points)), marker="o", label=name)
    axes.set_xlabel("mean luma PSNR, dB")
    axes.set_ylabel("clips whose payload is read exactly, %")
    axes.set_ylim(-3, 103)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    main()
