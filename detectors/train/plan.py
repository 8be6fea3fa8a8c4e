"""Which versions of which clips are made: drawn once from a seed, written to STATE/plan.jsonl, never drawn again.

A version is a dictionary: `id`; `kind`; `file` of the clip (`other` of a second one); `label`, `family`, `source`, `group`,
`part`, `fold`, `year` as in split.csv; `tuple`, shared by versions with the same pictures and chain; `chain`, a name, and its `steps`;
`crop` [x, y, width, height] in samples, `thin` (every so manyth picture), `pictures` at most, `stretch` of times;
`vae` and `box` [x, y, width, height] in the crop where they are redrawn; `cut`, the second at which a spliced clip changes.

`whole`, where it is of the whole picture of which the clip shows the middle, in front of whose chain it is made small.

Kinds: `clip`, as it is but for crop and chain; `window`, a small camera window; `redrawn`, that window through an autoencoder;
`upscaled`, `interpolated`, `denoised`, that window after such processing, still camera; `region`, redrawn within `box` only;
`spliced`, camera and generated footage one after the other.
"""

import collections
import csv
import hashlib
import json
import math
import random
import sys
from pathlib import Path

import chains
from chains import LEAST_SIDE, even
from groups import YEAR

SEED = 20261129
# Drawn versions of each training clip, and most pictures of each.
DRAWN, PICTURES = 2, 24
# Side and pictures of the windows that are redrawn: an autoencoder takes half a second a picture.
WINDOW, WINDOW_PICTURES = 256, 8
AUTOENCODERS = ("taesd", "taesdxl", "taesd3", "taef1", "taef2")
PROCESSED = ("upscaled", "interpolated", "denoised")
# Test clips, at most two of a source, of which windows, regions and splices are made.
TESTED = 40
# Pictures are spread to 8 a second, so that the observer's bursts, two a second of four pictures, use them all.
RATE = 8
# Length of every clip of the index, seconds.
SECONDS = 1.7


def lot_of(*parts) -> random.Random:
    return random.Random(hashlib.sha256(repr((SEED, *parts)).encode()).digest())


def name_of(version: dict) -> str:
    keys = ("kind", "file", "other", "chain", "vae", "tuple")
    return hashlib.sha256("|".join(str(version.get(key, "")) for key in keys).encode()).hexdigest()[:16]


class Shapes:
    """Width, height and rate of generated clips, drawn by source: what camera clips are cut down to, so that neither class is larger."""

    def __init__(self, rows: list[dict]):
        self.by_source = collections.defaultdict(list)
        for row in rows:
            if row["label"] == "generated" and row["part"] == "train":
                self.by_source[row["source"]].append((row["width"], row["height"], row["frames"]))

    def drawn(self, lot: random.Random, width: int, height: int) -> tuple[int, int, int]:
        """Width, height and pictures as those of some generated clip, turned like `width` x `height` and not larger; no side too small to judge."""
        target = lot.choice(self.by_source[lot.choice(sorted(self.by_source))])
        long, short = max(target[:2]), min(target[:2])
        wide = (long, short) if width >= height else (short, long)
        return *(max(min(own, LEAST_SIDE), min(own, most)) for own, most in zip((width, height), wide, strict=True)), target[2]

    def crop(self, lot: random.Random, row: dict) -> tuple[list[int], int, int]:
        """(crop, thin, pictures) for `row`; generated clips keep theirs."""
        width, height, frames = row["width"], row["height"], row["frames"]
        if row["label"] != "generated" and self.by_source:
            width, height, most = self.drawn(lot, width, height)
            thin = max(1, min(round(frames / most), frames // 12))
        else:
            most, thin = frames, 1
        left = (row["width"] - width) // 2 * 2
        top = (row["height"] - height) // 2 * 2
        place = [lot.randrange(0, left + 1, 2), lot.randrange(0, top + 1, 2), even(width), even(height)]
        return place, thin, min(frames // thin, max(12, most), PICTURES)


def versions(rows: list[dict], more: list[dict] = ()) -> list[dict]:
    """All versions of `rows`, and of `more` training clips, which change nothing of what is drawn for the others."""
    shapes = Shapes(rows)
    made = [version for row in more for version in trained(row, shapes)]
    for row in rows:
        if row["part"] == "test":
            made += tested(row, shapes)
        else:
            made += trained(row, shapes)
    some = few([row for row in rows if row["part"] == "test" and row["label"] == "camera"])
    for row in some:
        made += windows(row, AUTOENCODERS, PROCESSED, 0) + [region(row)]
    made += spliced(some, few([row for row in rows if row["part"] == "test" and row["label"] == "generated"]))
    for version in made:
        version["id"] = name_of(version)
    return made


def few(rows: list[dict]) -> list[dict]:
    """At most `TESTED` rows, at most two of a source, with sides of at least 192 and 20 pictures."""
    taken, kept = collections.Counter(), []
    for row in sorted(rows, key=lambda row: hashlib.sha256(row["file"].encode()).digest()):
        if taken[row["source"]] < 2 and min(row["width"], row["height"]) >= 192 and row["frames"] >= 2 * WINDOW_PICTURES:
            taken[row["source"]] += 1
            kept.append(row)
    return kept[:TESTED]


def base(row: dict, kind: str, **more) -> dict:
    same = {key: row[key] for key in ("file", "label", "family", "source", "group", "part", "fold", "year")}
    return {"kind": kind, **same, "tuple": f"{row['file']}:{kind}", "chain": "native", "steps": [], "thin": 1, "stretch": 1.0, **more}


def equalised(row: dict, shapes: Shapes, name: str, stretch: bool) -> dict:
    lot = lot_of(name, row["file"])
    crop, thin, pictures = shapes.crop(lot, row)
    steps = chains.drawn(lot, crop[2], crop[3], pictures)
    rate = row["frames"] / SECONDS / thin
    times = rate / RATE if stretch else 1.0
    return base(row, "clip", chain=name, tuple=f"{row['file']}:{name}", crop=crop, thin=thin, pictures=pictures, steps=steps, stretch=times)


def shrunk(row: dict, shapes: Shapes, name: str) -> dict:
    """The whole picture of a camera clip in the shape of a generated one, encoded once before the chain: what somebody shows who edits footage or
    posts it. A crop of the same footage at native size is softer and closer than anything a generator makes, and would teach that sharp is generated."""
    lot = lot_of(name, row["file"])
    _, _, frames = row["whole"]
    width, height, most = shapes.drawn(lot, *row["whole"][:2])
    width, height = even(width), even(height)
    thin = max(1, min(round(frames / most), frames // 12))
    pictures = min(frames // thin, max(12, most), PICTURES)
    kernel = lot.choice(("bicubic", "bilinear", "lanczos", "area"))
    fit = [f"scale={width}:{height}:force_original_aspect_ratio=increase:flags={kernel}", f"crop={width}:{height}"]
    first = {"filters": fit, "codec": [*chains.X264, "-crf", f"{lot.randint(16, 26)}", "-preset", "veryfast"]}
    steps = [first, *chains.drawn(lot, width, height, pictures)]
    times = frames / SECONDS / thin / RATE
    return base(row, "clip", chain=name, tuple=f"{row['file']}:{name}", whole=True, thin=thin, pictures=pictures, steps=steps, stretch=times)


def trained(row: dict, shapes: Shapes) -> list[dict]:
    made = [base(row, "clip")] + [equalised(row, shapes, f"drawn{number}", True) for number in range(DRAWN)]
    if row.get("whole"):
        made += [shrunk(row, shapes, f"whole{number}") for number in range(DRAWN)]
    if row["label"] == "camera" and min(row["width"], row["height"]) >= 192 and row["frames"] >= WINDOW_PICTURES:
        lot = lot_of("window", row["file"])
        made += windows(row, lot.sample(AUTOENCODERS, 2), [lot.choice(PROCESSED)], 1)
    return made


def tested(row: dict, shapes: Shapes) -> list[dict]:
    fixed = [base(row, "clip", chain=name, tuple=f"{row['file']}:{name}", steps=steps) for name, steps in chains.FIXED.items()]
    return [*fixed, equalised(row, shapes, "matched", False)]


def windows(row: dict, autoencoders, processed, number: int) -> list[dict]:
    """A camera window, its reconstructions and its processed copies, all through one chain."""
    lot = lot_of("windows", row["file"], number)
    side = [min(WINDOW, own // 16 * 16) for own in (row["width"], row["height"])]
    place = [lot.randrange(0, row[key] - own + 1) // 2 * 2 for key, own in zip(("width", "height"), side, strict=True)]
    steps = chains.drawn(lot, *side, WINDOW_PICTURES, most=30)
    thin = lot.choice([k for k in (1, 2, 3) if row["frames"] // k >= WINDOW_PICTURES])
    rate = row["frames"] / SECONDS / thin
    shared = {
        "tuple": f"{row['file']}:windows{number}", "chain": "drawn", "steps": steps, "crop": [*place, *side], "thin": thin, "pictures": WINDOW_PICTURES,
        "stretch": rate / RATE,
    }
    made = [base(row, "window", **shared)] + [base(row, kind, **shared) for kind in processed]
    for vae in autoencoders:
        made.append(base(row, "redrawn", **shared, vae=vae) | {"label": "generated", "family": "reconstruction", "year": ""})
    return made


def region(row: dict) -> dict:
    lot = lot_of("region", row["file"])
    vae = lot.choice(AUTOENCODERS)
    version = windows(row, [vae], [], 2)[-1]
    width, height = version["crop"][2:]
    side = [lot.randrange(own * 3 // 8, own * 5 // 8) // 8 * 8 for own in (width, height)]
    place = [lot.randrange(0, whole - own + 1) for whole, own in zip((width, height), side, strict=True)]
    # Not scaled, so that the box stays where it is.
    steps = [{"filters": [], "codec": [*chains.X264, "-crf", "23"]}]
    return version | {"kind": "region", "label": "region", "box": [*place, *side], "steps": steps, "chain": "crf23", "tuple": f"{row['file']}:region"}


def spliced(camera: list[dict], generated: list[dict]) -> list[dict]:
    """Camera and generated footage of one size after each other, in either order, 25 pictures a second."""
    made = []
    for index, (first, second) in enumerate(zip(camera, generated, strict=False)):
        side = [min(first[key], second[key], 384) // 16 * 16 for key in ("width", "height")]
        count = min(first["frames"], second["frames"], 38)
        row = {**first, "label": "spliced"}
        steps = [{"filters": [], "codec": [*chains.X264, "-crf", "23"]}]
        made.append(
            base(
                row, "spliced", other=second["file"], chain="crf23", tuple=f"{first['file']}:spliced", crop=[0, 0, *side], pictures=count, steps=steps,
                cut=count / 25, swapped=bool(index % 2),
            )
        )
    return made


def read_rows(clips: Path, detectors: Path, share: float) -> list[dict]:
    """The rows of split.csv that are in a part, with the sizes of index.csv; of each part, fold and label `share`, at least one, by a hash
    of the name."""
    with (clips / "index.csv").open() as file:
        sizes = {row["file"]: row for row in csv.DictReader(file)}
    with (detectors / "split.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["part"] != "none"]
    strata = collections.defaultdict(list)
    for row in rows:
        strata[row["part"], row["fold"], row["label"]].append(row)
    chosen = set()
    for stratum in strata.values():
        stratum.sort(key=lambda row: hashlib.sha256(row["file"].encode()).digest())
        chosen |= {row["file"] for row in stratum[: math.ceil(share * len(stratum))]}
    kept = []
    for row in rows:
        if row["file"] in chosen:
            numbers = {key: int(sizes[row["file"]][key]) for key in ("width", "height", "frames")}
            kept.append(row | numbers | {"fold": int(row["fold"])})
    unknown = {row["source"] for row in kept if row["label"] == "generated"} - YEAR.keys()
    if unknown:
        raise SystemExit(f"generators without a year in groups.py: {sorted(unknown)}")
    return kept


def read_more(detectors: Path) -> list[dict]:
    """The rows of more.csv: training clips that were gathered after the division was frozen."""
    path = detectors / "more.csv"
    if not path.exists():
        return []
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == "train"]
    return [row | {key: int(row[key]) for key in ("width", "height", "frames", "fold")} for row in rows]


def with_wholes(rows: list[dict], detectors: Path) -> list[dict]:
    """`rows` with (width, height, frames) of the whole picture where whole.csv lists one."""
    path = detectors / "whole.csv"
    if not path.exists():
        return rows
    with path.open() as file:
        listed = {row["file"]: tuple(int(row[key]) for key in ("width", "height", "frames")) for row in csv.DictReader(file)}
    return [row | ({"whole": listed[row["file"]]} if row["file"] in listed else {}) for row in rows]


def load(state: Path) -> list[dict]:
    return [json.loads(line) for line in (state / "plan.jsonl").read_text().splitlines()]


def main():
    clips, detectors, state = (Path(argument) for argument in sys.argv[1:4])
    share = float(sys.argv[4]) if len(sys.argv) > 4 else 1.0
    out = state / "plan.jsonl"
    if out.exists():
        return
    made = versions(*(with_wholes(rows, detectors) for rows in (read_rows(clips, detectors, share), read_more(detectors))))
    state.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".partial")
    partial.write_text("".join(json.dumps(version) + "\n" for version in made))
    partial.rename(out)
    print(f"{len(made)} versions of {len({version['file'] for version in made})} clips")


if __name__ == "__main__":
    main()
