"""Tiny-LaDeDa (Cavia et al. 2024) for `train/peers.py`: ask_tiny_ladeda.py REPOSITORY WEIGHTS scaled|native

REPOSITORY: a checkout of barcavia/RealTime-DeepfakeDetection-in-the-RealWorld (research licence, nothing of it is here); WEIGHTS: a file of its
weights/Tiny_LaDeDa. Pictures are `scaled` to 256 x 256, as its data loader does, or the middle 256 x 256 is taken at native size.
"""

import sys

import numpy as np
import torch
from PIL import Image

MEAN, DEVIATION = (torch.tensor(values).view(3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
SIDE = 256


def shown(path: str, scaled: bool) -> torch.Tensor:
    picture = Image.open(path).convert("RGB")
    if scaled:
        picture = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    else:
        # Square, since its pooling is.
        side = min(*picture.size, SIDE)
        left, top = ((own - side) // 2 for own in picture.size)
        picture = picture.crop((left, top, left + side, top + side))
    values = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
    return (values - MEAN) / DEVIATION


def main():
    repository, weights, how = sys.argv[1:]
    sys.path.insert(0, repository)
    from networks.Tiny_LaDeDa import tiny_ladeda

    torch.set_num_threads(1)
    model = tiny_ladeda(preprocess_type="right_diag", num_classes=1)
    model.fc = torch.nn.Linear(8, 1)
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    model.eval()
    with torch.no_grad():
        for line in sys.stdin:
            print(float(model(shown(line.strip(), how == "scaled")[None]).sigmoid()))


if __name__ == "__main__":
    main()
