"""Training clips gathered after the division was frozen: which they are, and how to cut them again from public repositories.

  more.py list GATHERED... CLIPS DETECTORS     writes DETECTORS/more.csv from folders of clips with an index.csv each
  more.py cut DETECTORS REPOSITORIES CLIPS     cuts the clips of more.csv anew into the folder CLIPS

REPOSITORIES holds each repository as OWNER+NAME (bare or not). A gathered clip is trained on only where it shares neither generator, repository
nor footage with any clip of the calibration or test part.
"""

import collections
import csv
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from groups import YEAR, Union
from hashes import all_views, same_footage
from split import FOLDS, write

FIELDS = [
    "file", "label", "family", "source", "repo", "group", "part", "fold", "year", "reason", "width", "height", "frames", "crop", "commit", "src_path",
    "license",
]  # fmt: skip
NEWEST_FOLD = 0


def read(path: Path) -> list[dict]:
    with path.open() as file:
        return list(csv.DictReader(file))


def folds(groups: dict[str, list[dict]]) -> dict[str, int]:
    """The fold of each group: that of the newest generators for what holds one, else by a hash of the name."""
    chosen = {}
    for name, rows in groups.items():
        newest = any(row["year"] == "newest" for row in rows)
        by_name = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % FOLDS
        chosen[name] = NEWEST_FOLD if newest else by_name
    return chosen


def listed(gathered: list[Path], clips: Path, detectors: Path) -> list[dict]:
    """Rows of more.csv. Raises `SystemExit` for a generator without a year."""
    old, new = [row for row in read(detectors / "split.csv") if row["part"] != "none"], []
    frames = {row["file"]: int(row["frames"]) for row in read(clips / "index.csv")}
    for folder in gathered:
        new += [row | {"root": folder} for row in read(folder / "index.csv")]
    places = [(clips.parent / row["file"], frames[row["file"]]) for row in old] + [(row["root"] / row["file"], int(row["frames"])) for row in new]
    same = same_footage(all_views(places, 2))
    union = Union()
    rows = old + new
    for row in rows:
        union.join(f"source {row['source']}", f"repo {row['repo']}")
    for a, b, _ in same:
        union.join(f"source {rows[a]['source']}", f"source {rows[b]['source']}")
    kept_from = {union.root(f"source {row['source']}") for row in old if row["part"] != "train"}
    known = {union.root(f"source {row['source']}"): row["fold"] for row in old if row["part"] == "train"}
    doubles = {b for a, b, correlation in same if b >= len(old) and correlation > 0.985 and rows[a]["label"] == rows[b]["label"]}
    groups, out = collections.defaultdict(list), []
    for index, row in enumerate(new, len(old)):
        root = union.root(f"source {row['source']}")
        year = int(row["year"]) if row["year"] else YEAR.get(row["source"])
        if row["label"] == "generated" and year is None:
            raise SystemExit(f"{row['file']}: when was {row['source']} published?")
        row |= {"group": root.split(" ", 1)[1], "part": "train", "reason": "", "crop": row.get("crop", "")}
        row["year"] = "" if row["label"] != "generated" else "newest" if year >= 2025 else "older"
        if root in kept_from:
            row |= {"part": "none", "reason": "shares a source, a repository or footage with a clip that is not trained on"}
        elif index in doubles:
            row |= {"part": "none", "reason": "the same clip again"}
        groups[root].append(row)
        out.append(row)
    chosen = folds(groups)
    for root, own in groups.items():
        for row in own:
            row["fold"] = known.get(root, chosen[root])
            if row["year"] == "newest" and str(row["fold"]) != str(NEWEST_FOLD):
                row |= {"part": "none", "reason": "a newest generator beside older ones: P8 would know it"}
    return out


def cut(row: dict, repository: Path, out: Path):
    """The clip as those of the first collection were cut: 1.7 s from a quarter on, native pixels, at most 854 x 480 of the middle; of that, where a row
    has a `crop`, only this panel without captions (width:height:x:y).

    Raises `subprocess.CalledProcessError`.
    """
    with tempfile.NamedTemporaryFile(suffix=Path(row["src_path"]).suffix) as whole:
        held = subprocess.run(["git", "-C", str(repository), "show", f"{row['commit']}:{row['src_path']}"], check=True, capture_output=True).stdout
        whole.write(held)
        whole.flush()
        ask = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", whole.name]
        duration = float(subprocess.run(ask, check=True, capture_output=True, text=True).stdout)
        graph = "crop='min(iw,854)':'min(ih,480)',crop=trunc(iw/2)*2:trunc(ih/2)*2"
        if row["crop"]:
            graph += f",crop={row['crop']}"
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-ss", f"{duration / 4:.3f}", "-i", whole.name, "-t", "1.7", "-an", "-vf", graph]
        subprocess.run([*command, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "23", "-fps_mode", "passthrough", str(out)], check=True)


def main():
    verb, *arguments = sys.argv[1:]
    paths = [Path(argument) for argument in arguments]
    if verb == "list":
        *gathered, clips, detectors = paths
        rows = listed(gathered, clips, detectors)
        write(detectors / "more.csv", FIELDS, [{field: row[field] for field in FIELDS} for row in rows])
        print(collections.Counter((row["part"], row["label"], row["reason"]) for row in rows))
        return
    detectors, repositories, clips = paths
    for row in read(detectors / "more.csv"):
        out = clips.parent / row["file"]
        if row["part"] == "train" and not out.exists():
            out.parent.mkdir(parents=True, exist_ok=True)
            cut(row, repositories / row["repo"].replace("/", "+"), out)


if __name__ == "__main__":
    main()
