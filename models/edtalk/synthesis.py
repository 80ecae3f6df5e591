"""The decoder: a latent becomes a flow, the flow warps the portrait's features to a picture."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.edtalk.dead import DeadColours
from models.edtalk.equalised import EqualConv, Rectifier
from models.edtalk.expression import ExpressionModule
from models.edtalk.fir import Upsample
from models.edtalk.layout import COARSEST, Layout
from models.edtalk.modulated import ModulatedConv, StyledConv


def grid(cells: int, like: Tensor) -> Tensor:
    """Where a zero flow looks, [1, n, n, 2], x then y.

    The outermost places are -1 and 1, while `warped` counts -1 and 1 as the outer edges of
    the outermost cells. So a zero flow stretches maps a little and fades their rim. The
    weights have learnt with that, and it must stay.
    """
    axis = torch.linspace(-1.0, 1.0, cells, device=like.device, dtype=like.dtype)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], dim=2)[None]


def warped(maps: Tensor, places: Tensor) -> Tensor:
    """Maps [b, c, n, n] seen at places [b, n, n, 2]; zero outside."""
    return functional.grid_sample(
        maps, places, mode="bilinear", padding_mode="zeros", align_corners=False
    )


class Start(nn.Module):
    """What the decoder starts from, whoever it is: [1, c, 4, 4]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.randn(1, channels, COARSEST, COARSEST))


class ToFlow(nn.Module):
    """Maps to a raw flow: x, y before tanh, and a mask before its sigmoid; [b, 3, n, n]."""

    def __init__(self, channels: int, latent: int) -> None:
        super().__init__()
        self.upsample = Upsample()
        self.conv = ModulatedConv(channels, 3, 1, latent, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(self, signal: Tensor, latent: Tensor, before: Tensor | None) -> Tensor:
        raw: Tensor = self.conv(signal, latent) + self.bias
        return raw if before is None else raw + self.upsample(before)


class ToColours(nn.Module):
    """Warped features to what they add to the picture, [b, 3, n, n]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.upsample = Upsample()
        self.conv = nn.Sequential(EqualConv(channels, 3, 1), Rectifier(3))
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(self, features: Tensor, before: Tensor | None) -> Tensor:
        colours: Tensor = self.conv(features) + self.bias
        return colours if before is None else colours + self.upsample(before)


class Synthesis(nn.Module):
    """Latents and the portrait's features to pictures.

    Args:
        layout: of the networks.
        expressive: whether expressions are laid over the features.
    """

    def __init__(self, layout: Layout, *, expressive: bool) -> None:
        super().__init__()
        latent, channels = layout.latent, [layout.channels(n) for n in (COARSEST, *layout.levels)]
        self.input = Start(channels[0])
        self.conv1 = StyledConv(channels[0], channels[0], latent)
        self.to_rgb1 = DeadColours(channels[0])
        self.convs = nn.ModuleList()
        self.to_flows = nn.ModuleList()
        self.to_rgbs = nn.ModuleList()
        for before, width in zip(channels, channels[1:], strict=False):
            self.convs.append(StyledConv(before, width, latent, up=True))
            self.convs.append(StyledConv(width, width, latent))
            self.to_flows.append(ToFlow(width, latent))
            self.to_rgbs.append(ToColours(width))
        if expressive:
            self.fineadainresblock = nn.ModuleList(
                ExpressionModule(width, latent) for width in channels[1:]
            )
        self.expressive = expressive

    def forward(
        self, latent: Tensor, features: Sequence[Tensor], expression: Tensor | None = None
    ) -> Tensor:
        """Decode.

        Args:
            latent: [b, latent] who it is and what the face does.
            features: of the portrait, 8 cells first.
            expression: [b, latent], the expression's part of `latent`; None lays nothing over.

        Returns:
            Pictures [b, 3, size, size], about -1..1, not clipped.
        """
        signal = self.input.input.expand(latent.shape[0], -1, -1, -1)
        signal = self.conv1(signal, latent)
        raw: Tensor | None = None
        colours: Tensor | None = None
        for level, maps in enumerate(features):
            if expression is not None:
                maps = self.fineadainresblock[level](maps, expression)
            signal = self.convs[2 * level](signal, latent)
            signal = self.convs[2 * level + 1](signal, latent)
            raw = self.to_flows[level](signal, latent, raw)
            assert raw is not None
            places = torch.tanh(raw[:, :2]).permute(0, 2, 3, 1) + grid(raw.shape[-1], raw)
            mask = torch.sigmoid(raw[:, 2:])
            seen = warped(maps, places) * mask
            colours = self.to_rgbs[level](seen, colours)
            signal = seen + signal * (1 - mask)
        assert colours is not None
        return colours
