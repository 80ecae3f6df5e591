"""The heads' seven layers as one affine map."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from models.edtalk.equalised import EqualLinear
from models.edtalk.generator import Generator, Steps
from models.edtalk.layout import EXPRESSION, MOUTH, POSE


class Heads(nn.Module):
    """Codes [b, latent] to `Steps`."""

    weight: Tensor
    bias: Tensor

    def __init__(self, published: Generator) -> None:
        super().__init__()
        heads = [published.lip_fc, published.pose_fc]
        if published.expressive:
            heads.append(published.exp_fc)
        maps = [_composed([*published.fc, *head]) for head in heads]
        kind = published.fc[0].weight.dtype
        self.sizes = [MOUTH, POSE, EXPRESSION][: len(heads)]
        weight, bias = (torch.cat(parts) for parts in zip(*maps, strict=True))
        self.register_buffer("weight", weight.to(cast(torch.dtype, kind)))
        self.register_buffer("bias", bias.to(cast(torch.dtype, kind)))

    def forward(self, code: Tensor) -> Steps:
        mouth, pose, *more = torch.split(
            torch.nn.functional.linear(code, self.weight, self.bias), self.sizes, dim=1
        )
        return Steps(mouth, pose, more[0] if more else None)


def _composed(layers: Iterable[nn.Module]) -> tuple[Tensor, Tensor]:
    """Weight [outputs, inputs] and bias of layers without rectifiers, in float64."""
    weight: Tensor | None = None
    bias: Tensor | None = None
    for layer in layers:
        linear = cast(EqualLinear, layer)
        scaled, shift = linear.weight.double() * linear.scale, linear.bias.double()
        weight = scaled if weight is None else scaled @ weight
        bias = shift if bias is None else scaled @ bias + shift
    assert weight is not None and bias is not None
    return weight, bias
