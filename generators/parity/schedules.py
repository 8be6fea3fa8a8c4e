"""Timesteps, sigmas and the end of a short walk, for 1 to 50 steps and shifts of 1 to 8; torch's noise."""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, FlowMatchLCMScheduler, UniPCMultistepScheduler
from safetensors.torch import save_file

STEPS = range(1, 51)
SHIFTS = range(1, 9)
NOISE = torch.tensor([-2.0, -1.0, -0.5, -0.1, 0.1, 0.5, 1.0, 2.0])


def velocity(sample, timestep):
    """A stand-in for a network that any language computes to the same bit: products and sums of floats."""
    return sample * 0.5 - NOISE * 0.75 + float(timestep) * 0.0001


def walk(scheduler, generator=None):
    sample = NOISE.reshape(1, 8)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    for timestep in scheduler.timesteps:
        options = {"generator": generator} if generator is not None else {}
        sample = scheduler.step(velocity(sample, timestep), timestep, sample, return_dict=False, **options)[0]
    return sample.flatten()


def calculate_shift(tokens, config):
    from diffusers.pipelines.ltx.pipeline_ltx import calculate_shift

    return calculate_shift(tokens, config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096),
                           config.get("base_shift", 0.5), config.get("max_shift", 1.15))


def write(out: Path):
    tables, index = {}, []

    def record(kind, config, steps, scheduler, generator=None, tokens=None):
        key = str(len(index))
        index.append(dict(kind=kind, config=config, steps=steps, tokens=tokens, seed=5 if generator else None))
        tables[f"{key}.timesteps"] = scheduler.timesteps.to(torch.float64)
        tables[f"{key}.sigmas"] = scheduler.sigmas.to(torch.float32)
        tables[f"{key}.end"] = walk(scheduler, generator)

    for steps in STEPS:
        for shift in SHIFTS:
            config = dict(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=float(shift))
            scheduler = UniPCMultistepScheduler(**config)
            scheduler.set_timesteps(steps)
            record("UniPCMultistepScheduler", config, steps, scheduler)
            config = dict(shift=float(shift))
            scheduler = FlowMatchEulerDiscreteScheduler(**config)
            scheduler.set_timesteps(steps)
            record("FlowMatchEulerDiscreteScheduler", config, steps, scheduler)
    for steps in (1, 2, 3, 4, 5, 8, 20, 50):
        for config in (
            dict(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, solver_order=1),
            dict(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, solver_order=3),
            dict(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, disable_corrector=[0, 1]),
        ):
            scheduler = UniPCMultistepScheduler(**config)
            scheduler.set_timesteps(steps)
            record("UniPCMultistepScheduler", config, steps, scheduler)
        for tokens in (1, 256, 1024, 2112, 4096, 7392):
            for config in (
                dict(use_dynamic_shifting=True),
                dict(use_dynamic_shifting=True, time_shift_type="linear"),
                dict(use_dynamic_shifting=True, base_shift=0.95, max_shift=2.05, base_image_seq_len=1024,
                     max_image_seq_len=4096, shift_terminal=0.1),
            ):
                if steps == 1 and "shift_terminal" in config:
                    continue  # 0 / 0
                scheduler = FlowMatchEulerDiscreteScheduler(**config)
                sigmas = np.linspace(1.0, 1 / steps, steps)
                scheduler.set_timesteps(sigmas=sigmas, mu=calculate_shift(tokens, config))
                record("FlowMatchEulerDiscreteScheduler", config, steps, scheduler, tokens=tokens)
        config = dict(shift=4.0, stochastic_sampling=True)
        scheduler = FlowMatchEulerDiscreteScheduler(**config)
        scheduler.set_timesteps(steps)
        record("FlowMatchEulerDiscreteScheduler", config, steps, scheduler, torch.Generator().manual_seed(5))
        config = dict(shift=4.0)
        scheduler = FlowMatchLCMScheduler(**config)
        scheduler.set_timesteps(steps)
        record("FlowMatchLCMScheduler", config, steps, scheduler, torch.Generator().manual_seed(5))
    folder = out / "schedulers"
    folder.mkdir(exist_ok=True)
    flat = {name: torch.cat([tables[f"{i}.{name}"] for i in range(len(index))]) for name in ("timesteps", "sigmas", "end")}
    save_file(flat, folder / "tables.safetensors")
    (folder / "index.json").write_text(json.dumps(index, separators=(",", ":")), encoding="ascii")


def write_noise(out: Path):
    """Normal numbers of torch's CPU generator: lengths under, at and over its vectorised path."""
    noise = {}
    for seed in (0, 1, 42, 2**31, 2**32 + 5, 2**63 + 11, 2**64 - 1):
        for length in (1, 2, 7, 15, 16, 17, 31, 32, 33, 100, 640, 1000):
            generator = torch.Generator().manual_seed(seed)
            first = torch.randn(length, generator=generator)
            second = torch.randn(length, generator=generator)
            noise[f"{seed}.{length}"] = torch.cat([first, second])
    save_file(noise, out / "noise.safetensors")
