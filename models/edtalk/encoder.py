"""Looks at a picture: what it is, as a latent, and how it looks, as maps."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from models.edtalk.equalised import EqualConv, Residual, conv_layer
from models.edtalk.layout import COARSEST, Layout


class Seen(NamedTuple):
    """What the encoder saw: `code` [b, latent], and maps [b, c, n, n], 8 cells first."""

    code: Tensor
    features: tuple[Tensor, ...]


class Encoder(nn.Module):
    """Pictures [b, 3, n, n] in -1..1 to `Seen`."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.net_app = _Trunk(layout)

    def forward(self, picture: Tensor) -> Seen:
        seen: Seen = self.net_app(picture)
        return seen


class _Trunk(nn.Module):
    """The encoder's layers; official checkpoints keep them a level deeper."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        sizes = [*reversed(layout.levels), COARSEST]
        channels = [layout.channels(cells) for cells in sizes]
        self.convs = nn.ModuleList(
            [
                conv_layer(3, channels[0], 1),
                *(Residual(*pair) for pair in zip(channels, channels[1:], strict=False)),
                EqualConv(channels[-1], layout.latent, COARSEST),
            ]
        )

    def forward(self, picture: Tensor) -> Seen:
        maps = [picture]
        for layer in self.convs:
            maps.append(layer(maps[-1]))
        code = maps.pop().flatten(1)
        return Seen(code, tuple(maps[-2:0:-1]))
