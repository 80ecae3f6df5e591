"""Do lips belong to a sound? Two small networks that put both into one space.

One looks at log-mel frames, the other at how far lips are apart and spread; both see
`SEEN` ticks around each. Where sound and lips belong together their vectors point the same
way (after Chung & Zisserman, "Out of time: automated lip sync in the wild", 2016, with a
contrastive loss in place of theirs). It judges other networks and ships with none.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

BANDS: Final = 64
FRAMES: Final = 4
LIPS: Final = 2
"""How far lips are apart, and how far spread."""
SEEN: Final = 9
"""Ticks that each vector is made of."""


class Sync(nn.Module):
    """Vectors of sound and of lips, unit length, one a tick.

    Args:
        width: channels inside.
        size: of the vectors.
    """

    def __init__(self, width: int = 64, size: int = 32) -> None:
        super().__init__()
        self.width, self.size = width, size
        self.sound = _around(FRAMES * BANDS, width, size)
        self.lips = _around(LIPS, width, size)
        self.sharpness = nn.Parameter(torch.tensor(2.5))

    def forward(self, mel: Tensor, lips: Tensor) -> tuple[Tensor, Tensor]:
        """Both vectors of every tick.

        Args:
            mel: [batch, ticks, 4, 64] from `engine.mel.LogMel`.
            lips: [batch, ticks, 2], each channel with mean 0 and deviation 1.

        Returns:
            [batch, ticks, size] of the sound and of the lips.
        """
        heard = self.sound(mel.flatten(2).transpose(1, 2))
        seen = self.lips(lips.transpose(1, 2))
        return tuple(nn.functional.normalize(v.transpose(1, 2), dim=2) for v in (heard, seen))  # type: ignore[return-value]


def _around(channels: int, width: int, size: int) -> nn.Sequential:
    """Two convolutions that see `SEEN` ticks, and a linear layer."""
    kernel = SEEN // 2 + 1
    return nn.Sequential(
        nn.Conv1d(channels, width, 1),
        nn.ReLU(),
        nn.Conv1d(width, width, kernel, padding=kernel // 2),
        nn.ReLU(),
        nn.Conv1d(width, width, kernel, padding=kernel // 2),
        nn.ReLU(),
        nn.Conv1d(width, size, 1),
    )
