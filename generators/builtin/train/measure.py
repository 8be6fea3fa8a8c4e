"""Asks the program for clips and reads colour, place and motion back from them by image arithmetic."""

import argparse
import random
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from readback import read
from words import caption, random_scene

SIDE = 64


def pictures(path):
    """The clip as a user's player shows it, made small again."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-vf", f"scale={SIDE}:{SIDE}:flags=area", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, SIDE, SIDE, 3)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("program", type=Path, help="filigrane")
    options.add_argument("--prompts", type=int, default=200)
    options.add_argument("--seed", type=int, default=1, help="of prompts and clips; those of the training are others")
    options.add_argument("--sheet", type=Path, help="a picture of the first 24 clips")
    options.add_argument("--options", default="", help="further options of `generate`, separated by spaces")
    chosen = options.parse_args()
    rng = random.Random(chosen.seed)
    right, rows, start = np.zeros(3, int), [], time.time()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(chosen.prompts):
            scene = random_scene(rng)
            text = caption(scene, rng, keep_all=True)
            path = Path(folder) / "clip.mp4"
            command = [chosen.program, "generate", text, "-o", path, "--force", "--seed", str(number), "--home", folder, "--quiet"]
            subprocess.run(command + chosen.options.split(), check=True)
            clip = pictures(path)
            said = read(clip)
            good = [said[0] == scene.colour, said[1] == (scene.column, scene.row), said[2] == scene.motion]
            right += good
            print("".join("+" if one else "-" for one in good), text, "|", *said, flush=True)
            if len(rows) < 24:
                rows.append(np.concatenate(list(clip[::4]), axis=1))
    share = right / chosen.prompts
    print(f"{chosen.prompts} prompts: colour {share[0]:.1%}, place {share[1]:.1%}, motion {share[2]:.1%} right")
    print(f"{(time.time() - start) / chosen.prompts:.1f} s a clip")
    if chosen.sheet:
        half = (len(rows) + 1) // 2
        rows += [np.zeros_like(rows[0])] * (2 * half - len(rows))
        sheet = np.concatenate([np.concatenate(rows[:half]), np.concatenate(rows[half:])], axis=1)
        Image.fromarray(sheet).save(chosen.sheet, optimize=True)


if __name__ == "__main__":
    main()
