"""Looks at a portrait, once an avatar."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.lite.layers import Conv, Residual, as_rows, plain
from models.lite.sizes import LANDMARKS, LATENT, Widths


class Encoder(nn.Module):
    """Portrait and landmark maps to features at two scales and a latent of who it is."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        fine, middle, coarse = widths.fine, widths.middle, widths.coarse
        self.fine = nn.Sequential(Conv(3 + LANDMARKS, fine, 5, 2), Residual(fine))
        self.middle = nn.Sequential(Conv(fine, middle, 3, 2), Residual(middle))
        self.coarse = nn.Sequential(Conv(middle, coarse, 3, 2), Residual(coarse))
        self.give_coarse, self.give_middle = plain(coarse, coarse, 1), plain(middle, middle, 1)
        self.who = nn.Linear(coarse, LATENT)

    def forward(self, picture: Tensor, landmarks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See what there is.

        Args:
            picture: [b, 3, 128, 128] in -1..1.
            landmarks: [b, 5, 128, 128] of `engine.landmark_maps`.

        Returns:
            identity [b, 256] and rows coarse [b, 256, c], middle [b, 1024, c].
        """
        middle = self.middle(self.fine(torch.cat([picture, landmarks], dim=1)))
        coarse = self.coarse(middle)
        identity: Tensor = self.who(coarse.mean((2, 3)))
        return (
            identity,
            as_rows(self.give_coarse(coarse)),
            as_rows(self.give_middle(middle)),
        )
