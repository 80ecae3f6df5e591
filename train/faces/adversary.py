"""A small network that tells made mouths and eyes from true ones, for the end of a training.

It judges patches of about 22 pixels (Isola et al., 2017) with the hinge loss, and is what
makes edges of teeth and lashes worth drawing when their exact place is uncertain.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm


class Adversary(nn.Module):
    """Crops [b, 3, h, w] in 0..1 to how true each patch looks, [b, 1, h / 8, w / 8]."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        channels = (3, width, 2 * width, 3 * width)
        layers: list[nn.Module] = []
        for inputs, outputs in zip(channels, channels[1:], strict=False):
            layers += [
                spectral_norm(nn.Conv2d(inputs, outputs, 4, 2, 1)),
                nn.LeakyReLU(0.2),
            ]
        self.layers = nn.Sequential(*layers, spectral_norm(nn.Conv2d(channels[-1], 1, 3, 1, 1)))

    def forward(self, crops: Tensor) -> Tensor:
        found: Tensor = self.layers(2 * crops - 1)
        return found

    def judge(self, true: Tensor, made: Tensor) -> Tensor:
        """What it has to learn: the hinge loss."""
        real, fake = self(true), self(made.detach())
        return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()

    def fooled(self, made: Tensor) -> Tensor:
        """What the network that makes has to learn."""
        return -torch.mean(self(made))
