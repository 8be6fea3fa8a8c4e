"""Measures other detectors, as they come, on the clips of the test part on which `traces` is measured.

  peers.py CLIPS DETECTORS STATE OUT NAME=LIMIT=COMMAND...

COMMAND reads paths of PNG files, one a line, and says for each the likelihood that it was generated, one a line; `nan` where it has none, as a
judge of faces where there is no face. LIMIT is from which likelihood on it calls a picture generated. A clip's likelihood is the mean of four
pictures'. What was said is kept in STATE/peers/NAME.json and not asked again; figures go to OUT/results/peers.csv, those of `traces` on the same clips beside.
"""

import csv
import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import protocols
from chains import FIXED
from features import save_json, target
from figures import auc, calibration_error, interval
from variants import path_of

PICTURES = 4
# Clips whose pictures lie on disk at once.
BATCH = 128


def shown(path: Path, folder: Path, name: str) -> list[Path]:
    """Four pictures of a clip, evenly apart, as PNG files. Raises `subprocess.CalledProcessError`."""
    ask = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", str(path)]
    count = int(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip().strip(","))
    chosen = sorted({int((k + 0.5) * count / PICTURES) for k in range(PICTURES)})
    graph = "select='" + "+".join(f"eq(n\\,{index})" for index in chosen) + "'"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", str(path), "-vf", graph, "-fps_mode", "passthrough"]
    subprocess.run([*command, str(folder / f"{name}-%d.png")], check=True)
    return sorted(folder.glob(f"{name}-*.png"))


def said(command: str, pictures: list[Path]) -> list[float]:
    """What the peer says of each picture. Raises `SystemExit` where it fails, or doesn't say one number a picture."""
    asked = "".join(f"{path}\n" for path in pictures)
    done = subprocess.run(shlex.split(command), check=False, input=asked, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"peers: {command} ended with {done.returncode}: {(done.stderr.strip() or 'nothing said').splitlines()[-1]}")
    lines = done.stdout.split()
    if len(lines) != len(pictures):
        raise SystemExit(f"peers: {command} said {len(lines)} numbers of {len(pictures)} pictures")
    return [float(line) for line in lines]


def asked(commands: dict[str, str], wanted: list[dict], clips: Path, state: Path) -> dict[str, dict[str, float]]:
    """Of each peer by name its likelihood of each version by id, NaN where it has none; asks for those that are not known yet."""
    folder = state / "peers"
    folder.mkdir(exist_ok=True)
    places = {name: folder / f"{name}.json" for name in commands}
    known = {name: json.loads(path.read_text()) if path.exists() else {} for name, path in places.items()}
    left = [version for version in wanted if any(version["id"] not in answers for answers in known.values())]
    for first in range(0, len(left), BATCH):
        batch = left[first : first + BATCH]
        with tempfile.TemporaryDirectory() as room:
            held = {version["id"]: shown(path_of(version, clips, state), Path(room), version["id"]) for version in batch}
            for name, command in commands.items():
                new = {key: pictures for key, pictures in held.items() if key not in known[name]}
                if new:
                    answers = iter(said(command, [picture for pictures in new.values() for picture in pictures]))
                    known[name] |= {key: [next(answers) for _ in pictures] for key, pictures in new.items()}
                    save_json(places[name], known[name])
        print(f"peers: {first + len(batch)} of {len(left)} clips", flush=True)
    means = {name: {} for name in commands}
    for name, version in ((name, version) for name in commands for version in wanted):
        finite = [answer for answer in known[name][version["id"]] if np.isfinite(answer)]
        means[name][version["id"]] = float(np.mean(finite)) if finite else float("nan")
    return means


class Compared:
    """The rows of the table: figures of a peer, and of `traces` on the same clips where there is one."""

    def __init__(self, name: str):
        self.name, self.rows = name, []

    def add(self, figure: str, of, theirs: np.ndarray, ours: np.ndarray | None, sources: np.ndarray, y: np.ndarray):
        """`of(scores, rows)` is the figure."""
        value, low, high = interval(lambda rows: of(theirs, rows), sources, y)
        row = {"peer": self.name, "figure": figure, "value": f"{value:.3f}", "low": f"{low:.3f}", "high": f"{high:.3f}"}
        row |= {"traces": "" if ours is None else f"{of(ours, np.arange(len(y))):.3f}", "clips": len(y), "sources": len(set(sources.astype(str)))}
        self.rows.append(row)


def compared(name: str, limit: float, p: dict[str, float], judged: protocols.Judged, detectors: Path) -> list[dict]:
    """P1, P2, P4 and P6 of a peer."""
    f, y, table = judged.features, target(judged.features.versions), Compared(name)
    source = f.column("source")
    theirs = np.array([p.get(version["id"], np.nan) for version in f.versions])

    def area(scores, rows, true):
        return auc(scores[rows][true[rows] == 1], scores[rows][true[rows] == 0])

    for chain in FIXED:
        rows = protocols.clips(judged, chain)
        rows = rows[np.isfinite(theirs[rows])]
        if len(set(y[rows])) == 2:
            figure = f"P1 {chain}" if chain == "native" else f"P4 {chain}"
            table.add(figure, lambda s, k, true=y[rows]: area(s, k, true), theirs[rows], judged.z[rows], source[rows], y[rows])
    for chain in ("native", "crf28"):
        pages = [page for page in protocols.within_pages(judged, detectors, chain, theirs) if page["part"] == "test"]
        ours = {page["page"]: page["auc"] for page in protocols.within_pages(judged, detectors, chain, np.where(np.isfinite(theirs), judged.z, np.nan))}
        if pages:
            areas, own = np.array([page["auc"] for page in pages]), np.array([ours[page["page"]] for page in pages])
            names = np.array([page["page"] for page in pages], object)
            table.add(f"P2 {chain}", lambda s, k: float(s[k].mean()), areas, own, names, np.zeros(len(pages)))
            table.rows[-1]["clips"] = sum(page["camera"] + page["generated"] for page in pages)
    rows = protocols.clips(judged, "native")
    rows = rows[np.isfinite(theirs[rows])]
    if len(set(y[rows])) == 2:
        table.add("P6 ECE", lambda s, k: calibration_error(s[k], y[rows][k]), theirs[rows], judged.p[rows], source[rows], y[rows])
        camera = rows[y[rows] == 0]
        calls, own = theirs[camera] >= limit, judged.accused()[camera]
        table.add("P6 camera accused", lambda s, k: float(s[k].mean()), calls, own, source[camera], np.zeros(len(camera)))
        origins = [own for own in (source[camera] == origin for origin in set(source[camera])) if own.sum() >= 3]
        if origins:
            table.add(
                "P6 worst origin accused", lambda s, k: max(float(s[own].mean()) for own in origins), calls, own, source[camera], np.zeros(len(camera))
            )
    return table.rows


def main():
    if len(sys.argv) < 6 or not all(argument.count("=") >= 2 for argument in sys.argv[5:]):
        raise SystemExit("peers: peers.py CLIPS DETECTORS STATE OUT NAME=LIMIT=COMMAND...")
    clips, detectors, state, out = (Path(argument).resolve() for argument in sys.argv[1:5])
    judged, rows = protocols.judge(state, out), []
    wanted = [judged.features.versions[k] for chain in FIXED for k in protocols.clips(judged, chain)]
    listed = {row["file"] for row in protocols.listed_pairs(detectors)}
    wanted += [v for v in judged.features.versions if v["file"] in listed and v["kind"] == "clip" and v["chain"] in ("native", "crf28") and v not in wanted]
    peers = [argument.split("=", 2) for argument in sys.argv[5:]]
    likelihoods = asked({name: command for name, _, command in peers}, wanted, clips, state)
    for name, limit, _ in peers:
        rows += compared(name, float(limit), likelihoods[name], judged, detectors)
    path = out / "results" / "peers.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print(*row.values())


if __name__ == "__main__":
    main()
