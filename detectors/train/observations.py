"""Reads what the program's observer wrote of a clip (its format is described in `src/detect/observation.rs`)."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

VERSION = 2
HEADER = struct.Struct("<BIIIIIQddfff")
PICTURES, SIDE, VIEW = 4, 128, 224
MOST_BURSTS, MOST_STATISTICS, MOST_CROPS = 48, 4096, 16


@dataclass
class Observation:
    """A clip as the experts see it.

    `starts` (bursts,) in seconds; `statistics` (bursts, N) float32; `places` (bursts, C, 2) the x and y of crops in samples;
    `crops` (bursts, C, 4, 128, 128) uint8 luma; `views` (bursts, 2, 224, 224) uint8 luma, native and whole. No bursts: the clip can't be assessed.
    """

    size: tuple[int, int]
    pictures: int
    span: tuple[float, float]
    frozen: float
    starts: np.ndarray
    statistics: np.ndarray
    places: np.ndarray
    crops: np.ndarray
    views: np.ndarray


def record(statistics: int, crops: int) -> np.dtype:
    crop = np.dtype([("place", "<u4", 2), ("pictures", "u1", (PICTURES, SIDE, SIDE))])
    return np.dtype([("start", "<f8"), ("statistics", "<f4", statistics), ("crops", crop, crops), ("views", "u1", (2, VIEW, VIEW))])


def read(path: Path) -> Observation:
    """Raises `ValueError` naming the file where it isn't of this format."""
    data = path.read_bytes()
    if len(data) < HEADER.size:
        raise ValueError(f"{path}: {len(data)} bytes are no observation")
    version, statistics, crops, bursts, width, height, pictures, first, last, frozen, _, _ = HEADER.unpack_from(data)
    if version != VERSION or bursts > MOST_BURSTS or statistics > MOST_STATISTICS or crops > MOST_CROPS:
        raise ValueError(f"{path}: version {version}, {bursts} bursts, {statistics} statistics, {crops} crops")
    layout = record(statistics, crops)
    if len(data) != HEADER.size + bursts * layout.itemsize:
        raise ValueError(f"{path}: {len(data)} bytes where {HEADER.size + bursts * layout.itemsize} were announced")
    rows = np.frombuffer(data, layout, bursts, HEADER.size)
    if not np.isfinite(rows["statistics"]).all():
        raise ValueError(f"{path}: statistics that are not finite")
    held = rows["crops"]
    return Observation(
        (width, height), pictures, (first, last), frozen, rows["start"], rows["statistics"], held["place"], held["pictures"], rows["views"]
    )


def write(path: Path, size: tuple[int, int], starts, statistics, places, crops, views):
    """The same format, for tests and for synthetic clips; shapes as in [`Observation`]."""
    bursts, count = statistics.shape
    rows = np.zeros(bursts, record(count, places.shape[1]))
    rows["start"], rows["statistics"] = starts, statistics
    rows["crops"]["place"], rows["crops"]["pictures"], rows["views"] = places, crops, views
    last = float(starts[-1]) if bursts else 0.0
    header = HEADER.pack(VERSION, count, places.shape[1], bursts, *size, bursts * PICTURES, 0.0, last, 0.0, 0.0, 0.0)
    path.write_bytes(header + rows.tobytes())
