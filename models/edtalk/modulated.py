"""Convolutions that a style scales: modulation and demodulation of Karras et al. (2020)."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.edtalk.dead import DeadNoise
from models.edtalk.equalised import EqualLinear, Rectifier
from models.edtalk.fir import Blur

EPSILON: Final = 1e-8


class ModulatedConv(nn.Module):
    """A convolution whose weights a style scales by input channel, one sample at a time.

    Args:
        inputs: channels in.
        outputs: channels out.
        kernel: cells a side.
        latent: numbers of the style.
        demodulate: whether outputs are brought back to unit variance.
        up: whether the resolution doubles.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        latent: int,
        *,
        demodulate: bool = True,
        up: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, outputs, inputs, kernel, kernel))
        self.modulation = EqualLinear(latent, inputs, bias=1.0)
        self.scale = 1 / math.sqrt(inputs * kernel**2)
        self.demodulate, self.pad = demodulate, kernel // 2
        if up:
            self.blur = Blur((1, 1), gain=4.0)
        self.up = up

    def forward(self, signal: Tensor, latent: Tensor) -> Tensor:
        """Maps [b, inputs, h, w] and latents [b, n] to [b, outputs, h or 2 h, w or 2 w]."""
        batch, inputs, height, width = signal.shape
        style = self.modulation(latent)[:, None, :, None, None]
        weight = self.scale * self.weight * style
        if self.demodulate:
            power = weight.pow(2).sum((2, 3, 4), keepdim=True)
            weight = weight * torch.rsqrt(power + EPSILON)
        grouped = signal.reshape(1, batch * inputs, height, width)
        if self.up:
            weight = weight.transpose(1, 2).flatten(0, 1)
            made = functional.conv_transpose2d(grouped, weight, stride=2, groups=batch)
        else:
            made = functional.conv2d(grouped, weight.flatten(0, 1), padding=self.pad, groups=batch)
        made = made.reshape(batch, -1, *made.shape[2:])
        blurred: Tensor = self.blur(made) if self.up else made
        return blurred


class StyledConv(nn.Module):
    """A modulated convolution of 3 x 3 cells and a rectifier."""

    def __init__(self, inputs: int, outputs: int, latent: int, *, up: bool = False) -> None:
        super().__init__()
        self.conv = ModulatedConv(inputs, outputs, 3, latent, up=up)
        self.noise = DeadNoise()
        self.activate = Rectifier(outputs)

    def forward(self, signal: Tensor, latent: Tensor) -> Tensor:
        made: Tensor = self.activate(self.conv(signal, latent))
        return made
