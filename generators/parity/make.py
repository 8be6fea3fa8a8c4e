"""Makes the parity fixtures: `python make.py OUT [part ...]`; parts are tokenizers, schedulers, noise and families."""

import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from diffusers.utils import logging as diffusers_logging  # noqa: E402
from transformers.utils import logging as transformers_logging  # noqa: E402

import families  # noqa: E402
import schedules  # noqa: E402
import tokenizer  # noqa: E402


def main():
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    parts = sys.argv[2:] or ["tokenizers", "schedulers", "noise", *families.FAMILIES]
    for part in parts:
        if part == "tokenizers":
            tokenizer.write_fixtures(out)
        elif part == "schedulers":
            schedules.write(out)
        elif part == "noise":
            schedules.write_noise(out)
        else:
            families.write(out, part)


if __name__ == "__main__":
    main()
