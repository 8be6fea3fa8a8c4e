"""Perceptual hashes of clips, to find the same footage under two names."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.fft import dctn

SIDE = 32
PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)
# Bits of 64 within which two hashes are candidates; most candidates are different skies and dark rooms.
NEAR = 12
# Correlation of two thumbnails from which candidates are the same footage: all pairs of different pages above it are (looked at by eye).
SAME = 0.9
# Spread (luma) under which a picture is too flat for its hash to mean anything.
FLAT = 8.0


@dataclass
class Views:
    """What is compared of one clip: `thumbnails` (n, SIDE * SIDE), standardised, and their `hashes` (n,) as uint64."""

    thumbnails: np.ndarray
    hashes: np.ndarray


def pictures(path: Path, frames: int) -> list[np.ndarray]:
    """Grey pictures of 128 x 128 at five places of the clip: each whole, its middle square, and without its borders.

    Raises `subprocess.CalledProcessError` where FFmpeg can't read the file.
    """
    chosen = "+".join(f"eq(n\\,{number})" for number in sorted({min(frames - 1, int(place * frames)) for place in PLACES}))
    scale = "scale=128:128:flags=area,format=gray"
    graph = (
        f"select='{chosen}',split=3[a][b][c];[a]{scale}[x];[b]crop='min(iw,ih)':'min(iw,ih)',{scale}[y];"
        f"[c]crop=iw*0.85:ih*0.85,{scale}[z];[x][y][z]vstack=3"
    )
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", str(path), "-filter_complex", graph, "-fps_mode", "passthrough"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-"], check=True, capture_output=True).stdout
    return list(np.frombuffer(raw, np.uint8).reshape(-1, 128, 128).astype(np.float32))


def dct_hash(thumbnail: np.ndarray) -> int:
    """The 64-bit DCT hash (Zauner 2010) of a `SIDE` x `SIDE` picture."""
    low = dctn(thumbnail, norm="ortho")[1:9, 1:9].ravel()
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def views(path: Path, frames: int) -> Views:
    """Thumbnails and hashes of a clip's pictures and their mirror images; flat pictures are left out."""
    kept = []
    for picture in pictures(path, frames):
        thumbnail = picture.reshape(SIDE, 128 // SIDE, SIDE, 128 // SIDE).mean(axis=(1, 3))
        if thumbnail.std() >= FLAT:
            kept += [thumbnail, thumbnail[:, ::-1]]
    hashes = np.array([dct_hash(thumbnail) for thumbnail in kept], np.uint64)
    flat = np.array([(t - t.mean()).ravel() / t.std() for t in kept], np.float32).reshape(-1, SIDE * SIDE)
    return Views(flat, hashes)


def all_views(clips: list[tuple[Path, int]], workers: int) -> list[Views]:
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda clip: views(*clip), clips))


def same_footage(of: list[Views]) -> list[tuple[int, int, float]]:
    """Pairs of clips (a < b) that show the same footage, with the best correlation of their thumbnails (0..1)."""
    owner = np.concatenate([np.full(len(v.hashes), index) for index, v in enumerate(of)])
    hashes = np.concatenate([v.hashes for v in of])
    thumbnails = np.concatenate([v.thumbnails for v in of])
    best: dict[tuple[int, int], float] = {}
    for row, value in enumerate(hashes):
        near = np.flatnonzero((np.bitwise_count(hashes ^ value) <= NEAR) & (owner > owner[row]))
        if not len(near):
            continue
        for other, correlation in zip(near, thumbnails[near] @ thumbnails[row] / SIDE**2, strict=True):
            key = (int(owner[row]), int(owner[other]))
            best[key] = max(best.get(key, 0.0), float(correlation))
    return [(a, b, c) for (a, b), c in sorted(best.items()) if c >= SAME]
