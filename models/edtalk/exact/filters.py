"""`models.edtalk.fir` as convolutions by channel."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

from models.edtalk.fir import taps

Layer = TypeVar("Layer", nn.Conv2d, nn.ConvTranspose2d)


def low_pass(channels: int, pad: int, *, stride: int = 1, gain: float = 1.0) -> nn.Conv2d:
    """The filter at one resolution, or with stride 2 at every second cell."""
    layer = nn.Conv2d(channels, channels, 4, stride, pad, groups=channels, bias=False)
    return _filled(layer, gain)


def doubled(channels: int) -> nn.ConvTranspose2d:
    """Twice the resolution, as `models.edtalk.fir.Upsample`."""
    layer = nn.ConvTranspose2d(channels, channels, 4, 2, 1, groups=channels, bias=False)
    return _filled(layer, 4.0)


def _filled(layer: Layer, gain: float) -> Layer:
    with torch.no_grad():
        layer.weight.copy_(taps(gain).expand_as(layer.weight))
    return layer
