"""Low-pass filters around each change of resolution, as StyleGAN2 has them.

Karras et al. (2020), after Zhang, "Making convolutional networks shift-invariant again"
(2019): taps [1, 3, 3, 1] in both directions.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

TAPS: Final = (1.0, 3.0, 3.0, 1.0)


def taps(gain: float = 1.0) -> Tensor:
    """The filter, [4, 4], with the sum `gain`."""
    line = torch.tensor(TAPS)
    square = torch.outer(line, line)
    return square * (gain / square.sum())


def filtered(signal: Tensor, kernel: Tensor, up: int = 1, pad: tuple[int, int] = (0, 0)) -> Tensor:
    """Insert `up` - 1 zeros behind each value, pad, and convolve; every channel by itself.

    Args:
        signal: [b, c, h, w].
        kernel: [4, 4]; symmetric, so that it need not be turned.
        up: factor by which the resolution grows.
        pad: zeros before and after, the same in both directions.
    """
    batch, channels, height, width = signal.shape
    planes = signal.reshape(batch * channels, 1, height, 1, width, 1)
    planes = functional.pad(planes, (0, up - 1, 0, 0, 0, up - 1))
    planes = planes.reshape(batch * channels, 1, height * up, width * up)
    planes = functional.conv2d(functional.pad(planes, (*pad, *pad)), kernel[None, None])
    return planes.reshape(batch, channels, *planes.shape[2:])


class Blur(nn.Module):
    """The filter at one resolution.

    Args:
        pad: zeros before and after.
        gain: sum of the taps; 4 where zeros were inserted before.
    """

    kernel: Tensor

    def __init__(self, pad: tuple[int, int], gain: float = 1.0) -> None:
        super().__init__()
        self.pad = pad
        self.register_buffer("kernel", taps(gain))

    def forward(self, signal: Tensor) -> Tensor:
        return filtered(signal, self.kernel, pad=self.pad)


class Upsample(nn.Module):
    """Twice the resolution: [b, c, n, n] to [b, c, 2 n, 2 n]."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", taps(4.0))

    def forward(self, signal: Tensor) -> Tensor:
        return filtered(signal, self.kernel, up=2, pad=(2, 1))
