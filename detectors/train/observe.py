"""Runs the program's observer over all versions, and packs what it saw into arrays.

  observe.py CLIPS STATE OBSERVE [JOBS]      OBSERVE: the built program `observe`

Writes STATE/observed/ID.bin, then STATE/features: `bursts.npz` (names; for each burst its version's place in plan.jsonl, start,
statistics, places of its crops), `crops.npy` (crops, 4, 128, 128) and `views.npy` (bursts, 2, 224, 224) uint8, burst by burst, and `files.npz` (of each version width, height,
pictures, seconds, bytes: for the audit, never for a score).
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import observations
import plan
from variants import failed, path_of

# Versions of which one process is told at once.
BATCH = 50


def observe(program: Path, batch: list[tuple[Path, Path]], note: Path):
    """Runs the observer at low priority; a file that it can't read is left without an answer, and said on stderr."""
    note.write_text("".join(f"{source}\t{out}\n" for source, out in batch))
    done = subprocess.run([str(program), "--list", str(note)], capture_output=True, text=True, check=False)
    note.unlink()
    if done.returncode not in (0, 2):
        raise RuntimeError(f"{program} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stderr


def pack(state: Path, clips: Path, names: list[str]):
    """Packs all observations. Raises `ValueError` for a file of another format or with another number of statistics."""
    versions, folder = plan.load(state), state / "features"
    folder.mkdir(exist_ok=True)
    owners, starts, statistics, places, files = [], [], [], [], []
    paths = [state / "observed" / f"{version['id']}.bin" for version in versions]
    counts = [0] * len(paths)
    for index, path in enumerate(paths):
        row = [0.0] * 5
        if path.exists():
            seen = observations.read(path)
            if len(seen.starts):
                if seen.statistics.shape[1] != len(names):
                    raise ValueError(f"{path}: {seen.statistics.shape[1]} statistics where the program has {len(names)} names")
                counts[index] = len(seen.starts)
                owners.append(np.full(len(seen.starts), index, np.int32))
                starts.append(seen.starts)
                statistics.append(seen.statistics)
                places.append(seen.places)
            size = path_of(versions[index], clips, state).stat().st_size
            seconds = seen.span[1] - seen.span[0]
            row = [*seen.size, seen.pictures, seconds, size]
        files.append(row)
    if not owners:
        raise ValueError("no clip could be assessed")
    total, each = sum(counts), places[0].shape[1]
    shapes = {
        "crops": (total * each, observations.PICTURES, observations.SIDE, observations.SIDE),
        "views": (total, 2, observations.VIEW, observations.VIEW),
    }
    packed = {name: np.lib.format.open_memmap(folder / f"{name}.partial.npy", "w+", np.uint8, shape) for name, shape in shapes.items()}
    at = 0
    for path, count in zip(paths, counts, strict=True):
        if count:
            seen = observations.read(path)
            packed["crops"][at * each : (at + count) * each] = seen.crops.reshape(-1, *shapes["crops"][1:])
            packed["views"][at : at + count] = seen.views
            at += count
    for name in shapes:
        packed.pop(name).flush()
        (folder / f"{name}.partial.npy").rename(folder / f"{name}.npy")
    np.savez(folder / "files.npz", files=np.array(files, np.float64))
    np.savez(
        folder / "bursts.partial.npz", names=np.array(names), version=np.concatenate(owners), start=np.concatenate(starts),
        statistics=np.concatenate(statistics), places=np.concatenate(places),
    )
    (folder / "bursts.partial.npz").rename(folder / "bursts.npz")
    return total


def main():
    clips, state, program = (Path(argument).resolve() for argument in sys.argv[1:4])
    jobs = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    names = subprocess.run([str(program), "--names"], check=True, capture_output=True, text=True).stdout.split()
    seen, notes = state / "observed", state / "lists"
    seen.mkdir(exist_ok=True)
    notes.mkdir(exist_ok=True)
    gone, wanted = failed(state), []
    for version in plan.load(state):
        path = path_of(version, clips, state)
        out = seen / f"{version['id']}.bin"
        if version["id"] not in gone and not out.exists() and path.exists():
            wanted.append((path, out))
    began = time.time()
    batches = [wanted[at : at + BATCH] for at in range(0, len(wanted), BATCH)]
    with ThreadPoolExecutor(jobs) as pool:
        said = pool.map(lambda job: observe(program, job[1], notes / f"{job[0]}.tsv"), enumerate(batches))
        with (state / "observe.log").open("a") as log:
            for done, text in enumerate(said, 1):
                log.write(text)
                print(f"observed: {min(done * BATCH, len(wanted))} of {len(wanted)}, {time.time() - began:.0f} s", flush=True)
    if wanted or not (state / "features" / "bursts.npz").exists():
        print(f"packed: {pack(state, clips, names)} bursts")


if __name__ == "__main__":
    main()
