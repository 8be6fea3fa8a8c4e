"""Writes OUT/card.toml out of what was measured; no figure in it is typed by hand.

  card.py DETECTORS STATE OUT
"""

import csv
import hashlib
import json
import sys
import tomllib
from pathlib import Path

import plan
import scores

FILES = ("statistics.json", "spatial.onnx", "temporal.onnx", "appearance.onnx", "fusion.json", "familiar.json")

WHAT = {
    "statistics": "what named statistics of its pictures show", "spatial": "high-pass traces in single pictures",
    "temporal": "high-pass traces in differences of pictures", "appearance": "what a network trained on photographs sees in them",
}  # fmt: skip

LICENCE = "MIT OR Apache-2.0"
LITE = "; the convolutions of appearance.onnx are those of EfficientNet-lite0, Copyright The TensorFlow Authors, Apache-2.0"


def quoted(value) -> str:
    return json.dumps(value, ensure_ascii=False)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def counts(detectors: Path, state: Path) -> list[str]:
    """Clips, sources and groups of each part that were used."""
    used = {version["file"] for version in plan.load(state)}
    with (detectors / "split.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["file"] in used]
    rows += [row for row in plan.read_more(detectors) if row["file"] in used]
    lines = []
    for part in ("train", "calibrate", "test"):
        own = [row for row in rows if row["part"] == part]
        lines.append(f"[data.{part}]")
        lines.append(f"groups = {len({row['group'] for row in own})}")
        for key, label in (("generated", "generated"), ("camera", "camera")):
            held = [row for row in own if row["label"] == label]
            lines.append(f"{key} = {{ clips = {len(held)}, sources = {len({row['source'] for row in held})} }}")
        lines.append(f"hard_negatives = {{ clips = {sum(row['label'] not in ('generated', 'camera') for row in own)} }}")
        lines.append("")
    return lines


def spent(state: Path) -> dict[str, float]:
    """Processor seconds of each step of training, from the logs."""
    return {path.stem: json.loads(path.read_text().splitlines()[-1])["cpu_s"] for path in sorted((state / "models").glob("*.jsonl")) if path.stat().st_size}


def card(detectors: Path, state: Path, out: Path) -> str:
    fusion = json.loads((out / "fusion.json").read_text())
    with (out / "results" / "protocols.csv").open() as file:
        figures = list(csv.DictReader(file))
    notes = scores.notes(state, "statistics")
    frozen = tomllib.loads((detectors / "split.toml").read_text())
    lines = [
        "# Written by train/card.py out of results/protocols.csv and the files beside it.",
        'name = "traces"',
        f"what = {quoted('Whether a video was made by a generator: ' + ', and '.join(WHAT[name] for name in fusion['experts']) + '.')}",
        'input = "Luma of bursts of four consecutive pictures at native size; crops of 128 x 128 x 4, views of 224 x 224."',
        'output = "A likelihood between 0 and 1 for equal priors, with an interval, or an abstention."',
        f"licence = {quoted(LICENCE + (LITE if 'appearance' in fusion['experts'] else ''))}",
        f"experts = {quoted(fusion['experts'])}",
        f"trees = {{ leaves = {notes['leaves']}, rounds = {notes['rounds']} }}",
        f"camera_at_most = {fusion['camera_at_most']:.4f}",
        f"generated_at_least = {fusion['generated_at_least']:.4f}",
        f"split = {quoted(frozen['split.csv'])}",
        "",
        "[files]",
        *[f"{quoted(name)} = {{ sha256 = {quoted(digest(out / name))}, bytes = {(out / name).stat().st_size} }}" for name in FILES if (out / name).exists()],
        "",
        "[training.processor_seconds]",
        *[f"{name} = {seconds}" for name, seconds in spent(state).items() if name.rstrip("0123") in fusion["experts"]],
        "",
        *counts(detectors, state),
    ]
    for row in figures:
        lines.append("[[figure]]")
        lines.append(f"name = {quoted(row['figure'])}")
        for key in ("value", "low", "high"):
            if row[key] != "nan":
                lines.append(f"{key} = {row[key]}")
        lines.append(f"clips = {row['clips']}")
        lines.append(f"sources = {row['sources']}")
        if row["bar"]:
            lines.append(f"bar = {quoted(row['bar'])}")
            lines.append(f"met = {'true' if row['met'] == 'yes' else 'false'}")
        lines.append("")
    return "\n".join(lines)


def main():
    detectors, state, out = (Path(argument) for argument in sys.argv[1:4])
    text = card(detectors, state, out)
    tomllib.loads(text)
    (out / "card.toml").write_text(text)


if __name__ == "__main__":
    main()
