"""How wide the network is. Multiples of 16: other numbers of channels are slow on a CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LATENT: Final = 256
"""Numbers that say who it is and what the face does."""
LANDMARKS: Final = 5
"""Channels of the portrait's landmark maps."""
MOUTH, POSE, EXPRESSION = 28, 6, 24
READING: Final = MOUTH + EXPRESSION + 3
"""What was read on the portrait: coefficients, and yaw, pitch, roll in degrees."""
FLOW: Final = 64
"""Cells a side of the flow."""
COLOUR: Final = 128
"""Pixels a side of the picture that is seen and of the colours that are put out."""


@dataclass(frozen=True, slots=True)
class Widths:
    """Channels at 16, 32 and 64 cells a side, of encoder and decoder alike."""

    coarse: int
    middle: int
    fine: int


SIZES: Final = {
    "tiny": Widths(16, 16, 16),
    "micro": Widths(96, 64, 32),
    "small": Widths(128, 96, 48),
}
"""`tiny` is for tests."""
