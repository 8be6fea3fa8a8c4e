"""A growing store of encoded clips: the denoiser is trained on latents, and pays once for drawing and encoding each."""

import os
import random
from pathlib import Path

import numpy as np
import torch

from autoencoder import new_autoencoder
from scene import covered, render
from words import random_scene


def trained_autoencoder(state: Path, **statistics):
    model = new_autoencoder(**statistics)
    model.load_state_dict(torch.load(state, weights_only=True)["average"])
    return model.eval().requires_grad_(False)


def encode(model, pictures):
    """Latents of uint8 clips [count, frames, 64, 64, 3]."""
    wanted = torch.from_numpy(pictures).permute(0, 4, 1, 2, 3).float() / 127.5 - 1
    return model.encode(wanted).latent_dist.mean


class Clips:
    """Clip `i` is always the scene that seed `seed + i` gives."""

    def __init__(self, folder: Path, autoencoder: Path, seed: int, start: int, end: int):
        self.file, self.seed, self.end = folder / "clips.pt", seed, end
        self.model = trained_autoencoder(autoencoder)
        self.scenes, self.latents = [], []
        if self.file.exists():
            self.latents = list(torch.load(self.file, weights_only=True))
            self.scenes = [self.scene(i) for i in range(len(self.latents))]
        while len(self.latents) < start:
            self.grow(4)
            if len(self.latents) % 500 == 0:
                self.save()
        self.save()
        held = torch.stack(self.latents[:1000]).float()
        self.mean, self.std = held.mean(dim=(0, 2, 3, 4)), held.std(dim=(0, 2, 3, 4))

    def scene(self, i):
        return random_scene(random.Random(self.seed + i))

    def grow(self, count):
        new = [self.scene(len(self.latents) + i) for i in range(count)]
        with torch.no_grad():
            latents = encode(self.model, np.stack([render(scene) for scene in new]))
        self.scenes += new
        self.latents += list(latents.half())

    def grow_to_the_end(self):
        if len(self.latents) < self.end:
            self.grow(4)

    def save(self):
        hidden = self.file.with_suffix(".tmp")
        torch.save(torch.stack(self.latents), hidden)
        os.replace(hidden, self.file)

    def batch(self, rng, count):
        """Random scenes, their normalised latents [count, 16, 9, 8, 8], and where the object is in these [count, 1, 9, 8, 8]."""
        picked = [rng.randrange(len(self.latents)) for _ in range(count)]
        latents = torch.stack([self.latents[i] for i in picked]).float()
        shape = (1, -1, 1, 1, 1)
        scenes = [self.scenes[i] for i in picked]
        where = torch.from_numpy(np.stack([covered(scene, latents.shape[-1], 4) for scene in scenes]))
        return scenes, (latents - self.mean.view(shape)) / self.std.view(shape), where[:, None]
