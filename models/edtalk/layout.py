"""How large the networks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOUTH: Final = 20
POSE: Final = 6
EXPRESSION: Final = 10
"""Directions of each component's bank."""
COARSEST: Final = 4
"""Cells a side where the decoder begins."""
CHANNELS: Final = {4: 512, 8: 512, 16: 512, 32: 512, 64: 256, 128: 128, 256: 64}


@dataclass(frozen=True, slots=True)
class Layout:
    """Size of pictures, channels and latent.

    The official checkpoints have the defaults; a smaller one computes the same in
    hundredths of the time, which is what tests want.

    Args:
        size: width and height of pictures in pixels, a power of two from 16 to 256.
        thinner: the official channels are divided by this.
        latent: numbers that say who it is and what the face does; 36 directions must fit.
    """

    size: int = 256
    thinner: int = 1
    latent: int = 512

    def channels(self, cells: int) -> int:
        """Channels of maps with `cells` cells a side."""
        return CHANNELS[cells] // self.thinner

    @property
    def levels(self) -> tuple[int, ...]:
        """Cells a side of the maps at which the decoder warps: 8, 16, ... `size`."""
        return tuple(2**power for power in range(3, self.size.bit_length()))


OFFICIAL: Final = Layout()
