"""What `observe.py` packed, with what split and plan say of each clip: the view that all experts and protocols share."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import plan


@dataclass
class Features:
    """Bursts of all versions. `version` (n,) is each burst's place in `versions`; bursts of a version follow each other."""

    versions: list[dict]
    names: list[str]
    version: np.ndarray
    start: np.ndarray
    statistics: np.ndarray
    places: np.ndarray
    files: np.ndarray
    crops: np.ndarray
    views: np.ndarray
    _columns: dict = field(default_factory=dict)

    @property
    def each(self) -> int:
        """Crops of a burst; those of burst b are rows b * each and following of `crops`."""
        return self.places.shape[1]

    def column(self, key: str, default="") -> np.ndarray:
        """`key` of every version, as an array of objects."""
        if key not in self._columns:
            self._columns[key] = np.array([version.get(key, default) for version in self.versions], object)
        return self._columns[key]

    def of(self, key: str, default="") -> np.ndarray:
        """`key` of every burst's version."""
        return self.column(key, default)[self.version]

    def hold(self, chosen: np.ndarray) -> np.ndarray:
        """Of a mask over versions the mask over their bursts."""
        return chosen[self.version]


def load(state: Path) -> Features:
    folder = state / "features"
    with np.load(folder / "bursts.npz") as held:
        arrays = {name: held[name] for name in ("version", "start", "statistics", "places")}
        names = [str(name) for name in held["names"]]
    with np.load(folder / "files.npz") as held:
        files = held["files"]
    crops, views = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("crops", "views"))
    return Features(plan.load(state), names, **arrays, files=files, crops=crops, views=views)


def target(versions: list[dict]) -> np.ndarray:
    """1 generated, 0 camera and hard negatives, -1 what is neither (regions, splices)."""
    return np.array([1 if v["label"] == "generated" else -1 if v["label"] in ("region", "spliced") else 0 for v in versions])


def weights(versions: list[dict], chosen: np.ndarray, shares: dict[str, float]) -> np.ndarray:
    """Weights of versions, 0 where not `chosen`: kinds as in `shares`, within a kind each source the same, within it each clip, within it
    each version. The two classes weigh the same, and all together as many as there are versions."""
    y = target(versions)
    tree: dict = {}
    for index in np.flatnonzero(chosen & (y >= 0)):
        version = versions[index]
        strand = strand_of(version)
        source = version["vae"] if strand == "redrawn" else version["source"]
        tree.setdefault(int(y[index]), {}).setdefault(strand, {}).setdefault(source, {}).setdefault(version["file"], []).append(index)
    out = np.zeros(len(versions))
    for strands in tree.values():
        total = sum(shares[strand] for strand in strands)
        for strand, sources in strands.items():
            for files in sources.values():
                for rows in files.values():
                    out[rows] = shares[strand] / total / len(sources) / len(files) / len(rows)
    return out * (chosen.sum() / max(out.sum(), 1e-12))


def strand_of(version: dict) -> str:
    if version["kind"] == "redrawn":
        return "redrawn"
    if version["kind"] in plan.PROCESSED:
        return "processed"
    return version["label"] if version["label"] in ("camera", "generated") else "hard"


# How much each strand of a class is worth in training.
SHARES = {"generated": 0.8, "redrawn": 0.2, "camera": 0.75, "processed": 0.1, "hard": 0.15}


def by_version(features: Features, scores: np.ndarray) -> np.ndarray:
    """Each version's median of its bursts' log-odds, as the program takes it; NaN without bursts or where a score is NaN."""
    out = np.full(len(features.versions), np.nan)
    edges = np.flatnonzero(np.diff(features.version, prepend=-1, append=-1))
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        out[features.version[first]] = np.median(scores[first:last])
    return out


def save_json(path: Path, value):
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, separators=(",", ":")) + "\n")
    partial.rename(path)
