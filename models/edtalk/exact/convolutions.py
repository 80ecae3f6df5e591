"""Plain convolutions with the published weights' scales multiplied out."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.edtalk.equalised import SLOPE, EqualConv, Rectifier


def plain(published: EqualConv, gain: float = 1.0) -> nn.Conv2d:
    """The convolution times `gain`."""
    outputs, inputs, kernel, _ = published.weight.shape
    layer = nn.Conv2d(inputs, outputs, kernel, published.stride, published.pad, bias=False)
    layer.weight = nn.Parameter(published.weight * (published.scale * gain), requires_grad=False)
    return layer


class Rectified(nn.Module):
    """A convolution and a leaky rectifier, times `gain`, which both let through."""

    def __init__(self, convolution: nn.Module, rectifier: nn.Module, gain: float) -> None:
        super().__init__()
        self.convolution = plain(cast(EqualConv, convolution), gain)
        bias = cast(Rectifier, rectifier).bias
        self.convolution.bias = nn.Parameter(bias.flatten() * gain, requires_grad=False)

    def forward(self, signal: Tensor) -> Tensor:
        return functional.leaky_relu(self.convolution(signal), SLOPE)


class Styled(nn.Module):
    """A convolution whose inputs and outputs are scaled by channel, and a leaky rectifier.

    Args:
        weight: [outputs, inputs, 3, 3], its scale multiplied out.
        bias: [1, outputs, 1, 1], before the rectifier, times its gain.
        up: the filter behind it where the resolution doubles.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, up: nn.Conv2d | None) -> None:
        super().__init__()
        self.register_buffer("weight", weight.transpose(0, 1).contiguous() if up else weight)
        self.register_buffer("bias", bias)
        self.up = up

    def forward(self, signal: Tensor, scale: Tensor, gain: Tensor) -> Tensor:
        """Maps [b, inputs, n, n]; scale [b, inputs, 1, 1], gain [b, outputs, 1, 1]."""
        kind = self.weight.dtype
        signal = signal.to(kind) * scale.to(kind)
        if self.up is None:
            made = functional.conv2d(signal, self.weight, padding=1)
        else:
            made = self.up(torch.conv_transpose2d(signal, self.weight, stride=2))
        return functional.leaky_relu(made * gain.to(kind) + self.bias, SLOPE)
