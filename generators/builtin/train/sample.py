"""Draws clips from a state of the training, without the program: to look at it while it runs."""

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from diffusers import UniPCMultistepScheduler

from clips import trained_autoencoder
from denoiser import Both
from export import SCHEDULER
from readback import read
from vocabulary import encode
from words import caption, random_scene


@torch.no_grad()
def draw(both, vae, texts, steps, guidance, seed, shift):
    """uint8 clips [count, 33, 64, 64, 3]."""
    config = {name: value for name, value in SCHEDULER.items() if name != "_class_name"} | {"flow_shift": shift}
    scheduler = UniPCMultistepScheduler(**config)
    scheduler.set_timesteps(steps)
    ids, mask = (torch.tensor(part) for part in zip(*(encode(text) for text in texts + [""])))
    words = both.text(ids, mask).last_hidden_state * mask[..., None]
    count = len(texts)
    generator = torch.Generator().manual_seed(seed)
    latents = torch.randn(count, vae.config.z_dim, 9, 8, 8, generator=generator)
    for time in scheduler.timesteps:
        told = time.expand(2 * count)
        both_words = torch.cat([words[:count], words[count:].expand(count, -1, -1)])
        flow = both.flow(torch.cat([latents, latents]), told, both_words, return_dict=False)[0]
        with_text, without = flow.chunk(2)
        latents = scheduler.step(without + guidance * (with_text - without), time, latents, return_dict=False)[0]
    shape = (1, -1, 1, 1, 1)
    mean, std = (torch.tensor(getattr(vae.config, name)).view(shape) for name in ("latents_mean", "latents_std"))
    pictures = vae.decode(latents * std + mean).sample.clamp(-1, 1)
    return ((pictures + 1) * 127.5).round().byte().permute(0, 2, 3, 4, 1).numpy()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("picture", type=Path, help="a sheet: a row for each prompt, a column for each fourth picture")
    options.add_argument("--count", type=int, default=12)
    options.add_argument("--steps", type=int, default=12)
    options.add_argument("--guidance", type=float, default=3.0)
    options.add_argument("--shift", type=float, default=2.0)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    held = torch.load(chosen.folder / "clips.pt", weights_only=True)[:1000].float()
    mean, std = held.mean(dim=(0, 2, 3, 4)).tolist(), held.std(dim=(0, 2, 3, 4)).tolist()
    vae = trained_autoencoder(chosen.folder / "autoencoder.pt", mean=mean, std=std)
    both = Both()
    state = torch.load(chosen.folder / "denoiser.pt", weights_only=True)
    both.load_state_dict(state["average"])
    both.eval()
    rng = random.Random(chosen.seed)
    scenes = [random_scene(rng) for _ in range(chosen.count)]
    texts = [caption(scene, rng, keep_all=True) for scene in scenes]
    shown = draw(both, vae, texts, chosen.steps, chosen.guidance, chosen.seed, chosen.shift)
    right = np.zeros(3, int)
    rows = []
    for scene, text, clip in zip(scenes, texts, shown):
        said = read(clip)
        good = [said[0] == scene.colour, said[1] == (scene.column, scene.row), said[2] == scene.motion]
        right += good
        print("".join("+" if one else "-" for one in good), text, said)
        rows.append(np.concatenate(list(clip[::4]), axis=1))
    print(f"step {state['step']}: colour, place, motion right: {right} of {chosen.count}")
    half = (len(rows) + 1) // 2
    rows += [np.zeros_like(rows[0])] * (2 * half - len(rows))
    from PIL import Image

    sheet = np.concatenate([np.concatenate(rows[:half]), np.concatenate(rows[half:])], axis=1)
    Image.fromarray(sheet).save(chosen.picture, optimize=True)


if __name__ == "__main__":
    main()
