"""Layers whose weights are kept at unit variance and scaled as they are used.

The equalised learning rate of Karras et al., "Progressive growing of GANs" (2018).
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.edtalk.fir import Blur

SLOPE: Final = 0.2
"""Of leaky rectifiers, below zero."""
GAIN: Final = math.sqrt(2.0)
"""By which a rectified signal is raised, so that its variance stays."""


def rectified(signal: Tensor) -> Tensor:
    """Leaky rectifier with its gain."""
    return functional.leaky_relu(signal, SLOPE) * GAIN


class Rectifier(nn.Module):
    """Adds a bias a channel, then `rectified`: signals [b, c, h, w]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, signal: Tensor) -> Tensor:
        return rectified(signal + self.bias)


class EqualConv(nn.Module):
    """A convolution without bias; its weight counts times `scale`."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, pad: int = 0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.scale = 1 / math.sqrt(inputs * kernel**2)
        self.stride, self.pad = stride, pad

    def forward(self, signal: Tensor) -> Tensor:
        return functional.conv2d(
            signal, self.weight * self.scale, stride=self.stride, padding=self.pad
        )


class EqualLinear(nn.Module):
    """A linear layer; its weight counts times `scale`.

    Args:
        inputs: numbers in.
        outputs: numbers out.
        bias: of all outputs before training.
        active: whether `rectified` follows.
    """

    def __init__(
        self, inputs: int, outputs: int, bias: float = 0.0, *, active: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self.scale = 1 / math.sqrt(inputs)
        self.active = active

    def forward(self, signal: Tensor) -> Tensor:
        made = functional.linear(signal, self.weight * self.scale, self.bias)
        return rectified(made) if self.active else made


def conv_layer(
    inputs: int, outputs: int, kernel: int, *, down: bool = False, active: bool = True
) -> nn.Sequential:
    """A convolution, before it a filter where it halves the resolution, behind it a rectifier.

    Positions in the sequence are those of the checkpoints.
    """
    layers: list[nn.Module] = []
    if down:
        both = kernel + 1  # as many zeros as make half the resolution exact
        layers = [Blur((both // 2 + both % 2, both // 2))]
    pad = 0 if down else kernel // 2
    layers.append(EqualConv(inputs, outputs, kernel, 2 if down else 1, pad))
    if active:
        layers.append(Rectifier(outputs))
    return nn.Sequential(*layers)


class Residual(nn.Module):
    """Two convolutions beside a plain way; half the resolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = conv_layer(inputs, inputs, 3)
        self.conv2 = conv_layer(inputs, outputs, 3, down=True)
        self.skip = conv_layer(inputs, outputs, 1, down=True, active=False)

    def forward(self, signal: Tensor) -> Tensor:
        made: Tensor = (self.conv2(self.conv1(signal)) + self.skip(signal)) / math.sqrt(2.0)
        return made
