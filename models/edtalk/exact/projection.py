"""Features become colours before they are warped.

The decoder warps features, masks them and then makes colours of them, cell by cell. What
works on each cell by itself and is linear may as well come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.edtalk.equalised import GAIN, EqualConv
from models.edtalk.synthesis import Synthesis, ToColours


class Projections(nn.Module):
    """Features of all levels to maps of all levels.

    A map is the features with three channels of colour behind them; the last level's, whose
    features serve nothing else, is the colours alone.
    """

    def __init__(self, published: Synthesis) -> None:
        super().__init__()
        for level, layer in enumerate(published.to_rgbs):
            convolution = cast(EqualConv, cast(ToColours, layer).conv[0])
            self.register_buffer(
                f"colours_{level}", convolution.weight * (convolution.scale * GAIN)
            )

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        colours = [self._coloured(level, maps) for level, maps in enumerate(features)]
        pairs = zip(features[:-1], colours[:-1], strict=True)
        return [*(torch.cat(pair, dim=1) for pair in pairs), colours[-1]]

    def _coloured(self, level: int, maps: Tensor) -> Tensor:
        weight = cast(Tensor, getattr(self, f"colours_{level}"))
        return functional.conv2d(maps.to(weight.dtype), weight).to(maps.dtype)
