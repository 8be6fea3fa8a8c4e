"""What happens to a clip between the camera or generator and the judge: drawn at random for training, fixed for the tests.

A chain is a list of steps, each one FFmpeg encode: {"filters": [...], "codec": [...]}. The draw never looks at the label.
"""

import random
import subprocess
from pathlib import Path

EVEN = "scale=trunc(iw/2)*2:trunc(ih/2)*2"
X264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p"]

# Those of the test harness, so that figures of the two can be compared.
FIXED = {
    "native": [],
    "crf28": [{"filters": [EVEN], "codec": [*X264, "-crf", "28"]}],
    "crf35": [{"filters": [EVEN], "codec": [*X264, "-crf", "35"]}],
    "half": [{"filters": ["scale=trunc(iw/4)*2:trunc(ih/4)*2"], "codec": [*X264, "-crf", "23"]}],
    "social": [
        {"filters": [EVEN], "codec": [*X264, "-crf", "28"]},
        {"filters": ["scale=trunc(iw*0.667/2)*2:trunc(ih*0.667/2)*2"], "codec": [*X264, "-crf", "30"]},
    ],
}
# A side below this can't be judged (the observer refuses less than 128).
LEAST_SIDE = 144


def codec(lot: random.Random, least: int = 18, most: int = 36) -> list[str]:
    """Arguments of one encoder: H.264, H.265 or VP9 with quality, preset, distance of key pictures and B-pictures drawn."""
    crf, gop = lot.randint(least, most), lot.choice((12, 25, 50, 250))
    name = lot.choices(("h264", "h265", "vp9"), (0.65, 0.2, 0.15))[0]
    if name == "h264":
        preset, between = lot.choice(("veryfast", "faster", "medium")), lot.choice((0, 2, 3))
        return [*X264, "-crf", f"{crf}", "-preset", preset, "-g", f"{gop}", "-bf", f"{between}"]
    if name == "h265":
        preset = lot.choice(("ultrafast", "superfast", "fast"))
        rest = f"log-level=error:pools=none:frame-threads=1:keyint={gop}"
        return ["-c:v", "libx265", "-pix_fmt", "yuv420p", "-crf", f"{crf}", "-preset", preset, "-x265-params", rest]
    # VP9's scale of quality goes to 63.
    quality = round(crf * 1.3)
    return ["-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p", "-crf", f"{quality}", "-b:v", "0", "-deadline", "realtime", "-cpu-used", "6", "-g", f"{gop}"]


def drawn(lot: random.Random, width: int, height: int, pictures: int, most: int = 36) -> list[dict]:
    """A chain for pictures of `width` x `height`: perhaps scaled to 0.4..1, perhaps thinned in time, encoded once or twice."""
    filters = []
    if pictures >= 16 and lot.random() < 0.15:
        filters.append("select='not(mod(n\\,2))'")
    if lot.random() < 0.5:
        least = min(1.0, LEAST_SIDE / min(width, height))
        scale = max(least, lot.uniform(0.4, 1.0))
        kernel = lot.choice(("bicubic", "bilinear", "lanczos", "area"))
        filters.append(f"scale={even(width * scale)}:{even(height * scale)}:flags={kernel}")
    else:
        filters.append(EVEN)
    steps = [{"filters": filters, "codec": codec(lot, most=most)}]
    if lot.random() < 0.35:
        steps.append({"filters": [EVEN], "codec": codec(lot, 20, min(34, most))})
    return steps


def even(number: float) -> int:
    return max(2, int(number / 2) * 2)


def encode(source: list[str], steps: list[dict], out: Path, pictures: bytes | None = None, stretch: float = 1.0):
    """Runs `steps` over FFmpeg's input arguments `source` (with `pictures` on its standard input) and writes Matroska to `out`.

    `stretch` multiplies the times of the result without another encode. Raises `subprocess.CalledProcessError`.
    """
    made = []
    for index, step in enumerate(steps):
        path = out.with_suffix(f".{index}.mkv")
        made.append(path)
        graph = ["-vf", ",".join(step["filters"])] if step["filters"] else []
        # Pictures that a filter took away leave their time to those before.
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-threads", "1", *source, *graph, "-an", "-fps_mode", "passthrough", "-threads", "1"]
        if pictures is not None:
            command.remove("-nostdin")
        subprocess.run([*command, *step["codec"], str(path)], check=True, input=pictures, capture_output=True)
        source, pictures = ["-i", str(path)], None
    last = out.with_suffix(".last.mkv")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-itsscale", f"{stretch}", *source, "-map", "0:v:0", "-c", "copy", str(last)]
    subprocess.run(command, check=True, capture_output=True)
    for path in made:
        path.unlink()
    last.rename(out)
