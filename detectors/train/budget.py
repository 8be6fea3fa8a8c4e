"""A training bounded by seconds of processor time over all the processes that continued it, with a state to resume from."""

import json
import os
import time
from pathlib import Path

import torch


class Budget:
    """Keeps `NAME.pt` (weights, optimiser, step, seconds) and `NAME.jsonl` (a line each fifty steps) in `folder`."""

    def __init__(self, folder: Path, name: str, seconds: float, peak: float, decay: float = 0.4, warm: int = 60):
        folder.mkdir(parents=True, exist_ok=True)
        self.state, self.log = folder / f"{name}.pt", folder / f"{name}.jsonl"
        self.allowed, self.peak, self.decay, self.warm = seconds, peak, decay, warm
        self.step, self.before, self.started, self.saved = 0, 0.0, time.process_time(), time.time()
        self.losses: list[float] = []

    def resume(self, **parts):
        if self.state.exists():
            held = torch.load(self.state, weights_only=True)
            for name, part in parts.items():
                part.load_state_dict(held[name])
            self.step, self.before = held["step"], held["seconds"]

    def seconds(self) -> float:
        return self.before + time.process_time() - self.started

    def over(self) -> bool:
        return self.seconds() >= self.allowed

    def rate(self) -> float:
        """The learning rate now: warm-up, then constant, then linear to a fiftieth over the last part of the budget."""
        left = max(0.0, 1 - self.seconds() / self.allowed)
        return self.peak * min(1.0, (self.step + 1) / self.warm) * max(0.02, min(1.0, left / self.decay))

    def record(self, loss: float, **parts):
        self.step += 1
        self.losses.append(loss)
        if self.step % 50 == 0:
            line = {"step": self.step, "cpu_s": round(self.seconds(), 1), "loss": round(sum(self.losses) / len(self.losses), 5), "rate": round(self.rate(), 7)}
            self.losses = []
            with self.log.open("a") as out:
                out.write(json.dumps(line) + "\n")
        if time.time() - self.saved > 60:
            self.save(**parts)

    def save(self, **parts):
        held = {name: part.state_dict() for name, part in parts.items()} | {"step": self.step, "seconds": self.seconds()}
        hidden = self.state.with_suffix(".tmp")
        torch.save(held, hidden)
        os.replace(hidden, self.state)
        self.saved = time.time()
