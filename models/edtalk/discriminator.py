"""Tells made pictures from taken ones while a generator learns; StyleGAN2's.

Karras et al. (2020), with the deviation within small groups of pictures as a last channel
(Karras et al., 2018). Checkpoints keep it under `dis`; nothing of it is exported.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from models.edtalk.equalised import EqualLinear, Residual, conv_layer
from models.edtalk.layout import COARSEST, OFFICIAL, Layout

GROUP: Final = 4
"""Pictures among which deviations are looked at."""


class Discriminator(nn.Module):
    """Pictures [b, 3, n, n] in -1..1 to logits [b, 1]; b up to 4 or a multiple of it."""

    def __init__(self, layout: Layout = OFFICIAL) -> None:
        super().__init__()
        channels = [layout.channels(cells) for cells in (*reversed(layout.levels), COARSEST)]
        pairs = zip(channels, channels[1:], strict=False)
        self.convs = nn.Sequential(
            conv_layer(3, channels[0], 1), *(Residual(*pair) for pair in pairs)
        )
        last = channels[-1]
        self.final_conv = conv_layer(last + 1, last, 3)
        self.final_linear = nn.Sequential(
            EqualLinear(last * COARSEST**2, last, active=True), EqualLinear(last, 1)
        )

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.convs(pictures)
        maps = self.final_conv(torch.cat([maps, deviation(maps)], dim=1))
        logits: Tensor = self.final_linear(maps.flatten(1))
        return logits


def deviation(maps: Tensor) -> Tensor:
    """How much samples of a group differ, one number a group, as maps [b, 1, h, w]."""
    batch, _, height, width = maps.shape
    group = min(batch, GROUP)
    grouped = maps.reshape(group, batch // group, *maps.shape[1:])
    spread = torch.sqrt(grouped.var(0, unbiased=False) + 1e-8).mean((1, 2, 3))
    return spread.repeat(group)[:, None, None, None].expand(batch, 1, height, width)
