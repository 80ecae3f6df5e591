"""How much sound is kept in hand against a network's jitter: little, more where it is needed."""

from __future__ import annotations

from typing import Final

from engine.types import SOUND_RATE

STEP: Final = SOUND_RATE // 100
"""10 ms, by which it grows and shrinks."""
WINDOW: Final = 250
"""Ticks after which what was never needed is given back. Ten seconds."""


class Cushion:
    """A size in samples at 48 kHz: grows each time sound ran dry, shrinks while it does not.

    Args:
        least: samples, to begin with.
        most: samples; 0 for none at all.
    """

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most
        self.size = least
        self._lowest, self._ticks = SOUND_RATE, 0

    @property
    def adapts(self) -> bool:
        """Whether sound comes from a network: what is too much only delays."""
        return self._most > 0

    def ran_dry(self) -> None:
        """It was too small."""
        self.size = min(self._most, self.size + STEP)
        self._restart()

    def spare(self, left: int) -> int:
        """Samples that nobody needs, of `left` that a tick has left over.

        That is what a whole window never touched, beyond the cushion.
        """
        self._lowest = min(self._lowest, left)
        self._ticks += 1
        if self._ticks < WINDOW:
            return 0
        lowest = self._lowest
        self.size = max(self._least, self.size - STEP)
        self._restart()
        return max(0, lowest - self.size)

    def _restart(self) -> None:
        self._lowest, self._ticks = SOUND_RATE, 0
