"""Reads off a code how far the face has moved along each direction.

Linear layers without rectifiers between them, so that each head is one affine map.
"""

from __future__ import annotations

from typing import Final

from torch import nn

from models.edtalk.equalised import EqualLinear

SHARED: Final = 4
"""Layers that all heads share."""


def shared_layers(latent: int) -> nn.Sequential:
    """What all heads have in common."""
    return nn.Sequential(*(EqualLinear(latent, latent) for _ in range(SHARED)))


def head(latent: int, count: int) -> nn.Sequential:
    """Behind the shared layers: how far along `count` directions."""
    return nn.Sequential(
        EqualLinear(latent, latent), EqualLinear(latent, latent), EqualLinear(latent, count)
    )
