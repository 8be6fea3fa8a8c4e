"""What both trainings share: a budget of processor time, a learning rate that follows it, a log, a state to resume from."""

import json
import os
import time
from pathlib import Path

import torch


class Run:
    """A training bounded by seconds of processor time, over all the processes that continued it."""

    def __init__(self, folder: Path, name: str, budget: float, peak: float, decay: float = 0.3, warm: int = 60):
        folder.mkdir(parents=True, exist_ok=True)
        self.state, self.log = folder / f"{name}.pt", folder / f"{name}.jsonl"
        self.budget, self.peak, self.decay, self.warm = budget, peak, decay, warm
        self.step, self.before, self.started, self.saved = 0, 0.0, time.process_time(), time.time()
        self.losses = []

    def resume(self, **parts):
        if not self.state.exists():
            return
        held = torch.load(self.state, weights_only=True)
        for name, part in parts.items():
            # A state out of `restore.py` has no optimiser.
            if name in held:
                part.load_state_dict(held[name])
        self.step, self.before = held["step"], held["seconds"]

    def seconds(self):
        return self.before + time.process_time() - self.started

    def over(self):
        return self.seconds() >= self.budget

    def rate(self):
        """The learning rate now: warm-up, then constant, then linear to a fiftieth over the last part of the budget."""
        left = max(0.0, 1 - self.seconds() / self.budget)
        return self.peak * min(1.0, (self.step + 1) / self.warm) * max(0.02, min(1.0, left / self.decay))

    def record(self, loss: float, **parts):
        self.step += 1
        self.losses.append(loss)
        if self.step % 50 == 0:
            line = {"step": self.step, "cpu_s": round(self.seconds(), 1), "loss": round(sum(self.losses) / len(self.losses), 6), "rate": round(self.rate(), 7)}
            self.losses = []
            with self.log.open("a") as out:
                out.write(json.dumps(line) + "\n")
        if time.time() - self.saved > 60:
            self.save(**parts)

    def save(self, **parts):
        held = {name: part.state_dict() for name, part in parts.items()}
        held |= {"step": self.step, "seconds": self.seconds()}
        hidden = self.state.with_suffix(".tmp")
        torch.save(held, hidden)
        os.replace(hidden, self.state)
        self.saved = time.time()


class Average(torch.nn.Module):
    """An exponential moving average of a module's weights, with a short memory at first."""

    def __init__(self, module, decay=0.999):
        super().__init__()
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                self.weights[name].lerp_(value, 1 - decay)

    def state_dict(self, *args, **kwargs):
        return self.weights

    def load_state_dict(self, weights, *args, **kwargs):
        self.weights = weights
