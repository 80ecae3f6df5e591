"""Looks at what the mesh drew and says where that is to be bent and repainted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.lite.layers import (
    SLOPE,
    Conv,
    Residual,
    as_maps,
    doubled,
    enlarged,
    plain,
    silent,
    warp,
)
from models.lite.sizes import FLOW, LATENT, Widths

MOST_RESIDUAL: Final = 0.06
"""Shares of the width by which a place can be bent at the most."""
FLOW_UNIT: Final = 16.0
"""A flow is shown times this: its values are a few hundredths."""

WarpRows: TypeAlias = Callable[[Tensor, Tensor], Tensor]


class Statics(NamedTuple):
    """What is known of an avatar; rows of features [b, n * n, c] at 16 and 32 cells."""

    identity: Tensor
    start: Tensor
    coarse: Tensor
    middle: Tensor


class Correction(NamedTuple):
    """What the network says about a picture of the mesh.

    `residual` [b, 2, 64, 64]: from where in the mesh's picture each place should come, in
    shares of the width. `change` [b, 3, 128, 128] in -1..1: what to add to its colours, and
    `alpha` [b, 1, 128, 128] how much of that. `logit` is alpha before its bounds.
    """

    residual: Tensor
    change: Tensor
    alpha: Tensor
    logit: Tensor


def warp_maps(rows: Tensor, flow: Tensor) -> Tensor:
    """Rows [b, n * n, c] as maps [b, c, n, n], seen through a flow; any number in a batch."""
    return warp(as_maps(rows, flow.shape[-1]), flow)


class Decoder(nn.Module):
    """One picture's correction.

    The mesh's picture is seen at 64, 32 and 16 cells; the portrait's features are warped
    to where the mesh has them at 16 and 32 (at 64 the mesh's picture itself says as much);
    the latent scales and shifts channels at 16 and 32 cells.
    """

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        fine, middle, coarse = widths.fine, widths.middle, widths.coarse
        self.parts = [coarse, coarse, coarse, coarse, middle, middle]
        self.film = nn.Linear(LATENT, sum(self.parts))
        self.film.weight.data.mul_(0.3)
        self.see = nn.Conv2d(3, fine, 4, 2, 1)
        self.guide = plain(2, fine)
        self.see_middle, self.see_coarse = Conv(fine, middle, 3, 2), Conv(middle, coarse, 3, 2)
        self.first, self.second = Conv(coarse, coarse), Residual(coarse)
        self.to_middle, self.third = Conv(coarse, middle), Residual(middle)
        self.bend_middle = silent(plain(middle, 3, 1))
        self.narrow, self.to_fine = plain(middle, fine, 1), Conv(fine, fine)
        self.bend_fine = silent(plain(fine, 2, 1))
        self.fourth = Residual(fine)
        self.paint = silent(plain(fine, 16, 1))

    def forward(
        self, latent: Tensor, statics: Statics, drawn: Tensor, flow: Tensor, warp_rows: WarpRows
    ) -> Correction:
        """Correct one picture.

        Args:
            latent: [b, 256] who it is and what the face does.
            statics: the avatar.
            drawn: what the mesh drew, [b, 3, 128, 128] in 0..1.
            flow: by which the mesh moved the portrait, [b, 2, 64, 64] in shares of the width.
            warp_rows: the form of warp that the backend is quick at.
        """
        scale = [part[:, :, None, None] for part in torch.split(self.film(latent), self.parts, 1)]
        seen = functional.leaky_relu(self.see(2 * drawn - 1) + self.guide(flow * FLOW_UNIT), SLOPE)
        seen_middle = self.see_middle(seen)
        halved = functional.avg_pool2d(flow, 2)
        signal = warp_rows(statics.coarse, functional.avg_pool2d(halved, 2))
        signal = signal + self.see_coarse(seen_middle)
        signal = self.first(signal * (1 + scale[0]) + scale[1])
        signal = self.second(signal * (1 + scale[2]) + scale[3])
        signal = self.to_middle(doubled(signal)) + seen_middle
        signal = self.third(signal * (1 + scale[4]) + scale[5])
        bend = self.bend_middle(signal).float()
        source = warp_rows(statics.middle, halved + _bounded(bend[:, :2]))
        signal = signal + (source - signal) * torch.sigmoid(bend[:, 2:])
        signal = self.to_fine(doubled(self.narrow(signal))) + seen
        residual = _bounded(enlarged(bend[:, :2], FLOW) + self.bend_fine(signal).float())
        said = functional.pixel_shuffle(self.paint(self.fourth(signal)).float(), 2)
        change, logit = torch.tanh(said[:, :3]), said[:, 3:]
        return Correction(residual, change, torch.tanh(logit.clamp(min=0)), logit)


def _bounded(bend: Tensor) -> Tensor:
    return MOST_RESIDUAL * torch.tanh(bend)
