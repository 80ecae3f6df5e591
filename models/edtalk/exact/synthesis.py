"""The decoder on maps that an avatar keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.edtalk.equalised import GAIN, SLOPE, Rectifier
from models.edtalk.exact.convolutions import Styled
from models.edtalk.exact.filters import doubled, low_pass
from models.edtalk.exact.styles import Styles
from models.edtalk.modulated import StyledConv
from models.edtalk.synthesis import Synthesis as Published
from models.edtalk.synthesis import ToColours, ToFlow, grid, warped


class Synthesis(nn.Module):
    """Latents and maps (`models.edtalk.exact.projection`) to pictures."""

    start: Tensor

    def __init__(self, published: Published) -> None:
        super().__init__()
        self.register_buffer("start", published.input.input.clone())
        self.styles = Styles(published)
        layers = [published.conv1, *(cast(StyledConv, layer) for layer in published.convs)]
        self.convolutions = nn.ModuleList(_styled(layer) for layer in layers)
        self.levels = nn.ModuleList(
            Level(cast(ToFlow, flow), cast(ToColours, colours), number)
            for number, (flow, colours) in enumerate(
                zip(published.to_flows, published.to_rgbs, strict=True)
            )
        )

    def forward(self, latent: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """Decode; see `models.edtalk.synthesis.Synthesis.forward`."""
        styles, flow_scales = self.styles(latent)
        signal = self.start.expand(latent.shape[0], -1, -1, -1)
        signal = self.convolutions[0](signal, *styles[0])
        raw: Tensor | None = None
        colours: Tensor | None = None
        for number, layer in enumerate(self.levels):
            level = cast(Level, layer)
            for place in (2 * number + 1, 2 * number + 2):
                signal = self.convolutions[place](signal, *styles[place])
            raw, mask, seen = level.warp(signal, flow_scales[number], raw, maps[number])
            if number + 1 < len(self.levels):
                mask = mask.to(signal.dtype)
                signal = seen[:, :-3].to(signal.dtype) + signal * (1 - mask)
            colours = level.coloured(seen[:, -3:], colours)
        assert colours is not None
        return colours


class Level(nn.Module):
    """Flow, warp and colours at one resolution; all of it in full precision."""

    flow_weight: Tensor
    flow_bias: Tensor
    colour_bias: Tensor
    colour_shift: Tensor
    grid: Tensor

    def __init__(self, flow: ToFlow, colours: ToColours, number: int) -> None:
        super().__init__()
        weight = flow.conv.weight
        self.register_buffer("flow_weight", weight[0, :, :, 0, 0] * flow.conv.scale)
        self.register_buffer("flow_bias", flow.bias.clone())
        self.register_buffer("colour_bias", cast(Rectifier, colours.conv[1]).bias * GAIN)
        self.register_buffer("colour_shift", colours.bias.clone())
        self.register_buffer("grid", grid(8 << number, weight))
        self.doubled = doubled(3) if number else None

    def warp(
        self, signal: Tensor, scale: Tensor, before: Tensor | None, maps: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The raw flow [b, 3, n, n], its mask [b, 1, n, n], and what is seen through both."""
        weight = scale[:, None, :] * self.flow_weight
        cells = self.grid.shape[1]
        flat = weight @ signal.flatten(2).to(weight.dtype)
        raw = flat.reshape(-1, 3, cells, cells) + self.flow_bias
        if before is not None:
            raw = raw + self._doubled(before)
        places = torch.tanh(raw[:, :2]).permute(0, 2, 3, 1) + self.grid
        mask = torch.sigmoid(raw[:, 2:])
        return raw, mask, warped(maps.to(weight.dtype), places) * mask

    def coloured(self, seen: Tensor, before: Tensor | None) -> Tensor:
        """What this level and those before it add to the picture, [b, 3, n, n]."""
        colours = functional.leaky_relu(seen + self.colour_bias, SLOPE) + self.colour_shift
        return colours if before is None else colours + self._doubled(before)

    def _doubled(self, before: Tensor) -> Tensor:
        assert self.doubled is not None
        made: Tensor = self.doubled(before)
        return made


def _styled(published: StyledConv) -> Styled:
    convolution = published.conv
    weight = convolution.weight[0] * convolution.scale
    up = low_pass(weight.shape[0], pad=1, gain=4.0) if convolution.up else None
    return Styled(weight, published.activate.bias * GAIN, up)
