"""Trains the text encoder alone, to read captions: every word's output must tell each thing that a caption says of its
scene, or that it says nothing of it. "Left" means a motion, a place or a camera by its neighbours; a denoiser that
must learn that from noisy pictures learns it last."""

import argparse
import random
from pathlib import Path

import torch
from torch.nn import functional

from network import TEXT_WIDTH, new_text_encoder
from run import Average, Run
from vocabulary import encode
from words import CAMERAS, COLOURS, MOTIONS, PLACES, SHAPES, WEATHERS, random_scene, told

# Each has a value more: not said.
ASKED = {
    "shape": SHAPES,
    "colour": list(COLOURS),
    "motion": MOTIONS,
    "column": [0, 1, 2],
    "row": [0, 1, 2],
    "place": PLACES,
    "weather": WEATHERS,
    "camera": CAMERAS,
}


class Reader(torch.nn.Module):
    """The encoder, and for each question one linear layer over each word's output."""

    def __init__(self):
        super().__init__()
        self.text = new_text_encoder()
        self.answers = torch.nn.ModuleDict({name: torch.nn.Linear(TEXT_WIDTH, len(values) + 1) for name, values in ASKED.items()})

    def forward(self, ids, mask):
        words = self.text(ids, mask).last_hidden_state
        return {name: layer(words) for name, layer in self.answers.items()}


def batch(rng, count):
    texts, wanted = [], []
    for _ in range(count):
        text, said = told(random_scene(rng), rng) if rng.random() < 0.97 else ("", {})
        texts.append(encode(text))
        wanted.append([values.index(said[name]) if name in said else len(values) for name, values in ASKED.items()])
    ids, mask = zip(*texts)
    return torch.tensor(ids), torch.tensor(mask), torch.tensor(wanted)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--seconds", type=float, default=120, help="processor time in all")
    options.add_argument("--seed", type=int, default=3)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(chosen.seed)
    model = Reader()
    average = Average(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=1e-3)
    run = Run(chosen.folder, "reader", chosen.seconds, 2e-3)
    parts = {"model": model, "average": average, "optimiser": optimiser}
    run.resume(**parts)
    rng = random.Random(chosen.seed + run.step)
    while not run.over():
        ids, mask, wanted = batch(rng, 64)
        for group in optimiser.param_groups:
            group["lr"] = run.rate()
        shown = model(ids, mask)
        kept = mask.bool()
        loss = 0.0
        for i, answer in enumerate(shown.values()):
            loss = loss + functional.cross_entropy(answer[kept], wanted[:, i : i + 1].expand_as(mask)[kept])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update(model, run.step)
        run.record(loss.item(), **parts)
    run.save(**parts)
    model.load_state_dict(average.weights)
    with torch.no_grad():
        ids, mask, wanted = batch(random.Random(-1), 1000)
        for i, (name, answer) in enumerate(model(ids, mask).items()):
            right = (answer.argmax(-1) == wanted[:, i : i + 1])[mask.bool()]
            print(f"{name}: {right.float().mean():.4f} of the words right")


if __name__ == "__main__":
    main()
