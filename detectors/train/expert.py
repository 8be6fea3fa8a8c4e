"""Trains one convolutional expert: a model for each fold of the training part, and the final one.

The models of the folds give out-of-fold scores; each also leaves one autoencoder out, and so does the final model, so that every autoencoder
is new to one of them (P3). Continues where it was stopped.
"""

import time
from pathlib import Path

import numpy as np
import torch

import scores
from batches import MOSAICS, PAIRS, Batches
from budget import Budget
from features import Features, load
from folds import NEWEST_FOLD
from networks import EXPERTS
from plan import AUTOENCODERS
from precision import fast, half

SEED = 6
MARGIN = 1.0
# What patches of mosaics are worth beside whole crops.
WHERE = 0.3
BATCH = 64


def left_out(fold: int) -> str:
    """The autoencoder that the model of `fold` never saw; the final model is fold -1."""
    return AUTOENCODERS[fold] if 0 <= fold < len(AUTOENCODERS) - 1 else AUTOENCODERS[-1]


def chosen(features: Features, fold: int) -> np.ndarray:
    """Mask of the versions that the model of `fold` is trained on."""
    part, folds, vae = features.column("part"), features.column("fold", -1), features.column("vae")
    return (part == "train") & (folds != fold) & (vae != left_out(fold))


def loss_of(heat: torch.Tensor, y: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Of maps of patches in the order of `Batches.draw`: cross-entropy of their means with soft labels, a margin by which a reconstruction must
    exceed its own camera window, and the cross-entropy of the mosaics' patches."""
    entropy_of = torch.nn.functional.binary_cross_entropy_with_logits
    logits = heat[:-MOSAICS].mean(dim=(1, 2))
    gap = logits[PAIRS : 2 * PAIRS] - logits[:PAIRS]
    return entropy_of(logits, y * 0.96 + 0.02) + 0.5 * torch.relu(MARGIN - gap).mean() + WHERE * entropy_of(heat[-MOSAICS:], masks * 0.96 + 0.02)


def trained(features: Features, state: Path, name: str, fold: int, seconds: float) -> torch.nn.Module:
    """The model of `fold`, trained until `seconds` of processor time are used."""
    torch.manual_seed(SEED)
    model = EXPERTS[name]().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.02)
    budget = Budget(state / "models", f"{name}{'' if fold < 0 else fold}", seconds, 2e-3)
    budget.resume(model=model, optimiser=optimiser)
    if budget.over():
        return model.eval()
    batches, began, before = Batches(features, chosen(features, fold), SEED + fold), time.process_time(), budget.step
    model.train()
    # Fused kernels are twice as fast, where they are worth the minute that they take to be made.
    forward = torch.compile(model.one) if fast() and seconds > 120 else model.one
    while not budget.over():
        crops, y, masks = batches.draw(budget.step)
        for group in optimiser.param_groups:
            group["lr"] = budget.rate()
        with half():
            heat = forward(crops)
        loss = loss_of(heat.float(), y, masks)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        budget.record(loss.item(), model=model, optimiser=optimiser)
    budget.save(model=model, optimiser=optimiser)
    steps, spent = budget.step - before, time.process_time() - began
    print(f"{name}, fold {fold}: {steps} steps, {steps * len(crops) / spent:.0f} crops a second of processor", flush=True)
    return model.eval()


@torch.no_grad()
def log_odds(model: torch.nn.Module, features: Features, versions: np.ndarray) -> np.ndarray:
    """Mean log-odds over the crops of each burst of `versions` (a mask), NaN elsewhere."""
    out, each = np.full(len(features.version), np.nan), features.each
    bursts = np.flatnonzero(features.hold(versions))
    for at in range(0, len(bursts), BATCH // each):
        some = bursts[at : at + BATCH // each]
        rows = (some[:, None] * each + np.arange(each)).ravel()
        crops = torch.from_numpy(np.array(features.crops[rows])).float()
        out[some] = model(crops).reshape(-1, each).mean(dim=1).numpy()
    return out


def run(name: str, state: Path, out: Path, seconds: float, seconds_of_fold: float):
    """All models of expert `name`, OUT/NAME.onnx and STATE/scores/NAME.npz, with P3's scores as NAME-unseen."""
    import export

    if (out / f"{name}.onnx").exists() and scores.path(state, name).exists():
        return
    torch.set_num_threads(1)
    features = load(state)
    part, folds, vae, kind = (features.column(key, default) for key, default in (("part", ""), ("fold", -1), ("vae", ""), ("kind", "")))
    held, unseen = np.full(len(features.version), np.nan), np.full(len(features.version), np.nan)
    windows = (part == "test") & (kind == "window")
    newest = features.column("year") == "newest"
    beside = newest | ((part == "test") & (kind == "clip"))
    for fold in [*sorted(set(folds[part == "train"])), -1]:
        model = trained(features, state, name, fold, seconds if fold < 0 else seconds_of_fold)
        own = part != "train" if fold < 0 else (part == "train") & (folds == fold)
        held = np.where(np.isnan(held), log_odds(model, features, own), held)
        if fold == NEWEST_FOLD:
            if (chosen(features, fold) & newest).any():
                raise ValueError(f"fold {fold} should hold all generators of the newest year")
            scores.save(state, f"{name}-older", log_odds(model, features, beside))
        # Each autoencoder's reconstructions of the test windows, by the model that never saw it; the windows themselves, by that model too.
        for reconstruction in (windows, (part == "test") & (vae == left_out(fold)) & (kind == "redrawn")):
            found = log_odds(model, features, reconstruction)
            if reconstruction is windows:
                scores.save(state, f"{name}-windows-{left_out(fold)}", found)
            else:
                unseen = np.where(np.isnan(unseen), found, unseen)
    scores.save(state, f"{name}-unseen", unseen)
    worst, rate = export.onnx(model, out / f"{name}.onnx", features)
    scores.save(state, name, held)
    print(f"{name}: ONNX within {worst:.1e} of torch, {rate:.0f} crops a second")
