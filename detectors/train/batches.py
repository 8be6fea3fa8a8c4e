"""What the convolutional experts are shown: tuples of the same content, and clips drawn so that each source counts the same."""

import collections

import numpy as np
import torch

from features import Features, strand_of, target

SIDE = 96
# Of each batch: pairs of a camera window and its reconstruction, mosaics of such pairs, and single crops of the two classes.
PAIRS, MOSAICS, SINGLES = 6, 4, 10
# Side of a patch that the networks have a logit for.
PATCH = 16
# Chance that a reconstruction keeps the camera's coarse bands, so that fine diagonals alone tell (WaveRep, Corvi et al. 2025).
SWAPPED = 0.25
# Of camera crops: how many are hard negatives, and processed windows.
HARD, PROCESSED = 0.15, 0.1


def haar(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Orthonormal Haar bands (low, along rows, along columns, diagonal) of (..., height, width), sides even."""
    a, b, c, d = x[..., ::2, ::2], x[..., ::2, 1::2], x[..., 1::2, ::2], x[..., 1::2, 1::2]
    return (a + b + c + d) / 2, (a - b + c - d) / 2, (a + b - c - d) / 2, (a - b - c + d) / 2


def unhaar(low, rows, columns, diagonal) -> torch.Tensor:
    x = low.new_empty(*low.shape[:-2], low.shape[-2] * 2, low.shape[-1] * 2)
    x[..., ::2, ::2] = (low + rows + columns + diagonal) / 2
    x[..., ::2, 1::2] = (low - rows + columns - diagonal) / 2
    x[..., 1::2, ::2] = (low + rows - columns - diagonal) / 2
    x[..., 1::2, 1::2] = (low - rows - columns + diagonal) / 2
    return x


def swapped(camera: torch.Tensor, redrawn: torch.Tensor) -> torch.Tensor:
    """`redrawn` with the camera's coarse bands: two levels of Haar, the camera's low and axis bands, the redrawn diagonals."""
    low_c, rows_c, columns_c, _ = haar(camera)
    low_r, _, _, diagonal = haar(redrawn)
    lower_c, lower_rows, lower_columns, _ = haar(low_c)
    lower_diagonal = haar(low_r)[3]
    return unhaar(unhaar(lower_c, lower_rows, lower_columns, lower_diagonal), rows_c, columns_c, diagonal)


def mosaic(lot: np.random.Generator, camera: torch.Tensor, redrawn: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """One of the two with a rectangle of whole patches of the other, and the mask of patches that are redrawn."""
    count = camera.shape[-1] // PATCH
    across, down = (int(lot.integers(2, count)) for _ in range(2))
    x, y = int(lot.integers(0, count - across + 1)), int(lot.integers(0, count - down + 1))
    inside = torch.zeros(count, count)
    inside[y : y + down, x : x + across] = 1
    mask = inside if lot.random() < 0.5 else 1 - inside
    whole = mask.repeat_interleave(PATCH, 0).repeat_interleave(PATCH, 1)
    return torch.where(whole > 0, redrawn, camera), mask


class Batches:
    """Draws batches from the crops of `chosen` versions (a mask), seeded by the step: what a step shows does not depend on those before.

    Raises `ValueError` where a class, or every pair, is missing.
    """

    def __init__(self, features: Features, chosen: np.ndarray, seed: int):
        self.features, self.seed = features, seed
        y = target(features.versions)
        self.first: dict[int, int] = {}
        self.count = collections.Counter(features.version.tolist())
        for burst, version in enumerate(features.version.tolist()):
            self.first.setdefault(version, burst)
        self.tree: dict[str, dict[str, dict[str, list[int]]]] = {}
        windows, redrawn = {}, collections.defaultdict(list)
        for index in np.flatnonzero(chosen & (y >= 0)):
            version = features.versions[index]
            if index not in self.first:
                continue
            strand = strand_of(version)
            if version["kind"] == "window":
                windows[version["tuple"]] = index
            if strand == "redrawn":
                redrawn[version["tuple"]].append(index)
            else:
                self.tree.setdefault(strand, {}).setdefault(version["source"], {}).setdefault(version["file"], []).append(index)
        self.pairs = self.found(windows, redrawn)
        if not {"camera", "generated"} <= self.tree.keys() or not self.pairs:
            raise ValueError("training needs camera clips, generated clips and reconstructions")
        self.sources = sorted(self.pairs)

    def found(self, windows: dict, redrawn: dict) -> dict[str, list[tuple[int, int]]]:
        """By source of the camera clip: rows of crops (window's, reconstruction's) at the same place of the same burst."""
        pairs = collections.defaultdict(list)
        for name, index in windows.items():
            for other in redrawn[name]:
                for burst in range(min(self.count[index], self.count[other])):
                    a, b = self.first[index] + burst, self.first[other] + burst
                    places = {tuple(place): number for number, place in enumerate(self.features.places[b].tolist())}
                    for number, place in enumerate(self.features.places[a].tolist()):
                        if tuple(place) in places:
                            each = self.features.each
                            pairs[self.features.versions[index]["source"]].append((a * each + number, b * each + places[tuple(place)]))
        return pairs

    def single(self, lot: np.random.Generator, strand: str) -> int:
        """A crop: source, clip, version, burst and place each drawn evenly."""
        sources = self.tree[strand]
        files = sources[sorted(sources)[lot.integers(len(sources))]]
        versions = files[sorted(files)[lot.integers(len(files))]]
        version = versions[lot.integers(len(versions))]
        burst = self.first[version] + lot.integers(self.count[version])
        return burst * self.features.each + lot.integers(self.features.each)

    def camera_strand(self, lot: np.random.Generator) -> str:
        drawn = lot.random()
        wanted = "hard" if drawn < HARD else "processed" if drawn < HARD + PROCESSED else "camera"
        return wanted if wanted in self.tree else "camera"

    def crop(self, lot: np.random.Generator, *rows: int) -> list[torch.Tensor]:
        """Crops of `SIDE`, (4, SIDE, SIDE) float, all cut, turned and dimmed in the same way; the picture that comes first is drawn."""
        room = self.features.crops.shape[-1] - SIDE
        # On the codec's grid of eight or off it.
        x, y = (int(lot.integers(0, room // 8 + 1)) * 8, int(lot.integers(0, room // 8 + 1)) * 8)
        if lot.random() < 0.5:
            x, y = int(lot.integers(0, room + 1)), int(lot.integers(0, room + 1))
        mirrored, turned, reverse = lot.random(3) < 0.5
        gain, offset = lot.uniform(0.9, 1.1), lot.uniform(-8, 8)
        out = []
        for row in rows:
            held = torch.from_numpy(np.array(self.features.crops[row, :, y : y + SIDE, x : x + SIDE])).float()
            axes = [axis for axis, on in ((0, reverse), (1, turned), (2, mirrored)) if on]
            out.append((held.flip(axes) if axes else held) * gain + offset)
        return out

    def pair(self, lot: np.random.Generator) -> list[torch.Tensor]:
        """A camera window and its reconstruction."""
        pairs = self.pairs[self.sources[lot.integers(len(self.sources))]]
        return self.crop(lot, *pairs[lot.integers(len(pairs))])

    def draw(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(crops (n, 4, SIDE, SIDE), y (n - MOSAICS,), masks (MOSAICS, SIDE / 16, SIDE / 16)): first the `PAIRS` camera windows, then their
        reconstructions in the same order, then singles, then mosaics, whose masks are 1 where a patch is redrawn."""
        lot = np.random.default_rng((self.seed, step))
        camera, redrawn, singles, y, mosaics, masks = [], [], [], [], [], []
        for _ in range(PAIRS):
            a, b = self.pair(lot)
            camera.append(a)
            redrawn.append(swapped(a, b) if lot.random() < SWAPPED else b)
        for number in range(2 * SINGLES):
            strand = "generated" if number % 2 else self.camera_strand(lot)
            singles += self.crop(lot, self.single(lot, strand))
            y.append(number % 2)
        for _ in range(MOSAICS):
            made, mask = mosaic(lot, *self.pair(lot))
            mosaics.append(made)
            masks.append(mask)
        crops = torch.stack([*camera, *redrawn, *singles, *mosaics])
        return crops, torch.tensor([0] * PAIRS + [1] * PAIRS + y).float(), torch.stack(masks)
