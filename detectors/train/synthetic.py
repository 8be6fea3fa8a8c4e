"""A made-up state for tests: clips whose statistics and whose crops' noise tell the label, in every kind of version there is."""

import csv
import json
from pathlib import Path

import numpy as np

import chains
import features
import plan
import split

STATISTICS = 5


def rows(count: int) -> list[dict]:
    """Rows as of split.csv, six sources of each label in train, six in test, two in calibrate; all newest generators in fold 0."""
    made = []
    for number in range(count):
        source = number % 28
        label = "generated" if source % 2 else "camera"
        part = "train" if source < 14 else "test" if source < 24 else "calibrate"
        fold = source // 2 % 4 if part == "train" else -1
        year = "" if label == "camera" else "newest" if part != "train" or fold == 0 else "older"
        made.append({"file": f"clips/{number}.mp4", "label": label, "family": "dit" if source % 2 else "camera", "source": f"{label}{source}"})
        made[-1] |= {"group": f"group{source}", "part": part, "fold": fold, "year": year, "repo": f"page{source // 4}", "reason": ""}
    made.append({**made[16], "file": "clips/cgi.mp4", "label": "cgi", "family": "cgi", "source": "cgi"})
    return made


def versions(of: list[dict]) -> list[dict]:
    made = []
    for row in of:
        names = [*chains.FIXED, "matched"] if row["part"] == "test" else ["native", "drawn0"]
        made += [plan.base(row, "clip", chain=name) for name in names]
        if row["label"] != "camera":
            continue
        shared = {"tuple": f"{row['file']}:windows", "chain": "drawn", "crop": [0, 0, 256, 128]}
        made.append(plan.base(row, "window", **shared))
        for vae in plan.AUTOENCODERS:
            made.append(plan.base(row, "redrawn", **shared, vae=vae) | {"label": "generated", "family": "reconstruction", "year": ""})
        if row["part"] == "test":
            made += [plan.base(row, kind, **shared) for kind in plan.PROCESSED]
            made.append(plan.base(row, "region", **shared, box=[64, 32, 96, 64]) | {"label": "region"})
            made.append(plan.base(row, "spliced", cut=0.4, swapped=False, **shared) | {"label": "spliced"})
    for version in made:
        version["id"] = plan.name_of(version)
    return made


def noise(lot: np.random.Generator, version: dict, burst: int) -> tuple[bool, np.ndarray]:
    """(generated, crops (2, 4, 128, 128)) of a burst: generated pictures have less noise."""
    fake = version["label"] == "generated" or (version["kind"] == "spliced" and burst == 1)
    spread = np.full((128, 256), 3.0 if fake else 12.0)
    if version["kind"] == "region":
        x, y, width, height = version["box"]
        spread[y : y + height, x : x + width] = 3.0
    picture = lot.normal(128, 1, (4, 128, 256)) * 1.0 + lot.normal(0, 1, (4, 128, 256)) * spread
    return fake, np.stack([picture[..., :128], picture[..., 128:]]).clip(0, 255)


def made(seed: int, clips: int = 28) -> features.Features:
    lot, of = np.random.default_rng(seed), versions(rows(clips))
    owner, statistics, crops, views = [], [], [], []
    for index, version in enumerate(of):
        for burst in range(2):
            fake, pictures = noise(lot, version, burst)
            owner.append(index)
            statistics.append(lot.normal(fake * 1.5, 1, STATISTICS))
            crops.append(pictures)
            # Both views: the first picture, mirrored to the size.
            first = np.concatenate([pictures[0, 0], pictures[1, 0]], axis=1)[:, :224]
            views.append(np.stack([np.pad(first, ((0, 96), (0, 0)), mode="reflect")] * 2))
    places = np.tile([[[0, 0], [128, 0]]], (len(owner), 1, 1))
    files = np.tile([256.0, 128.0, 8.0, 1.0, 9000.0], (len(of), 1))
    names = [f"s{k}" for k in range(STATISTICS)]
    start = np.tile([0.0, 0.5], len(of))
    return features.Features(
        of, names, np.array(owner, np.int32), start, np.array(statistics, np.float32), places, files, np.concatenate(crops).astype(np.uint8),
        np.stack(views).astype(np.uint8),
    )


def write(state: Path, detectors: Path, held: features.Features, clips: int = 28):
    """The same as files: a state as `observe.py` leaves it, and a folder with a split and pairs."""
    folder = state / "features"
    folder.mkdir(parents=True)
    (state / "plan.jsonl").write_text("".join(json.dumps(version) + "\n" for version in held.versions))
    np.savez(folder / "bursts.npz", names=held.names, version=held.version, start=held.start, statistics=held.statistics, places=held.places)
    np.savez(folder / "files.npz", files=held.files)
    np.save(folder / "crops.npy", held.crops)
    np.save(folder / "views.npy", held.views)
    lot = np.random.default_rng(0)
    np.savez(folder / "thumbnails.npz", thumbnails=lot.random((len(held.versions), 3072), np.float32))
    of = rows(clips)
    split.write(detectors / "split.csv", split.FIELDS, of)
    listed = [{"page": row["repo"], "file": row["file"], "label": row["label"], "part": row["part"]} for row in of if row["label"] != "cgi"]
    split.write(detectors / "pairs.csv", ["page", "file", "label", "part"], listed)
    names = ("split.csv", "pairs.csv")
    (detectors / "split.toml").write_text("".join(f'"{name}" = "{split.digest(detectors / name)}"\n' for name in names))
    with (detectors / "split.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(of)
