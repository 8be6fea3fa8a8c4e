"""What each network of the tiny pipelines gives by itself: inputs and outputs in `fixtures/networks`.

Computed in double precision, so that a difference is that of the engine under test and not of both. Inputs are drawn
until the answer is settled: with three channels to a norm, some latents double a rounding error a hundredfold.
"""

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKLLTXVideo, AutoencoderKLWan, LTXVideoTransformer3DModel, WanTransformer3DModel
from safetensors.torch import save_file
from transformers import T5EncoderModel, UMT5EncoderModel


def settled(draw, network):
    """An input, and what the network makes of it, which hardly moves when the input's last bits do."""
    for _ in range(40):
        given = draw()
        answer = network(given.double())
        noise = torch.randn(given.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        if (network(given.double() * (1 + 6e-8 * noise)) - answer).abs().max() < 1e-6:
            return given, answer
    raise SystemExit("no settled input found")


def wan_transformer(folder, random, channels, per_frame):
    model = WanTransformer3DModel.from_pretrained(folder).eval().double()
    cases = {}
    for name, (batch, frames, height, width, text, times) in {
        "video": (2, 3, 8, 6, 7, [999.0, 999.0]),
        "one_frame": (1, 1, 4, 4, 9, [500.5]),
        "long_text": (1, 2, 4, 10, 512, [20.25]),
    }.items():
        hidden = torch.randn(batch, channels, frames, height, width, generator=random)
        states = torch.randn(batch, text, 32, generator=random)
        timestep = torch.tensor(times)
        tokens = timestep
        if per_frame:
            # One time a frame, the first being given; diffusers takes one a token.
            timestep = timestep[:, None].repeat(1, frames)
            timestep[:, 0] = 0.0 if frames > 1 else timestep[:, 0]
            tokens = timestep.repeat_interleave((height // 2) * (width // 2), dim=1)
        sample = model(hidden.double(), tokens, states.double(), return_dict=False)[0]
        cases[name] = dict(hidden_states=hidden, timestep=timestep, encoder_hidden_states=states, sample=sample)
    return cases


def wan_lora(folder, adapter, random):
    """The transformer with a low-rank change, written as peft names it and as Wan's own release does."""
    model = WanTransformer3DModel.from_pretrained(folder).eval().double()
    tensors = {}
    for ours, theirs, up, down in (
        ("blocks.0.attn1.to_q", "transformer.blocks.0.attn1.to_q", "lora_B", "lora_A"),
        ("blocks.1.attn2.to_out.0", "diffusion_model.blocks.1.cross_attn.o", "lora_up", "lora_down"),
        ("blocks.1.ffn.net.0.proj", "diffusion_model.blocks.1.ffn.0", "lora_up", "lora_down"),
    ):
        weight = model.get_submodule(ours).weight
        height, width = weight.shape
        first = torch.randn(4, width, generator=random) / width**0.5
        second = torch.randn(height, 4, generator=random)
        tensors |= {f"{theirs}.{down}.weight": first, f"{theirs}.{up}.weight": second}
        scale = 0.75
        if up == "lora_up":
            tensors[f"{theirs}.alpha"] = torch.tensor(2.0)
            scale *= 2.0 / 4
        weight += scale * (second.double() @ first.double())
    save_file(tensors, adapter)
    hidden = torch.randn(1, 16, 2, 4, 6, generator=random)
    states = torch.randn(1, 5, 32, generator=random)
    timestep = torch.tensor([321.0])
    sample = model(hidden.double(), timestep, states.double(), return_dict=False)[0]
    return {"merged": dict(hidden_states=hidden, timestep=timestep, encoder_hidden_states=states, sample=sample)}


def wan_vae(folder, random):
    model = AutoencoderKLWan.from_pretrained(folder).eval().double()
    side = 8 * (model.config.patch_size or 1)
    cases = {}
    for name, (frames, height, width) in {"video": (3, 2, 4), "one_frame": (1, 3, 2)}.items():
        latent, decoded = settled(
            lambda: torch.randn(1, model.config.z_dim, frames, height, width, generator=random),
            lambda latent: model.decode(latent, return_dict=False)[0])
        pixels, moments = settled(
            lambda: torch.rand(1, 3, 4 * frames - 3, height * side, width * side, generator=random) * 2 - 1,
            lambda pixels: model.encode(pixels).latent_dist.parameters)
        cases[name] = dict(latent=latent, decoded=decoded, pixels=pixels, moments=moments)
    return cases


def text_encoder(folder, kind, random):
    model = kind.from_pretrained(folder).eval().double()
    cases = {}
    for name, (batch, tokens, used) in {"prompt": (2, 16, [16, 5]), "long_text": (1, 512, [400])}.items():
        ids = torch.randint(0, model.config.vocab_size, (batch, tokens), generator=random)
        mask = torch.zeros(batch, tokens, dtype=torch.int64)
        for row, count in enumerate(used):
            mask[row, :count] = 1
        states = model(ids, mask).last_hidden_state
        # What stands behind a prompt's end is not used by any pipeline.
        cases[name] = dict(input_ids=ids, attention_mask=mask, last_hidden_state=states * mask[..., None])
    return cases


def ltx_transformer(folder, random):
    model = LTXVideoTransformer3DModel.from_pretrained(folder).eval().double()
    cases = {}
    for name, (batch, frames, height, width, text, times) in {
        "video": (2, 3, 2, 3, 7, [999.0, 999.0]),
        "one_frame": (1, 1, 3, 2, 128, [12.5]),
        "time_per_frame": (1, 3, 2, 2, 7, [[0.0, 400.0, 400.0]]),
    }.items():
        hidden = torch.randn(batch, frames * height * width, model.config.in_channels, generator=random)
        states = torch.randn(batch, text, model.config.caption_channels, generator=random)
        mask = torch.ones(batch, text, dtype=torch.int64)
        mask[0, text // 2:] = 0
        timestep = torch.tensor(times)
        tokens = timestep
        if timestep.dim() == 2:
            tokens = timestep.repeat_interleave(height * width, dim=1)
        scale = (8 / 25, 32.0, 32.0)
        sample = model(hidden.double(), states.double(), tokens, mask, frames, height, width, scale, return_dict=False)[0]
        cases[name] = dict(hidden_states=hidden, timestep=timestep, encoder_hidden_states=states,
                           encoder_attention_mask=mask, sample=sample, scale=torch.tensor(scale),
                           grid=torch.tensor([frames, height, width]))
    return cases


def ltx_vae(folder, random):
    model = AutoencoderKLLTXVideo.from_pretrained(folder).eval().double()
    cases = {}
    for name, (frames, height, width) in {"video": (3, 4, 6), "one_frame": (1, 2, 4)}.items():
        latent, decoded = settled(
            lambda: torch.randn(1, model.config.latent_channels, frames, height, width, generator=random),
            lambda latent: model.decode(latent, return_dict=False)[0])
        pixels, moments = settled(
            lambda: torch.rand(1, 3, 4 * frames - 3, height * 4, width * 4, generator=random) * 2 - 1,
            lambda pixels: model.encode(pixels).latent_dist.mean)
        cases[name] = dict(latent=latent, decoded=decoded, pixels=pixels, moments=moments)
    return cases


def main(fixtures: Path):
    out = fixtures / "networks"
    out.mkdir(exist_ok=True)
    random = torch.Generator().manual_seed(21)
    wan21, ti2v, ltx = (fixtures / family / "model" for family in ("wan21", "wan22-ti2v", "ltx"))
    networks = {
        "wan21.transformer": wan_transformer(wan21 / "transformer", random, 16, False),
        "wan21.vae": wan_vae(wan21 / "vae", random),
        "wan21.text_encoder": text_encoder(wan21 / "text_encoder", UMT5EncoderModel, random),
        "wan22-ti2v.transformer": wan_transformer(ti2v / "transformer", random, 48, True),
        "wan22-ti2v.vae": wan_vae(ti2v / "vae", random),
        "ltx.transformer": ltx_transformer(ltx / "transformer", random),
        "ltx.vae": ltx_vae(ltx / "vae", random),
        "ltx.text_encoder": text_encoder(ltx / "text_encoder", T5EncoderModel, random),
    }
    adapter = fixtures / "adapter.safetensors"
    networks["wan21.lora"] = wan_lora(wan21 / "transformer", adapter, torch.Generator().manual_seed(22))
    adapter.chmod(0o644)
    for network, cases in networks.items():
        tensors = {
            f"{case}.{name}": (tensor.float() if tensor.is_floating_point() else tensor).contiguous()
            for case, found in cases.items() for name, tensor in found.items()
        }
        save_file(tensors, out / f"{network}.safetensors")
        (out / f"{network}.safetensors").chmod(0o644)
        spread = [tensor.std().item() for name, tensor in tensors.items() if name.split(".")[1] in ("sample", "decoded", "moments", "last_hidden_state")]
        print(network, [f"{value:.2f}" for value in spread])


if __name__ == "__main__":
    with torch.no_grad():
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "fixtures")
