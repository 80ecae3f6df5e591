"""Lays an expression over the portrait's features.

The expression enhancement module of Tan et al. (2024): adaptive instance normalisation
(Huang & Belongie, 2017) by the expression's part of the latent.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn
from torch.nn import functional

HIDDEN: Final = 128
"""Units between the expression and its scales and shifts."""


class Adaptive(nn.Module):
    """Scales and shifts normalised channels by a vector."""

    def __init__(self, channels: int, latent: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Linear(latent, HIDDEN), nn.ReLU())
        self.mlp_gamma = nn.Linear(HIDDEN, channels)
        self.mlp_beta = nn.Linear(HIDDEN, channels)

    def bounds(self, expression: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift of each channel, [b, c, 1, 1], of expressions [b, latent]."""
        shared = self.mlp_shared(expression)
        gamma, beta = self.mlp_gamma(shared), self.mlp_beta(shared)
        return 1 + gamma[:, :, None, None], beta[:, :, None, None]

    def forward(self, signal: Tensor, expression: Tensor) -> Tensor:
        scale, shift = self.bounds(expression)
        return normalised(signal) * scale + shift


def normalised(signal: Tensor) -> Tensor:
    """Every channel of every sample with mean 0 and variance 1."""
    return functional.instance_norm(signal, eps=1e-5)


class ExpressionModule(nn.Module):
    """Features [b, c, n, n] and an expression [b, latent] to features.

    `conv1` and `norm1` have no effect: the published module overwrites what they give.
    """

    def __init__(self, channels: int, latent: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm1 = Adaptive(channels, latent)
        self.norm2 = Adaptive(channels, latent)

    def forward(self, features: Tensor, expression: Tensor) -> Tensor:
        added: Tensor = self.norm2(self.conv2(features), expression)
        return features + added
