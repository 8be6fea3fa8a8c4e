"""Trains the `WanTransformer3DModel` on latents and on what `reader.py` made of captions: rectified flow, velocity, prompt
dropout, first frames given."""

import argparse
import random
from pathlib import Path

import torch

from clips import Clips
from network import new_denoiser, new_text_encoder
from run import Average, Run
from vocabulary import encode
from words import caption


# How much more than the background the object's cells count.
OBJECT = 3.0
# Groups of pictures in a whole clip.
WHOLE = 9


class Both(torch.nn.Module):
    """Text encoder and denoiser as one module, called as the pipeline calls them."""

    def __init__(self):
        super().__init__()
        self.text, self.flow = new_text_encoder(), new_denoiser()
        self.compiled = None

    def compile_flow(self):
        # Out of the module's reach, so that its weights are not listed twice.
        object.__setattr__(self, "compiled", torch.compile(self.flow))

    @classmethod
    def reading(cls, folder):
        """With the settled text encoder of `reader.py`."""
        both = cls()
        reader = torch.load(folder / "reader.pt", weights_only=True)["average"]
        both.text.load_state_dict({name.removeprefix("text."): value for name, value in reader.items() if name.startswith("text.")})
        both.text.requires_grad_(False)
        return both

    def forward(self, noisy, time, ids, mask):
        words = self.text(ids, mask).last_hidden_state * mask[..., None]
        # Whole clips are most of the work, and worth compiling for; short ones have a shape each.
        flow = self.compiled if self.compiled is not None and noisy.shape[2] == WHOLE else self.flow
        return flow(noisy, time, words, return_dict=False)[0]


def captions(scenes, rng):
    texts = ["" if rng.random() < 0.1 else caption(scene, rng) for scene in scenes]
    ids, mask = zip(*(encode(text) for text in texts))
    return torch.tensor(ids), torch.tensor(mask)


def times(count):
    """Two fifths from 0.88 up, where nothing but the prompt tells which way the object goes: below, its traces do. Most others
    logit-normal about 0.69, where a clip's plan is settled; some uniform so that both ends are seen."""
    lot = torch.rand(count)
    late = 1 - 0.12 * torch.rand(count)
    others = torch.where(lot < 0.5, torch.rand(count), torch.sigmoid(0.8 + torch.randn(count)))
    return torch.where(lot < 0.4, late, others)


def step_loss(model, latents, where, ids, mask, given_first):
    """Squared error of the velocity. The object is a tenth of the clip and nearly all that is asked of it: it counts more."""
    noise = torch.randn_like(latents)
    time = times(len(latents))
    level = time.view(-1, 1, 1, 1, 1).repeat(1, 1, *latents.shape[2:])
    if given_first:
        level[:, :, 0] = 0
    noisy = latents + level * (noise - latents)
    told = 1000 * (level[:, 0, :, ::2, ::2].flatten(1) if given_first else time)
    flow = model(noisy, told, ids, mask)
    error = (flow - (noise - latents)).square() * (1 + OBJECT * where)
    error = error / (1 + OBJECT * where.float().mean())
    return (error[:, :, 1:] if given_first else error).mean()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--seconds", type=float, default=9000, help="processor time in all")
    options.add_argument("--seed", type=int, default=2)
    options.add_argument("--clips", type=int, default=8000)
    options.add_argument("--start", type=int, default=2000, help="clips encoded before the first step")
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--rate", type=float, default=1e-3)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(chosen.seed)
    store = Clips(chosen.folder, chosen.folder / "autoencoder.pt", 10_000_000, chosen.start, chosen.clips)
    model = Both.reading(chosen.folder)
    average = Average(model)
    optimiser = torch.optim.AdamW(model.flow.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=1e-3)
    run = Run(chosen.folder, "denoiser", chosen.seconds, chosen.rate)
    parts = {"model": model, "average": average, "optimiser": optimiser}
    run.resume(**parts)
    model.compile_flow()
    torch.manual_seed(chosen.seed + run.step)
    rng = random.Random(chosen.seed + run.step)
    while not run.over():
        if run.step % 12 == 0:
            store.grow_to_the_end()
        if run.step % 2000 == 1999:
            store.save()
        scenes, latents, where = store.batch(rng, chosen.batch)
        given_first = latents.shape[2] > 1 and rng.random() < 0.2
        if rng.random() < 0.15:
            first = rng.choice([1, 3, 5, 7])
            latents, where = latents[:, :, :first], where[:, :, :first]
            given_first &= latents.shape[2] > 1
        for group in optimiser.param_groups:
            group["lr"] = run.rate()
        loss = step_loss(model, latents, where, *captions(scenes, rng), given_first)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update(model, run.step)
        run.record(loss.item(), **parts)
    run.save(**parts)
    store.save()


if __name__ == "__main__":
    main()
