"""Makes the versions of plan.jsonl that aren't there yet, into STATE/versions/ID.mkv.

  variants.py CLIPS STATE VAE [JOBS]      VAE: the folder of the tiny autoencoders' weights

Versions without crop and chain are the clip itself and have no file. What fails is written to STATE/failed.jsonl and left out from then on.
"""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np

import plan
from autoencoders import Autoencoder, files
from chains import encode
from more import whole

# What a camera's or an editor's software does; the result is still camera footage.
PROCESSING = {
    "upscaled": ["scale=trunc(iw/3)*2:trunc(ih/3)*2:flags=area", "scale=iw*1.5:ih*1.5:flags=lanczos"],
    "interpolated": ["minterpolate=fps=50:mi_mode=mci:mc_mode=obmc:me_mode=bilat:scd=none"],
    "denoised": ["hqdn3d=8:6:8:6"],
}


def path_of(version: dict, clips: Path, state: Path) -> Path:
    """Where the pictures of a version are: its own file, or the clip."""
    if version["kind"] == "clip" and not version["steps"]:
        return clips.parent / version["file"]
    return state / "versions" / f"{version['id']}.mkv"


def cut(version: dict) -> list[str]:
    """Filters that thin and crop the clip as the version says."""
    filters = [f"select='not(mod(n\\,{version['thin']}))'"] if version["thin"] > 1 else []
    if "crop" in version:
        x, y, width, height = version["crop"]
        filters.append(f"crop={width}:{height}:{x}:{y}")
    return filters


def pictures(path: Path, filters: list[str], count: int, width: int, height: int) -> np.ndarray:
    """The first `count` pictures after `filters`, (n, height, width, 3) uint8."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", str(path), "-vf", ",".join(filters or ["null"]), "-frames:v", str(count)]
    raw = subprocess.run([*command, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def raw_input(width: int, height: int, rate: float) -> list[str]:
    return ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{rate:.4f}", "-i", "-"]


@cache
def autoencoder(folder: Path, name: str) -> Autoencoder:
    import torch

    torch.set_num_threads(1)
    return Autoencoder(folder, name)


def scaled(width: int, height: int) -> list[str]:
    """Filters to pictures of exactly this size: scaled to cover it, cut in the middle."""
    return [f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=bicubic", f"crop={width}:{height}"]


def made(version: dict, clips: Path, state: Path, weights: Path):
    """Makes one version's file. Raises `subprocess.CalledProcessError`, `ValueError`."""
    out = path_of(version, clips, state)
    source = clips.parent / version["file"]
    if version.get("whole"):
        source = whole(source)
    stretch = version["stretch"]
    if version["kind"] == "clip":
        limit = ["-frames:v", str(version["pictures"])] if "pictures" in version else []
        first, *rest = version["steps"]
        first = {"filters": [*cut(version), *first["filters"]], "codec": [*first["codec"], *limit]}
        encode(["-i", str(source)], [first, *rest], out, None, stretch)
        return
    width, height = version["crop"][2:]
    rate = plan.RATE * stretch
    if version["kind"] == "spliced":
        count = version["pictures"]
        both = [pictures(path, scaled(width, height), count, width, height) for path in (source, clips.parent / version["other"])]
        shown = np.concatenate(both[::-1] if version["swapped"] else both)
        rate = 25.0
    else:
        shown = pictures(source, cut(version), version["pictures"], width, height)
    steps = [dict(step) for step in version["steps"]]
    if version["kind"] in PROCESSING:
        steps[0] = {**steps[0], "filters": [*PROCESSING[version["kind"]], *steps[0]["filters"]]}
    elif version["kind"] in ("redrawn", "region"):
        redrawn = autoencoder(weights, version["vae"]).redrawn(shown)
        if version["kind"] == "region":
            x, y, across, down = version["box"]
            pasted = shown.copy()
            pasted[:, y : y + down, x : x + across] = redrawn[:, y : y + down, x : x + across]
            redrawn = pasted
        shown = redrawn
    if not len(shown):
        raise ValueError("no pictures")
    encode(raw_input(width, height, rate), steps, out, shown.tobytes(), stretch)


def attempt(job) -> dict | None:
    version, clips, state, weights = job
    try:
        made(version, clips, state, weights)
    except (subprocess.CalledProcessError, ValueError) as error:
        said = getattr(error, "stderr", None) or b""
        return {"id": version["id"], "error": (said.decode(errors="replace") or str(error))[-300:]}
    return None


def failed(state: Path) -> set[str]:
    path = state / "failed.jsonl"
    return {json.loads(line)["id"] for line in path.read_text().splitlines()} if path.exists() else set()


def main():
    clips, state, weights = (Path(argument).resolve() for argument in sys.argv[1:4])
    jobs = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    (state / "versions").mkdir(parents=True, exist_ok=True)
    gone = failed(state)
    wanted = [version for version in plan.load(state) if version["id"] not in gone]
    wanted = [version for version in wanted if not path_of(version, clips, state).exists()]
    for name in {version["vae"] for version in wanted if version.get("vae")}:
        try:
            files(weights, name)
        except FileNotFoundError as error:
            raise SystemExit(f"variants: {error}") from error
    # What is trained on first, so that training can begin; those of one autoencoder after each other, so that a process loads few.
    wanted.sort(key=lambda version: (version["part"] == "test", version.get("vae", ""), version["id"]))
    began, before = time.time(), os.times()
    with ProcessPoolExecutor(jobs) as pool:
        work = [(version, clips, state, weights) for version in wanted]
        for done, (version, error) in enumerate(zip(wanted, pool.map(attempt, work, chunksize=4), strict=True), 1):
            if error:
                with (state / "failed.jsonl").open("a") as file:
                    file.write(json.dumps(error) + "\n")
                print(f"{version['kind']} of {version['file']}: {error['error']}", file=sys.stderr)
            if done % 100 == 0 or done == len(wanted):
                print(f"versions: {done} of {len(wanted)}, {time.time() - began:.0f} s", flush=True)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"versions: {len(wanted)} made, {spent:.0f} s of processor")


if __name__ == "__main__":
    main()
