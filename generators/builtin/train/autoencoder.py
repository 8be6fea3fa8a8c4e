"""Trains the `AutoencoderKLWan`: 64 x 64 pictures to 8 x 8 latents, four pictures to one, 16 channels."""

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import patchify
from torch.nn import functional

from run import Average, Run
from scene import FRAMES, render
from words import random_scene

CHANNELS = 16
PATCH = 2
# What the decoder must live with: a denoiser's latents are never exact.
NOISE = 0.1
# Seconds that go to single pictures; then the encoder stays, and the decoder learns what lies between.
PICTURES = 700
# How much more than the background the object counts, a small part of the picture and all that is asked for.
OBJECT = 4.0
# What is an object: the largest and the smallest channel are this far apart, in -1..1; backgrounds are muted.
SATURATED = 0.55


@torch.no_grad()
def set_out(model, seed):
    """Starts the autoencoder where it learns fast: every convolution looks at the present picture alone, every residual
    branch adds nothing yet, and the first and last layer weigh the patches' principal components alike: colour is a
    small part of the values and would else be learnt last."""
    for name, module in model.named_modules():
        if name.endswith(("conv2", "proj")):
            module.weight.zero_()
            module.bias.zero_()
        if isinstance(module, torch.nn.Conv3d) and module.kernel_size[0] == 3:
            weight = module.weight
            weight[:, :, :2] = 0
            if name.endswith("time_conv"):
                weight.zero_()
                module.bias.zero_()
                for half in range(weight.shape[0] // weight.shape[1]):
                    weight[half * weight.shape[1] :][: weight.shape[1], :, 2, 0, 0] = torch.eye(weight.shape[1])
            else:
                weight[:, :, 2] *= 3**0.5
    patches = patchify(clips(random.Random(seed), 200, 1), PATCH).permute(0, 2, 3, 4, 1).flatten(0, 3)
    mean, (variance, axes) = patches.mean(0), torch.linalg.eigh(patches.T.cov())
    spread = (variance + 0.02 * variance.mean()).sqrt()
    first, last = model.encoder.conv_in, model.decoder.conv_out
    first.weight.copy_(torch.einsum("oithw,ij->ojthw", first.weight, (axes / spread).T))
    first.bias.copy_(-torch.einsum("oithw,i->o", first.weight, mean))
    last.weight.copy_(torch.einsum("oithw,jo->jithw", last.weight, axes * spread))
    last.bias.copy_(mean)
    return model


def new_autoencoder(mean=None, std=None):
    return AutoencoderKLWan(
        base_dim=16,
        z_dim=CHANNELS,
        dim_mult=[2, 3, 3],
        num_res_blocks=1,
        temperal_downsample=[True, True],
        patch_size=PATCH,
        in_channels=3 * PATCH**2,
        out_channels=3 * PATCH**2,
        scale_factor_temporal=4,
        scale_factor_spatial=4 * PATCH,
        latents_mean=mean or [0.0] * CHANNELS,
        latents_std=std or [1.0] * CHANNELS,
    )


def clips(rng, count, frames):
    """Random parts of random clips, [count, 3, frames, 64, 64] in -1..1."""
    parts = [render(random_scene(rng), frames, rng.randrange(FRAMES - frames + 1)) for _ in range(count)]
    return torch.from_numpy(np.stack(parts)).permute(0, 4, 1, 2, 3).float() / 127.5 - 1


def loss_of(shown, wanted, latent):
    """Squared and absolute error of values and of differences between neighbours, and a little of the latents' size."""
    saturated = (wanted.amax(dim=1, keepdim=True) - wanted.amin(dim=1, keepdim=True) > SATURATED).float()
    weight = 1 + OBJECT * functional.max_pool3d(saturated, (1, 5, 5), 1, (0, 2, 2))
    weight = weight / weight.mean()
    error = shown - wanted

    def mean(values, axis=None):
        part = weight if axis is None else weight.narrow(axis, 1, weight.shape[axis] - 1)
        return ((values.square() + 0.1 * values.abs()) * part).mean()

    axes = [4, 3] + ([2] if error.shape[2] > 1 else [])
    return mean(error) + 0.5 * sum(mean(error.diff(dim=axis), axis) for axis in axes) + 1e-4 * latent.square().mean()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--seconds", type=float, default=1200, help="processor time in all")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(chosen.seed)
    model = set_out(new_autoencoder(), chosen.seed)
    average = Average(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=1e-4)
    run = Run(chosen.folder, "autoencoder", chosen.seconds, 1e-3, decay=0.4)
    parts = {"model": model, "average": average, "optimiser": optimiser}
    run.resume(**parts)
    rng = random.Random(chosen.seed + run.step)
    frozen = False
    while not run.over():
        single = run.seconds() < PICTURES
        if not single and not frozen:
            # From here on latents mean the same: a denoiser trained on them fits every later decoder.
            model.load_state_dict(average.weights)
            model.encoder.requires_grad_(False)
            model.quant_conv.requires_grad_(False)
            frozen = True
        wanted = clips(rng, 6, 1) if single else clips(rng, 1, 9)
        for group in optimiser.param_groups:
            group["lr"] = run.rate()
        latent = model.encode(wanted).latent_dist.mean
        shown = model.decode(latent + NOISE * torch.randn_like(latent)).sample
        loss = loss_of(shown, wanted, latent)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update(model, run.step)
        run.record(loss.item(), **parts)
    run.save(**parts)


if __name__ == "__main__":
    main()
