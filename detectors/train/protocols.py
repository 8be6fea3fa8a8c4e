"""Measures P1 to P12 on the test part and writes tables, curves and figures.

  protocols.py CLIPS DETECTORS STATE OUT      OUT: the models; figures go to OUT/results

Every figure that has sources comes with a 95 % interval by bootstrap over them. Nothing here is fitted but P12's audits, on the training part.
"""

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import audit
import localise
import plots
import scores
from chains import FIXED
from features import Features, by_version, load, target
from figures import auc, calibration_error, interval, true_rate
from fuse import matrix, sigmoid
from plan import AUTOENCODERS, PROCESSED

# What the issue asks for: figure, and whether it should be at least or at most that.
BARS = {
    "P1 native": (0.90, ">="), "P2 native": (0.75, ">="), "P3": (0.85, ">="), "P4 crf28": (0.86, ">="), "P4 crf35": (0.80, ">="),
    "P4 half": (0.80, ">="), "P4 social": (0.75, ">="), "P5 TPR at 5 %": (0.60, ">="), "P5 TPR at 1 %": (0.35, ">="), "P6 ECE": (0.05, "<="),
    "P6 camera accused": (0.02, "<="), "P7 right when answered": (0.95, ">="), "P7 answered": (0.50, ">="), "P8": (0.85, ">="), "P9": (0.85, ">="),
    "P10": (0.80, ">="), "P11 accused": (0.05, "<="), "P12 metadata, matched": (0.60, "<="), "P12 thumbnail, matched": (0.65, "<="),
}  # fmt: skip


@dataclass
class Judged:
    """Versions with the fused answer."""

    features: Features
    p: np.ndarray
    z: np.ndarray
    x: np.ndarray
    fusion: dict
    strange: np.ndarray

    def accused(self) -> np.ndarray:
        return (self.p >= self.fusion["generated_at_least"]) & ~self.strange

    def answered(self) -> np.ndarray:
        return self.accused() | ((self.p <= self.fusion["camera_at_most"]) & ~self.strange)


class Table:
    """Figures by name, each [value, low, high, number of clips, number of sources]."""

    def __init__(self):
        self.rows: dict[str, list] = {}

    def add(self, name: str, figure, sources: np.ndarray, y: np.ndarray):
        value, low, high = interval(figure, sources, y)
        self.rows[name] = [value, low, high, len(y), len(set(sources.astype(str)))]

    def plain(self, name: str, value: float, clips: int, sources: int = 0):
        self.rows[name] = [float(value), float("nan"), float("nan"), int(clips), int(sources)]


def area(z: np.ndarray, y: np.ndarray):
    return lambda rows: auc(z[rows][y[rows] == 1], z[rows][y[rows] == 0])


def fused(judged: Judged, state: Path, suffix: str) -> np.ndarray:
    """Fused log-odds of versions from the experts' scores kept under NAME-suffix."""
    names = judged.fusion["experts"]
    held = np.stack([by_version(judged.features, scores.load(state, f"{name}-{suffix}")) for name in names], axis=1)
    return held @ np.array(judged.fusion["weights"]) + judged.fusion["bias"]


def clips(judged: Judged, chain: str, labels: tuple[str, ...] = ("camera", "generated")) -> np.ndarray:
    """Indices of the test versions of `chain` that could be assessed."""
    f = judged.features
    held = (f.column("part") == "test") & (f.column("kind") == "clip") & (f.column("chain") == chain) & np.isin(f.column("label"), labels)
    return np.flatnonzero(held & ~np.isnan(judged.z))


def per_source(judged: Judged, rows: np.ndarray, out: Path):
    """AUC of each generator against all camera clips, and of each origin its share accused: two tables, and their worst."""
    f, y = judged.features, target(judged.features.versions)
    source, family = f.column("source")[rows], f.column("family")[rows]
    z, accused, answered = judged.z[rows], judged.accused()[rows], judged.answered()[rows]
    generated, camera = y[rows] == 1, y[rows] == 0
    generators, origins = [], []
    for name in sorted(set(source[generated])):
        own = generated & (source == name)
        row = {"generator": name, "family": family[own][0], "clips": int(own.sum()), "auc": round(auc(z[own], z[camera]), 3)}
        generators.append(row | {"called generated": round(float(accused[own].mean()), 3), "answered": round(float(answered[own].mean()), 3)})
    for name in sorted(set(source[camera])):
        own = camera & (source == name)
        row = {"origin": name, "clips": int(own.sum()), "accused": round(float(accused[own].mean()), 3)}
        origins.append(row | {"answered": round(float(answered[own].mean()), 3), "highest": round(float(judged.p[rows][own].max()), 3)})
    for name, table in (("generators", generators), ("origins", origins)):
        if table:
            write(out / f"{name}.csv", table)
    return generators, origins


def write(path: Path, rows: list[dict]):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def overall(judged: Judged, table: Table, out: Path):
    """P1, P4 to P7 and P11."""
    f, y = judged.features, target(judged.features.versions)
    source = f.column("source")
    for chain in [*FIXED, "matched"]:
        rows = clips(judged, chain)
        name = f"P1 {chain}" if chain in ("native", "matched") else f"P4 {chain}"
        table.add(name, area(judged.z[rows], y[rows]), source[rows], y[rows])
        for index, expert in enumerate(judged.fusion["experts"]):
            table.add(f"{name}, {expert} alone", area(judged.x[rows, index], y[rows]), source[rows], y[rows])
    rows = clips(judged, "native")
    p, z, true = judged.p[rows], judged.z[rows], y[rows]
    accused, answered = judged.accused()[rows], judged.answered()[rows]
    for rate, name in ((0.05, "5 %"), (0.01, "1 %")):
        table.add(f"P5 TPR at {name}", lambda k, rate=rate: true_rate(z[k][true[k] == 1], z[k][true[k] == 0], rate), source[rows], true)
    table.add("P6 ECE", lambda k: calibration_error(p[k], true[k]), source[rows], true)
    table.add("P6 camera accused", lambda k: float(accused[k][true[k] == 0].mean()) if (true[k] == 0).any() else np.nan, source[rows], true)
    table.add("P7 answered", lambda k: float(answered[k].mean()), source[rows], true)
    right = accused == (true == 1)
    table.add("P7 right when answered", lambda k: float(right[k][answered[k]].mean()) if answered[k].any() else np.nan, source[rows], true)
    generators, origins = per_source(judged, rows, out)
    if generators:
        areas = [row["auc"] for row in generators]
        table.plain("P1 median generator", np.median(areas), len(rows), len(areas))
        table.plain("P1 worst generator", min(areas), len(rows), len(areas))
    known = [row["accused"] for row in origins if row["clips"] >= 3]
    if known:
        table.plain("P6 worst origin accused", max(known), len(rows), len(known))
    for label in ("camera", "generated"):
        own = clips(judged, "native", (label,))
        table.add(f"strange, {label}", lambda k, own=own: float(judged.strange[own][k].mean()), source[own], np.zeros(len(own)))
    every = judged.accused()
    hard = [clips(judged, "native", (label,)) for label in ("cgi", "cartoon", "screen", "annotated")]
    hard += [np.flatnonzero((f.column("part") == "test") & (f.column("kind") == kind) & ~np.isnan(judged.z)) for kind in PROCESSED]
    both = np.concatenate(hard)
    if len(both):
        table.add("P11 accused", lambda k: float(every[both][k].mean()), source[both], np.zeros(len(both)))
    for name, rows in zip(("cgi", "cartoon", "screen", "annotated", *PROCESSED), hard, strict=True):
        if len(rows):
            table.plain(f"P11 accused, {name}", every[rows].mean(), len(rows), len(set(source[rows])))
    plots.curves(out / "roc.svg", {chain: split(judged, chain) for chain in ("native", "crf28", "crf35", "half", "social", "matched")})
    plots.calibration(out / "reliability.svg", p, true)


def split(judged: Judged, chain: str) -> tuple[np.ndarray, np.ndarray]:
    rows = clips(judged, chain)
    y = target(judged.features.versions)[rows]
    return judged.z[rows][y == 1], judged.z[rows][y == 0]


def listed_pairs(detectors: Path) -> list[dict]:
    with (detectors / "pairs.csv").open() as file:
        return list(csv.DictReader(file))


def within_pages(judged: Judged, detectors: Path, chain: str, z: np.ndarray) -> list[dict]:
    """Of each page with matched pairs the AUC within it, by the scores `z` of versions, NaN where there is none."""
    f = judged.features
    place = {f.versions[k]["file"]: k for k in np.flatnonzero((f.column("kind") == "clip") & (f.column("chain") == chain) & ~np.isnan(z))}
    pages: dict[str, list[dict]] = {}
    for row in listed_pairs(detectors):
        if row["file"] in place:
            pages.setdefault(row["page"], []).append(row)
    found = []
    for page, rows in sorted(pages.items()):
        held = np.array([z[place[row["file"]]] for row in rows])
        y = np.array([row["label"] == "generated" for row in rows])
        area = auc(held[y], held[~y])
        if np.isfinite(area):
            found.append({"page": page, "part": rows[0]["part"], "camera": int((~y).sum()), "generated": int(y.sum()), "auc": round(area, 3)})
    return found


def pairs(judged: Judged, detectors: Path, table: Table, out: Path):
    """P2: the mean over pages of the AUC within a page; pages of the test part, and all pages with out-of-fold scores for the others."""
    for chain in ("native", "crf28"):
        found = within_pages(judged, detectors, chain, judged.z)
        if chain == "native" and found:
            write(out / "pairs.csv", found)
        for name, kept in ((f"P2 {chain}", [row for row in found if row["part"] == "test"]), (f"P2 {chain}, all pages", found)):
            areas = np.array([row["auc"] for row in kept])
            names = np.array([row["page"] for row in kept], object)
            if len(kept):
                table.add(name, lambda k, areas=areas: float(areas[k].mean()), names, np.zeros(len(kept)))
                table.rows[name][3] = sum(row["camera"] + row["generated"] for row in kept)


def reconstructions(judged: Judged, state: Path, table: Table):
    """P3: each autoencoder's reconstructions against the windows they were made from, by models that never saw that autoencoder."""
    f, source = judged.features, judged.features.column("source")
    vae, unseen, areas = f.column("vae"), fused(judged, state, "unseen"), []
    for name in AUTOENCODERS:
        windows = fused(judged, state, f"windows-{name}")
        rows = np.flatnonzero((vae == name) & (f.column("kind") == "redrawn") & ~np.isnan(unseen))
        own = np.flatnonzero(~np.isnan(windows))
        if not len(rows) or not len(own):
            continue
        z = np.concatenate([unseen[rows], windows[own]])
        y = np.r_[np.ones(len(rows)), np.zeros(len(own))].astype(int)
        table.add(f"P3 {name}", area(z, y), np.concatenate([source[rows], source[own]]), y)
        areas.append(table.rows[f"P3 {name}"])
    if areas:
        mean = np.array(areas, float).mean(axis=0)
        # The intervals of the mean are not the mean of intervals: that is wider, as the same clips are in all five.
        table.rows["P3"] = [*mean[:3].tolist(), int(sum(row[3] for row in areas)), int(areas[0][4])]


def newest(judged: Judged, state: Path, table: Table):
    """P8: generators of the newest year by models that know older ones only, against the test part's camera clips."""
    f, z = judged.features, fused(judged, state, "older")
    clip = (f.column("kind") == "clip") & (f.column("chain") == "native") & ~np.isnan(z)
    y = target(f.versions)
    rows = np.flatnonzero(clip & ((f.column("year") == "newest") | ((f.column("part") == "test") & (f.column("label") == "camera"))))
    if len(set(y[rows])) == 2:
        table.add("P8", area(z[rows], y[rows]), f.column("source")[rows], y[rows])


def places(judged: Judged, state: Path, out: Path, table: Table):
    """P9 and P10."""
    z, y, sources = localise.in_time(judged.features, scores.load(state, "fused"))
    if len(set(y)) == 2:
        # Sources are resampled, not bursts: a clip's two halves stay together.
        table.add("P9", area(z, y), sources, np.zeros(len(y)))
    known = [(name, w) for name, w in zip(judged.fusion["experts"], judged.fusion["weights"], strict=True) if name in ("spatial", "temporal")]
    if known:
        areas, sources = localise.in_space(judged.features, out, [name for name, _ in known], [w for _, w in known])
        if len(areas):
            table.add("P10", lambda k: float(areas[k].mean()), sources, np.zeros(len(areas)))


def audited(judged: Judged, clips: Path, state: Path, table: Table):
    """P12: what file facts and thumbnails alone can tell of the same test clips."""
    f, y = judged.features, target(judged.features.versions)
    for chain, models in audit.audits(f, clips, state).items():
        for name, z in models.items():
            rows = np.flatnonzero(~np.isnan(z))
            if len(rows):
                table.add(f"P12 {name}, {chain}", area(z[rows], y[rows]), f.column("source")[rows], y[rows])


def judge(state: Path, out: Path) -> Judged:
    features, fusion = load(state), json.loads((out / "fusion.json").read_text())
    x = matrix(state, features, fusion["experts"])
    z = x @ np.array(fusion["weights"]) + fusion["bias"]
    most, path = np.inf, out / "familiar.json"
    if path.exists():
        most = json.loads(path.read_text())["most"]
    with np.errstate(invalid="ignore"):
        strange = scores.load(state, "familiar") > most
    return Judged(features, sigmoid(z), z, x, fusion, strange)


def main():
    clips, detectors, state, out = (Path(argument).resolve() for argument in sys.argv[1:5])
    results = out / "results"
    results.mkdir(parents=True, exist_ok=True)
    judged, table = judge(state, out), Table()
    overall(judged, table, results)
    pairs(judged, detectors, table, results)
    reconstructions(judged, state, table)
    newest(judged, state, table)
    places(judged, state, out, table)
    audited(judged, clips, state, table)
    rows = []
    for name, (value, low, high, count, sources) in table.rows.items():
        bar, way = BARS.get(name, (None, ""))
        met = "" if bar is None or not np.isfinite(value) else "yes" if (value >= bar if way == ">=" else value <= bar) else "no"
        numbers = {"value": f"{value:.3f}", "low": f"{low:.3f}", "high": f"{high:.3f}", "clips": count, "sources": sources}
        rows.append({"figure": name, **numbers, "bar": "" if bar is None else f"{way} {bar}", "met": met})
        print(f"{name}: {value:.3f} ({low:.3f} to {high:.3f}), {count} of {sources} sources {rows[-1]['bar']} {met}")
    write(results / "protocols.csv", rows)


if __name__ == "__main__":
    main()
