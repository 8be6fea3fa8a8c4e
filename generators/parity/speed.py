"""Times a folder's clip in diffusers: `python speed.py FOLDER WIDTHxHEIGHT FRAMES STEPS THREADS`, loading included.

The twin of `cargo run --release -p filigrane-generate --example clip`, with the same prompt, guidance and threads.
"""

import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import torch  # noqa: E402
from diffusers import DiffusionPipeline  # noqa: E402

folder, size, frames, steps, threads = sys.argv[1:]
width, height = map(int, size.split("x"))
torch.set_num_threads(int(threads))
start = time.perf_counter()
pipeline = DiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
pipeline.set_progress_bar_config(disable=True)
loaded, computed = time.perf_counter(), time.process_time()
made = pipeline("a red ball rolls over the grass", negative_prompt="blurry", width=width, height=height,
                num_frames=int(frames), num_inference_steps=int(steps),
                generator=torch.Generator().manual_seed(42), output_type="np").frames[0]
end = time.perf_counter()
print(f"{len(made)} pictures in {end - start:.3f} s, {end - loaded:.3f} s of it after loading,"
      f" which took {time.process_time() - computed:.3f} CPU s")
