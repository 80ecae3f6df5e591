"""All styles of the decoder by one matrix product, and the tables that demodulate.

A modulated convolution scales its weights W by a style s and divides by the root of
sum (W s)^2 + epsilon. Equal to that: scale the inputs by s, convolve with W, and multiply
the outputs by 1 / sqrt(T s^2 + epsilon), where T sums W^2 over the cells of the kernel.
Styles are divided by their largest number and outputs multiplied by it, so that half
precision does not overflow between the two.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from models.edtalk.equalised import GAIN
from models.edtalk.modulated import EPSILON, ModulatedConv, StyledConv
from models.edtalk.synthesis import Synthesis, ToFlow


class Style(NamedTuple):
    """What a latent does to one convolution: [b, inputs, 1, 1] and [b, outputs, 1, 1].

    `gain` holds the rectifier's too.
    """

    scale: Tensor
    gain: Tensor


class Styles(nn.Module):
    """Latents [b, latent] to the styles of all convolutions, and the scales of all flows."""

    weight: Tensor
    bias: Tensor

    def __init__(self, published: Synthesis) -> None:
        super().__init__()
        styled = [published.conv1, *(cast(StyledConv, layer) for layer in published.convs)]
        convolutions = [layer.conv for layer in styled]
        flows = [cast(ToFlow, layer).conv for layer in published.to_flows]
        layers = [layer.modulation for layer in (*convolutions, *flows)]
        self.sizes = [layer.weight.shape[0] for layer in layers]
        weight = torch.cat([layer.weight * layer.scale for layer in layers])
        self.register_buffer("weight", weight.T.contiguous())
        self.register_buffer("bias", torch.cat([layer.bias for layer in layers]))
        for number, convolution in enumerate(convolutions):
            self.register_buffer(f"table_{number}", _table(convolution))
        self.styled = len(convolutions)

    def forward(self, latent: Tensor) -> tuple[list[Style], list[Tensor]]:
        """One `Style` a convolution, and one scale [b, inputs] a flow."""
        parts = torch.split(latent @ self.weight + self.bias, self.sizes, dim=1)
        styles = [self._style(number, part) for number, part in enumerate(parts[: self.styled])]
        return styles, [*parts[self.styled :]]

    def _style(self, number: int, style: Tensor) -> Style:
        table = cast(Tensor, getattr(self, f"table_{number}"))
        most = style.abs().amax(dim=1, keepdim=True) + EPSILON
        gain = torch.rsqrt((style * style) @ table + EPSILON) * (most * GAIN)
        return Style((style / most)[:, :, None, None], gain[:, :, None, None])


def _table(convolution: ModulatedConv) -> Tensor:
    """[inputs, outputs]: the power of each weight's cells."""
    power = (convolution.weight[0] * convolution.scale).pow(2).sum((2, 3))
    return power.T.contiguous()
