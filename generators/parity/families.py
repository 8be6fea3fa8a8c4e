"""Tiny random pipelines of each family, in the sizes of diffusers' own tests, and what they make."""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKLLTXVideo,
    AutoencoderKLWan,
    FlowMatchEulerDiscreteScheduler,
    LTXPipeline,
    LTXVideoTransformer3DModel,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
)
from PIL import Image
from safetensors.torch import save_file
from transformers import T5Config, T5EncoderModel, UMT5Config, UMT5EncoderModel

import prompts
import tokenizer as tokenizers

WIDTH = 32  # of the text encoders
# Gain of the denoisers' weights, about that of torch's own: at 1, torch's single precision is itself 1e-5 from its double.
QUIET = 0.5
LONG = " ".join(prompts.SENTENCES * 3)  # more than 512 tokens

# prompt, what to avoid, size, frames, steps, guidance, seed
PLAIN = dict(prompt="a red ball rolls over the grass", negative="blurry", size=(48, 32), frames=9, steps=6,
             guidance=5.0, seed=42)
WIDE = PLAIN | dict(size=(64, 32))
WAN_CASES = {
    "six_steps": PLAIN,
    "twenty_steps": PLAIN | dict(steps=20, seed=7),
    "one_frame": PLAIN | dict(frames=1),
    "one_step": PLAIN | dict(steps=1, frames=1),
    "odd_prompt": PLAIN | dict(prompt=" 🐈‍⬛ naïve “quoted”\t&amp;amp; \x1b[31mＦＵＬＬ ﬁne\x07\n一只红色的球", seed=3),
    "empty_prompt": PLAIN | dict(prompt="", negative="", seed=4),
    "long_prompt": PLAIN | dict(prompt=LONG, seed=5, frames=5),
    "unguided": PLAIN | dict(guidance=1.0, seed=6),
    "tall": PLAIN | dict(size=(16, 64), frames=17, seed=2**40 + 11),
}


def liven(module, generator, gain):
    """Random weights with enough spread that every part is heard in the result."""
    with torch.no_grad():
        for name, parameter in sorted(module.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1 and "scale_shift" not in name:
                fan_in = parameter[0].numel()
                parameter.copy_(noise * gain / fan_in**0.5)
            elif name.endswith(("gamma", "weight")):
                parameter.copy_(1 + 0.1 * noise)
            else:
                parameter.copy_(0.1 * noise)
    return module.eval()


def text_encoder(kind, vocabulary, generator):
    config, model = {"t5": (T5Config, T5EncoderModel), "umt5": (UMT5Config, UMT5EncoderModel)}[kind]
    settings = config(vocab_size=vocabulary, d_model=WIDTH, d_kv=8, d_ff=37, num_layers=2, num_heads=4,
                      feed_forward_proj="gated-gelu", relative_attention_num_buckets=32,
                      relative_attention_max_distance=128)
    return liven(model(settings), generator, 1.0)


def wan_transformer(generator, **changes):
    settings = dict(patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=16,
                    out_channels=16, text_dim=WIDTH, freq_dim=256, ffn_dim=32, num_layers=2,
                    cross_attn_norm=True, qk_norm="rms_norm_across_heads", rope_max_seq_len=32)
    return liven(WanTransformer3DModel(**(settings | changes)), generator, QUIET)


def wan_vae(generator, **changes):
    settings = dict(base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1,
                    temperal_downsample=[False, True, True])
    return liven(AutoencoderKLWan(**(settings | changes)), generator, 0.9)


def wan21(folder, generator):
    words = tokenizers.train(folder / "words", size=640, rule="identity", byte_fallback=True, extra_ids=0, longest=512)
    return WanPipeline(
        tokenizer=words,
        text_encoder=text_encoder("umt5", len(words), generator),
        transformer=wan_transformer(generator),
        vae=wan_vae(generator),
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
    )


def wan22_pair(folder, generator):
    """The two-transformer form of Wan 2.2 A14B."""
    words = tokenizers.train(folder / "words", size=640, rule="identity", byte_fallback=True, extra_ids=0, longest=512)
    return WanPipeline(
        tokenizer=words,
        text_encoder=text_encoder("umt5", len(words), generator),
        transformer=wan_transformer(generator),
        transformer_2=wan_transformer(generator),
        boundary_ratio=0.875,
        vae=wan_vae(generator),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=5.0),
    )


def wan22_ti2v(folder, generator):
    words = tokenizers.train(folder / "words", size=640, rule="identity", byte_fallback=True, extra_ids=0, longest=512)
    mean = torch.linspace(-0.5, 0.5, 48).tolist()
    std = torch.linspace(0.4, 1.6, 48).tolist()
    vae = wan_vae(generator, z_dim=48, in_channels=12, out_channels=12, is_residual=True, patch_size=2,
                  latents_mean=mean, latents_std=std, scale_factor_spatial=16, scale_factor_temporal=4)
    return WanPipeline(
        tokenizer=words,
        text_encoder=text_encoder("umt5", len(words), generator),
        transformer=wan_transformer(generator, in_channels=48, out_channels=48),
        vae=vae,
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0),
        expand_timesteps=True,
    )


def ltx(folder, generator):
    words = tokenizers.train(folder / "words", size=380, rule="identity", byte_fallback=False, extra_ids=4, longest=128)
    transformer = LTXVideoTransformer3DModel(
        in_channels=8, out_channels=8, patch_size=1, patch_size_t=1, num_attention_heads=4, attention_head_dim=8,
        cross_attention_dim=32, num_layers=2, caption_channels=WIDTH)
    vae = AutoencoderKLLTXVideo(
        in_channels=3, out_channels=3, latent_channels=8, block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8), layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1, 1), spatio_temporal_scaling=(True, True, False, False),
        decoder_spatio_temporal_scaling=(True, True, False, False),
        decoder_inject_noise=(False, False, False, False, False), upsample_residual=(False, False, False, False),
        upsample_factor=(1, 1, 1, 1), timestep_conditioning=False, patch_size=1, patch_size_t=1,
        encoder_causal=True, decoder_causal=False)
    vae.use_framewise_encoding = False
    vae.use_framewise_decoding = False
    return LTXPipeline(
        tokenizer=words,
        text_encoder=text_encoder("t5", len(words), generator),
        transformer=liven(transformer, generator, QUIET),
        vae=liven(vae, generator, 1.1),
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_shift=0.95, max_shift=2.05, base_image_seq_len=1024,
            max_image_seq_len=4096, shift_terminal=0.1),
    )


def picture(size):
    """A first frame with edges and gradients, the same everywhere."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    red = 255 * x // (width - 1)
    green = 255 * y // (height - 1)
    blue = 255 * ((x // 4 + y // 4) % 2)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


FAMILIES = {
    "wan21": (wan21, WAN_CASES, 11),
    "wan22-pair": (wan22_pair, {
        "six_steps": PLAIN,
        "two_guidances": PLAIN | dict(guidance_low_noise=2.0, steps=20, seed=8),
    }, 12),
    "wan22-ti2v": (wan22_ti2v, {
        "six_steps": WIDE,
        "twenty_steps": WIDE | dict(steps=20, seed=7),
        "one_frame": WIDE | dict(frames=1),
        "long_prompt": WIDE | dict(prompt=LONG, seed=5, frames=5),
        "from_image": WIDE | dict(image=True),
        "from_image_twenty_steps": WIDE | dict(image=True, steps=20, seed=9, size=(32, 32)),
    }, 13),
    "ltx": (ltx, {
        "six_steps": PLAIN | dict(guidance=3.0, size=(64, 32)),
        "twenty_steps": PLAIN | dict(guidance=3.0, steps=20, seed=7, size=(64, 32)),
        "one_frame": PLAIN | dict(guidance=3.0, frames=1, size=(64, 32)),
        "odd_prompt": PLAIN | dict(guidance=3.0, prompt=WAN_CASES["odd_prompt"]["prompt"], size=(32, 32)),
        "long_prompt": PLAIN | dict(guidance=3.0, prompt=LONG, seed=5, size=(64, 32)),
        "unguided": PLAIN | dict(guidance=1.0, seed=6, size=(32, 64)),
    }, 14),
}


def make(pipeline, case):
    """Latents as the last step leaves them, and 8-bit frames."""
    width, height = case["size"]
    arguments = dict(prompt=case["prompt"], negative_prompt=case["negative"], width=width, height=height,
                     num_frames=case["frames"], num_inference_steps=case["steps"], guidance_scale=case["guidance"])
    if "guidance_low_noise" in case:
        arguments["guidance_scale_2"] = case["guidance_low_noise"]
    if case.get("image"):
        pipeline = WanImageToVideoPipeline(
            tokenizer=pipeline.tokenizer, text_encoder=pipeline.text_encoder, vae=pipeline.vae,
            scheduler=pipeline.scheduler, transformer=pipeline.transformer, expand_timesteps=True)
        arguments["image"] = Image.fromarray(picture(case["size"]))
    pipeline.set_progress_bar_config(disable=True)
    latents = pipeline(**arguments, generator=torch.Generator().manual_seed(case["seed"]), output_type="latent").frames
    frames = pipeline(**arguments, generator=torch.Generator().manual_seed(case["seed"]), output_type="np").frames[0]
    return latents[0].contiguous(), torch.from_numpy((frames * 255).round().astype(np.uint8)).contiguous()


def write(out: Path, name: str):
    build, cases, seed = FAMILIES[name]
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    pipeline = build(folder, torch.Generator().manual_seed(seed))
    for file in (folder / "words").iterdir():
        file.unlink()
    (folder / "words").rmdir()
    shard = "60KB" if name == "wan22-ti2v" else "10GB"
    pipeline.save_pretrained(folder / "model", max_shard_size=shard)
    expected = {}
    for title, case in cases.items():
        latents, frames = make(pipeline, case)
        spread = frames.float().std().item()
        print(f"{name:12} {title:24} latents {tuple(latents.shape)} std {latents.std():.3f}, frames std {spread:.1f}")
        assert spread > 5, "a flat picture proves nothing"
        expected[f"{title}.latents"] = latents
        expected[f"{title}.frames"] = frames
    if any(case.get("image") for case in cases.values()):
        for size in {case["size"] for case in cases.values() if case.get("image")}:
            expected["picture.{}x{}".format(*size)] = torch.from_numpy(picture(size))
    save_file(expected, folder / "expected.safetensors")
    for file in folder.rglob("*.safetensors"):
        file.chmod(0o644)
    (folder / "cases.json").write_text(json.dumps(cases, indent=1), encoding="ascii")
