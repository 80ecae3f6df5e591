"""A filter that is calm at rest and quick in motion.

Casiez, Roussel, Vogel: 1 € Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems, CHI 2012: a first-order low-pass whose cut-off frequency grows with the
speed of what goes through.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.types import Floats, floats

SPEED_CUTOFF: Final = 1.0
"""Hz: of the low-pass that the speed itself goes through, as in the paper."""
QUICKEST: Final = 8.0
CALMEST: Final = 0.4
"""Hz: cut-off at rest for the least steadiness that filters, and for the most."""
HURRY: Final = 2.0
"""Hz of cut-off for each unit a second of speed, at the least steadiness."""
LONGEST_STEP: Final = 0.5
"""Seconds without a value after which the filter begins anew, as with a clock that went back."""


class OneEuro:
    """Filters one vector; each number by its own speed.

    Args:
        unit: of each number, what counts as one: a coefficient's range, some degrees.
    """

    def __init__(self, unit: Floats) -> None:
        self._unit = unit
        self._value = np.zeros_like(unit)
        self._speed = np.zeros_like(unit)
        self._time: float | None = None

    def __call__(self, value: Floats, time: float, steadiness: float) -> Floats:
        """The next value, filtered.

        Args:
            value: float32 [n], as `unit`.
            time: of it, seconds, later than the last one's.
            steadiness: 0 lets everything through, 1 is the calmest.
        """
        step = None if self._time is None else time - self._time
        self._time = time
        if step is None or not 0 < step <= LONGEST_STEP or steadiness <= 0:
            self._value, self._speed = value, np.zeros_like(value)
            return value
        speed = (value - self._value) / (self._unit * np.float32(step))
        self._speed = floats(
            self._speed + _share(floats(SPEED_CUTOFF), step) * (speed - self._speed)
        )
        rest = QUICKEST * (CALMEST / QUICKEST) ** steadiness
        cutoff = floats(rest + HURRY * (1 - 0.8 * steadiness) * np.abs(self._speed))
        self._value = self._value + _share(cutoff, step) * (value - self._value)
        return self._value


def _share(cutoff: Floats, step: float) -> Floats:
    """How much of a difference passes in `step` seconds (the paper's alpha)."""
    lag = 1.0 / (2 * np.pi * cutoff)
    return floats(step / (step + lag))
