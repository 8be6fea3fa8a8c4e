"""MesoNet's Meso4 (Afchar et al. 2018) for `train/peers.py`: ask_mesonet.py WEIGHTS      needs `pip install h5py "opencv-python-headless<4.13"`

WEIGHTS: weights/Meso4_DF.h5 of a checkout of DariusAf/MesoNet. Judges the largest frontal face that OpenCV's cascade finds, with 15 % around it;
`nan` where there is none.
"""

import sys

import cv2
import h5py
import numpy as np
import torch
from torch.nn import functional

# Longest side of the picture that faces are looked for in, and the least face in it.
LONGEST, LEAST = 640, 48


class Meso4:
    """The network as its authors defined it in Keras."""

    def __init__(self, path: str):
        with h5py.File(path) as file:
            self.held = {f"{layer}/{key}": torch.from_numpy(np.array(own)) for layer in file for key, own in file[layer].get(layer, {}).items()}

    def of(self, layer: str, key: str) -> torch.Tensor:
        return self.held[f"{layer}/{key}:0"]

    def real(self, x: torch.Tensor) -> torch.Tensor:
        """The likelihood that faces (n, 3, 256, 256), RGB in 0..1, are real."""
        for number, pool in zip((5, 6, 7, 8), (2, 2, 2, 4), strict=True):
            kernel, bias = self.of(f"conv2d_{number}", "kernel").permute(3, 2, 0, 1), self.of(f"conv2d_{number}", "bias")
            x = functional.relu(functional.conv2d(x, kernel.contiguous(), bias, padding="same"))
            mean, variance, gamma, beta = (self.of(f"batch_normalization_{number}", key) for key in ("moving_mean", "moving_variance", "gamma", "beta"))
            x = functional.max_pool2d(functional.batch_norm(x, mean, variance, gamma, beta, eps=1e-3), pool)
        x = x.permute(0, 2, 3, 1).flatten(1)
        x = functional.leaky_relu(x @ self.of("dense_3", "kernel") + self.of("dense_3", "bias"), 0.1)
        return torch.sigmoid(x @ self.of("dense_4", "kernel") + self.of("dense_4", "bias"))[:, 0]


def face(picture: np.ndarray, cascade) -> np.ndarray | None:
    scale = min(1.0, LONGEST / max(picture.shape[:2]))
    grey = cv2.cvtColor(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    found = cascade.detectMultiScale(grey, 1.1, 6, minSize=(LEAST, LEAST))
    if not len(found):
        return None
    x, y, width, height = (value / scale for value in max(found, key=lambda own: own[2] * own[3]))
    half, across, down = max(width, height) * 1.3 / 2, x + width / 2, y + height / 2
    top, bottom, left, right = (int(max(0, value)) for value in (down - half, down + half, across - half, across + half))
    return picture[top:bottom, left:right]


def main():
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    model = Meso4(sys.argv[1])
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    for line in sys.stdin:
        found = face(cv2.imread(line.strip()), cascade)
        if found is None:
            print("nan")
            continue
        small = cv2.resize(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), (256, 256), interpolation=cv2.INTER_NEAREST)
        with torch.no_grad():
            print(1 - float(model.real(torch.from_numpy(small).permute(2, 0, 1).float()[None] / 255)))


if __name__ == "__main__":
    main()
