"""Training clips gathered after the division was frozen: which they are, and how to cut them again from public repositories.

  more.py list GATHERED... CLIPS DETECTORS     writes DETECTORS/more.csv from folders of clips with an index.csv each
  more.py wholes CLIPS DETECTORS               writes DETECTORS/whole.csv of the whole pictures in CLIPS
  more.py cut DETECTORS REPOSITORIES CLIPS     cuts the clips of more.csv and the whole pictures of whole.csv anew into the folder CLIPS

REPOSITORIES holds each repository as OWNER+NAME (bare or not). A gathered clip is trained on only where it shares neither generator, repository
nor footage with any clip of the calibration or test part.
"""

import collections
import csv
import hashlib
import json
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


def probed(path: Path) -> tuple[int, int, float]:
    """Width, height and seconds of a video file. Raises `subprocess.CalledProcessError`."""
    ask = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height:format=duration", "-of", "json", str(path)]
    told = json.loads(subprocess.run(ask, check=True, capture_output=True, text=True).stdout)
    return told["streams"][0]["width"], told["streams"][0]["height"], float(told["format"]["duration"])


def held(row: dict, repository: Path, file) -> Path:
    """Writes the original of a clip into `file`. Raises `subprocess.CalledProcessError`."""
    file.write(subprocess.run(["git", "-C", str(repository), "show", f"{row['commit']}:{row['src_path']}"], check=True, capture_output=True).stdout)
    file.flush()
    return Path(file.name)


def encode(source: Path, seconds: float, graph: str, quality: list[str], out: Path):
    out.parent.mkdir(parents=True, exist_ok=True)
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-ss", f"{seconds / 4:.3f}", "-i", str(source), "-t", "1.7", "-an", "-vf", graph]
    subprocess.run([*command, "-c:v", "libx264", "-pix_fmt", "yuv420p", *quality, "-fps_mode", "passthrough", str(out)], check=True)


def cut(row: dict, repository: Path, out: Path):
    """The clip as those of the first collection were cut: 1.7 s from a quarter on, native pixels, at most 854 x 480 of the middle; of that, where a row
    has a `crop`, only this panel without captions (width:height:x:y). Of a camera clip that is larger the whole picture, too, at most 1080 lines.

    Raises `subprocess.CalledProcessError`.
    """
    with tempfile.NamedTemporaryFile(suffix=Path(row["src_path"]).suffix) as file:
        source = held(row, repository, file)
        width, height, seconds = probed(source)
        graph = "crop='min(iw,854)':'min(ih,480)',crop=trunc(iw/2)*2:trunc(ih/2)*2"
        if row.get("crop"):
            graph += f",crop={row['crop']}"
        if not out.exists():
            encode(source, seconds, graph, ["-crf", "23"], out)
        if row.get("label", "camera") == "camera" and not row.get("crop") and min(width, height) > 480:
            least = "scale='if(gt(iw,ih),-2,min(iw,1080))':'if(gt(iw,ih),min(ih,1080),-2)':flags=area,crop=trunc(iw/2)*2:trunc(ih/2)*2"
            encode(source, seconds, least, ["-crf", "14", "-preset", "veryfast"], whole(out))


def whole(clip: Path) -> Path:
    """Where the whole picture of a clip is kept, if it was larger than the clip shows."""
    return clip.parent.parent / "whole" / f"{clip.stem}.mkv"


def wholes(clips: Path, detectors: Path) -> list[dict]:
    """Rows of whole.csv: of the camera clips that are trained on those whose whole picture is in `clips`."""
    known = {row["file"]: row for row in [*read(clips / "index.csv"), *read(detectors / "more.csv")]}
    rows = []
    for row in [*read(detectors / "split.csv"), *read(detectors / "more.csv")]:
        path = whole(clips.parent / row["file"])
        if row["part"] in ("train", "calibrate") and row["label"] == "camera" and path.exists():
            width, height, _ = probed(path)
            ask = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", str(path)]
            frames = int(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip().strip(","))
            if frames >= 12:
                from_where = {key: known[row["file"]][key].rstrip(";") for key in ("repo", "commit", "src_path")}
                rows.append({"file": row["file"], "width": width, "height": height, "frames": frames, **from_where})
    return rows


def main():
    verb, *arguments = sys.argv[1:]
    paths = [Path(argument) for argument in arguments]
    if verb == "list":
        *gathered, clips, detectors = paths
        rows = listed(gathered, clips, detectors)
        write(detectors / "more.csv", FIELDS, [{field: row[field] for field in FIELDS} for row in rows])
        print(collections.Counter((row["part"], row["label"], row["reason"]) for row in rows))
        return
    if verb == "wholes":
        clips, detectors = paths
        rows = wholes(clips, detectors)
        write(detectors / "whole.csv", list(rows[0]), rows)
        return
    detectors, repositories, clips = paths
    for row in [*read(detectors / "more.csv"), *read(detectors / "whole.csv")]:
        out = clips.parent / row["file"]
        if row.get("part", "train") == "train" and not (out.exists() and ("part" in row or whole(out).exists())):
            cut(row, repositories / row["repo"].replace("/", "+"), out)


if __name__ == "__main__":
    main()
