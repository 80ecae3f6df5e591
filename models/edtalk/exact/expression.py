"""Lays an expression over what was kept of a portrait; once for each change of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.edtalk.exact.projection import Projections
from models.edtalk.expression import Adaptive, ExpressionModule, normalised
from models.edtalk.generator import Generator
from models.edtalk.layout import MOUTH, POSE


class Statistics(nn.Module):
    """Features of all levels to what the expression scales and shifts there."""

    def __init__(self, published: Generator) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for block in published.dec.fineadainresblock:
            second = cast(ExpressionModule, block).conv2
            layer = nn.Conv2d(second.in_channels, second.out_channels, 3, padding=1)
            layer.load_state_dict(second.state_dict())
            self.layers.append(layer)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        made = []
        for layer, maps in zip(self.layers, features, strict=True):
            convolved: Tensor = layer(maps)
            exact = convolved if convolved.dtype is torch.float64 else convolved.float()
            made.append(normalised(exact).to(maps.dtype))
        return made


class Expressions(nn.Module):
    """How far along each direction of expression, and a portrait, to maps of all levels.

    The bank's part and the first layers of all levels are one matrix product.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, published: Generator) -> None:
        super().__init__()
        blocks = [cast(ExpressionModule, it).norm2 for it in published.dec.fineadainresblock]
        first = [cast(nn.Linear, block.mlp_shared[0]) for block in blocks]
        bank = published.bank()[:, MOUTH + POSE :]
        self.sizes = [layer.out_features for layer in first]
        weight = torch.cat([layer.weight for layer in first]) @ bank
        self.register_buffer("weight", weight)
        self.register_buffer("bias", torch.cat([layer.bias for layer in first]))
        self.bounds = nn.ModuleList(_Bounds(block) for block in blocks)
        self.projections = Projections(published.dec)

    def forward(
        self, expression: Tensor, features: Sequence[Tensor], statistics: Sequence[Tensor]
    ) -> list[Tensor]:
        """Maps (`Projections`) of expressions [b, 10]."""
        hidden = torch.relu(functional.linear(expression, self.weight, self.bias))
        told = torch.split(hidden, self.sizes, dim=1)
        laid = []
        for bounds, part, maps, still in zip(self.bounds, told, features, statistics, strict=True):
            scale, shift = bounds(part)
            made = maps.to(scale.dtype) + still.to(scale.dtype) * scale + shift
            laid.append(made.to(maps.dtype))
        made_maps: list[Tensor] = self.projections(laid)
        return made_maps


class _Bounds(nn.Module):
    """Hidden units [b, 128] to scale and shift, [b, c, 1, 1]."""

    def __init__(self, published: Adaptive) -> None:
        super().__init__()
        self.gamma, self.beta = published.mlp_gamma, published.mlp_beta

    def forward(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        return 1 + self.gamma(hidden)[:, :, None, None], self.beta(hidden)[:, :, None, None]
