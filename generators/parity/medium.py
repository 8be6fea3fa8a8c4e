"""A Wan 2.1 folder of 0.7 billion random weights with its VAE in full size: `medium.py TRANSFORMER OUT`.

TRANSFORMER is the folder that `large.py FOLDER make 12` writes. Nothing to look at comes out: for time and memory alone.
"""

import os
import shutil
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import torch  # noqa: E402
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel  # noqa: E402
from transformers import UMT5Config, UMT5EncoderModel  # noqa: E402

import tokenizer  # noqa: E402

transformer, out = Path(sys.argv[1]), Path(sys.argv[2])
torch.manual_seed(1)
words = tokenizer.train(out / "words", size=640, rule="identity", byte_fallback=True, extra_ids=0, longest=512)
settings = UMT5Config(vocab_size=len(words), d_model=4096, d_kv=64, d_ff=1024, num_layers=2, num_heads=8,
                      feed_forward_proj="gated-gelu")
pipeline = WanPipeline(
    tokenizer=words, text_encoder=UMT5EncoderModel(settings),
    transformer=WanTransformer3DModel.from_pretrained(transformer), vae=AutoencoderKLWan(),
    scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0))
pipeline.save_pretrained(out)
shutil.rmtree(out / "words")
