"""The two convolutional experts. Both take crops as the observer cuts them, (n, 4, 128, 128) luma 0..255: four consecutive pictures.

Fixed high-pass filters in front, and no stride or pooling before the third convolution: content is of no use to them, traces are.
Each patch of 16 x 16 samples gets a logit; the crop's is their mean, so the patches are a heat map.
"""

import torch
from torch import nn

# Second differences along rows and columns, and the 3 x 3 filter of Ker and Boehme (2008).
FILTERS = torch.tensor([
    [[0.0, 0.0, 0.0], [0.5, -1.0, 0.5], [0.0, 0.0, 0.0]],
    [[0.0, 0.5, 0.0], [0.0, -1.0, 0.0], [0.0, 0.5, 0.0]],
    [[-0.25, 0.5, -0.25], [0.5, -1.0, 0.5], [-0.25, 0.5, -0.25]],
])  # fmt: skip
# Residuals are cut off here, in luma of 255: edges are content.
MOST = 12.0


def step(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def patches(channels: int, first: int = 8) -> nn.Sequential:
    """From residuals (n, channels, side, side) to a logit for each 16 x 16 samples."""
    a, b, c, d = first, 2 * first, 6 * first, 12 * first
    return nn.Sequential(
        *step(channels, a), *step(a, a), *step(a, a), nn.AvgPool2d(2),
        *step(a, b), *step(b, b), nn.AvgPool2d(2),
        *step(b, c), nn.AvgPool2d(2),
        *step(c, d), nn.AvgPool2d(2),
        *step(d, d), *step(d, d), nn.Conv2d(d, 1, 1),
    )  # fmt: skip


class Spatial(nn.Module):
    """Expert `spatial`: the high-pass residuals of single pictures. The first and the third are looked at: their coding differs."""

    PICTURES = (0, 2)

    def __init__(self):
        super().__init__()
        self.register_buffer("filters", FILTERS[:, None].clone())
        self.patches = patches(len(FILTERS))

    def residuals(self, pictures: torch.Tensor) -> torch.Tensor:
        """(n, 1, side, side) luma to (n, 3, side, side), within -1..1."""
        return nn.functional.conv2d(pictures, self.filters, padding=1).clamp(-MOST, MOST) / MOST

    def heat(self, crops: torch.Tensor) -> torch.Tensor:
        """Logits of patches, (n, side / 16, side / 16)."""
        maps = [self.patches(self.residuals(crops[:, index : index + 1]))[:, 0] for index in self.PICTURES]
        return sum(maps) / len(maps)

    def one(self, crops: torch.Tensor) -> torch.Tensor:
        """As `heat` but from the first picture alone: half the cost, for training."""
        return self.patches(self.residuals(crops[:, :1]))[:, 0]

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Log-odds of crops (n, 4, side, side), shape (n,)."""
        return self.heat(crops).mean(dim=(1, 2))


class Temporal(nn.Module):
    """Expert `temporal`: first and second differences of the four pictures, high-passed, so that motion itself counts little."""

    def __init__(self):
        super().__init__()
        self.register_buffer("filter", FILTERS[2:3, None].clone())
        self.patches = patches(7)

    def residuals(self, crops: torch.Tensor) -> torch.Tensor:
        """(n, 4, side, side) luma to (n, 7, side, side): two second differences, as they are and high-passed, and three first ones high-passed."""
        first = crops[:, 1:] - crops[:, :-1]
        second = (first[:, 1:] - first[:, :-1]) / 2
        both = torch.cat([first, second], dim=1)
        high = torch.cat([nn.functional.conv2d(both[:, index : index + 1], self.filter, padding=1) for index in range(5)], dim=1)
        return torch.cat([second, high], dim=1).clamp(-MOST, MOST) / MOST

    def heat(self, crops: torch.Tensor) -> torch.Tensor:
        return self.patches(self.residuals(crops))[:, 0]

    def one(self, crops: torch.Tensor) -> torch.Tensor:
        return self.heat(crops)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Log-odds of crops (n, 4, side, side), shape (n,)."""
        return self.heat(crops).mean(dim=(1, 2))


EXPERTS = {"spatial": Spatial, "temporal": Temporal}
