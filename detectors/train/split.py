"""Divides the clips into train, calibrate and test by group, once and for all.

  split.py CLIPS OUT      CLIPS: the folder of index.csv; OUT: where split.csv, same-footage.csv, pairs.csv, split.toml are written

A group is everything that shares a generator, an origin, a page or footage (`groups.py`, `hashes.py`). Groups are dealt out so
that each part has about its share of the clips of each label and family of generators.
What exists is only checked, never overwritten: results on a split that changed are worth nothing.
"""

import collections
import csv
import hashlib
import random
import sys
from pathlib import Path

from groups import LEFT_OUT, PINNED, RELABELLED, YEAR, grouped
from hashes import all_views, same_footage

# Of the groups that are dealt out; with the pinned ones about 60, 10 and 30 % of all clips.
SHARES = {"train": 0.68, "calibrate": 0.12, "test": 0.20}
FOLDS = 4
SEED = 20261129
# Two camera clips at least this alike are one clip under two names; one of them is left out.
IDENTICAL = 0.985
FIELDS = ["file", "label", "family", "source", "repo", "group", "part", "fold", "year", "reason"]


def read_index(clips: Path) -> list[dict]:
    with (clips / "index.csv").open() as file:
        return list(csv.DictReader(file))


def stem(row: dict) -> str:
    return Path(row["file"]).stem


def kinds(rows: list[dict]) -> collections.Counter:
    """Clips of a group by what parts are balanced by: the family of generators, camera, or hard negative."""
    return collections.Counter(row["family"] if row["label"] == "generated" else row["label"] if row["label"] == "camera" else "other" for row in rows)


def drawn(groups: dict[str, list[dict]]) -> dict[str, tuple[str, int]]:
    """(part, fold) of each group; the fold is -1 outside train.

    The groups that aren't pinned are dealt out in their own shares, so that the test part has many small origins beside its pinned
    group. Large groups are placed first, and each goes where its kinds of clips have the most room left.
    """
    names = sorted(groups)
    random.Random(SEED).shuffle(names)
    names.sort(key=lambda name: -len(groups[name]))
    pinned = {name: PINNED[row["source"]] for name in names for row in groups[name] if row["source"] in PINNED}
    free = [name for name in names if name not in pinned]
    totals = kinds([row for name in free for row in groups[name]])
    held = {part: collections.Counter() for part in SHARES}
    folds = {fold: collections.Counter() for fold in range(FOLDS)}

    def room(group, share, holder):
        return sum(count * (share - (holder[kind] + count / 2) / totals[kind]) for kind, count in group.items())

    chosen = dict(pinned)
    for name, (_, fold) in pinned.items():
        if fold >= 0:
            folds[fold].update(kinds(groups[name]))
    for name in free:
        group = kinds(groups[name])
        part, fold = max(SHARES, key=lambda part: room(group, SHARES[part], held[part])), -1
        held[part].update(group)
        if part == "train":
            fold = max(folds, key=lambda fold: room(group, SHARES["train"] / FOLDS, folds[fold]))
            folds[fold].update(group)
        chosen[name] = (part, fold)
    return chosen


def doubles(rows: list[dict], same: list[tuple[int, int, float]]) -> dict[int, str]:
    """Rows that are another row again: the later of two camera clips that are identical, and why it is left out."""
    found = {}
    for a, b, correlation in same:
        alike = correlation >= IDENTICAL and rows[a]["label"] == rows[b]["label"] != "generated"
        if alike and a not in found:
            found[b] = f"same as {stem(rows[a])}"
    return found


def pairs(split: list[dict]) -> list[dict]:
    """Pages (repositories, with those of one project together) that show camera clips beside generated ones: P2's matched pairs."""
    pages = collections.defaultdict(list)
    together = {
        "williamyang1991/FRESCO": "williamyang1991/williamyang1991.github.io",
        "williamyang1991/Rerender_A_Video": "williamyang1991/williamyang1991.github.io",
        "rehg-lab/RAVE": "rave-video/rave-video.github.io",
        "omerbt/TokenFlow": "rave-video/rave-video.github.io",
        "YBYBZhang/ControlVideo": "controlvideov1/controlvideov1.github.io",
        "showlab/Tune-A-Video": "duyguceylan/pix2video.github.io",
        "physics-iq/physics-iq.github.io": "ved015/CogVideoX-5b-Physics_iq_benchmarking",
    }
    for row in split:
        if row["part"] != "none" and row["label"] in ("camera", "generated"):
            page = together.get(row["repo"], row["repo"])
            # This page's other clips come from text, not from its camera clips.
            if page != "guoyww/guoyww.github.io" or row["source"] == "videorepainter":
                pages[page].append(row)
    return [
        {"page": page, "file": row["file"], "label": row["label"], "part": row["part"]}
        for page, rows in sorted(pages.items())
        if len({row["label"] for row in rows}) == 2
        for row in rows
    ]


def write(path: Path, fields: list[str], rows: list[dict]):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check(out: Path):
    """Raises `SystemExit` where a frozen file is not the one whose digest was written."""
    frozen = dict(line.split(" = ") for line in (out / "split.toml").read_text().splitlines() if " = " in line)
    for key, value in frozen.items():
        name = key.strip('"')
        if name.endswith(".csv") and digest(out / name) != value.strip('"'):
            raise SystemExit(f"{out / name} is not the frozen one")


def make(clips: Path, out: Path):
    rows = read_index(clips)
    for row in rows:
        row["label"] = RELABELLED.get(stem(row), row["label"])
    places = [(clips.parent / row["file"], int(row["frames"])) for row in rows]
    same = same_footage(all_views(places, 2))
    again = doubles(rows, same)
    names = grouped(rows, same)
    groups = collections.defaultdict(list)
    for index, (row, group) in enumerate(zip(rows, names, strict=True)):
        row["group"] = group
        row["reason"] = LEFT_OUT.get(stem(row)) or again.get(index, "")
        if not row["reason"]:
            groups[group].append(row)
    chosen = drawn(groups)
    for row in rows:
        row["part"], row["fold"] = ("none", -1) if row["reason"] else chosen[row["group"]]
        year = YEAR[row["source"]] if row["label"] == "generated" else None
        row["year"] = "" if year is None else "newest" if year >= 2025 else "older"
    split = [{field: row[field] for field in FIELDS} for row in rows]
    write(out / "split.csv", FIELDS, split)
    write(out / "pairs.csv", ["page", "file", "label", "part"], pairs(split))
    found = [{"a": rows[a]["file"], "b": rows[b]["file"], "correlation": f"{c:.3f}"} for a, b, c in same]
    write(out / "same-footage.csv", ["a", "b", "correlation"], found)
    files = ("split.csv", "pairs.csv", "same-footage.csv")
    text = "# Digests (SHA-256) of the frozen division; `split.py` refuses to go on with any other.\n"
    (out / "split.toml").write_text(text + "".join(f'"{name}" = "{digest(out / name)}"\n' for name in files))


def main():
    clips, out = Path(sys.argv[1]), Path(sys.argv[2])
    if not (out / "split.toml").exists():
        make(clips, out)
    check(out)


if __name__ == "__main__":
    main()
