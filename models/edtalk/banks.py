"""Directions of the latent, each component's own, all orthonormal.

Tan et al. (2024): one QR decomposition over all columns makes the banks orthogonal within
and to each other. Q is taken with the signs that Householder reflections give (LAPACK's
geqrf): another sign would turn what every checkpoint and every stored expression means.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

OFFSET: Final = 1e-8
"""Added to every element before the decomposition, so that a zero column has a direction."""


class Directions(nn.Module):
    """Learnt columns [latent, n], before they are made orthonormal."""

    def __init__(self, latent: int, count: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(latent, count))


def orthonormal(columns: Sequence[Tensor]) -> Tensor:
    """All columns made orthonormal, [latent, n]; earlier ones do not depend on later ones."""
    directions: Tensor = torch.linalg.qr(torch.cat(tuple(columns), dim=1) + OFFSET)[0]
    return directions
