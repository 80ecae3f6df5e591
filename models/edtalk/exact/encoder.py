"""The encoder, its scales and gains multiplied out."""

from __future__ import annotations

import math
from typing import cast

from torch import Tensor, nn

from models.edtalk.encoder import Encoder as Published
from models.edtalk.encoder import Seen
from models.edtalk.equalised import GAIN, EqualConv, Residual
from models.edtalk.exact.convolutions import Rectified, plain
from models.edtalk.exact.filters import low_pass


class Halving(nn.Module):
    """A residual block; the second rectifier's gain and the sum's share cancel out."""

    def __init__(self, published: Residual) -> None:
        super().__init__()
        self.first = Rectified(published.conv1[0], published.conv1[1], GAIN)
        skip = cast(EqualConv, published.skip[1])
        inputs = skip.weight.shape[1]
        self.blur = low_pass(inputs, pad=2)
        self.second = Rectified(published.conv2[1], published.conv2[2], 1.0)
        self.reduce = low_pass(inputs, pad=1, stride=2)
        self.skip = plain(skip, 1 / math.sqrt(2.0))
        self.skip.stride = (1, 1)

    def forward(self, signal: Tensor) -> Tensor:
        made: Tensor = self.second(self.blur(self.first(signal)))
        beside: Tensor = self.skip(self.reduce(signal))
        return made + beside


class Encoder(nn.Module):
    """Pictures [b, 3, n, n] in -1..1 to `Seen`."""

    def __init__(self, published: Published) -> None:
        super().__init__()
        first, *blocks, last = published.net_app.convs
        stem = cast(nn.Sequential, first)
        self.stem = Rectified(stem[0], stem[1], GAIN)
        self.blocks = nn.ModuleList(Halving(cast(Residual, block)) for block in blocks)
        self.code = plain(cast(EqualConv, last))

    def forward(self, picture: Tensor) -> Seen:
        signal = self.stem(picture.to(self.stem.convolution.weight.dtype))
        maps = [signal]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        code = self.code(maps[-1].to(picture.dtype)).flatten(1)
        return Seen(code, tuple(maps[-2::-1]))
