"""What a head does because its voice speaks: nods and raised brows on stressed syllables.

Stress is loudness over its own recent mean. The head follows it like a damped spring,
so that a nod begins with the syllable and swings out after it; silence moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from engine.audio import decibels
from engine.types import Component, Floats, Motion

QUIET, LOUD = -42.0, -14.0
"""Decibels of full scale between which loudness goes from 0 to 1."""
ATTACK: Final = 0.5
MEAN: Final = 0.05
"""Share of the new value each tick: of the syllable's loudness, of its recent mean."""
STIFFNESS: Final = 0.09
DAMPING: Final = 0.52
"""Of the spring, a tick: settles within half a second, hardly overshoots."""
NOD: Final = 4.5
"""Degrees of pitch at full stress."""
BROWS: Final = 0.45
"""Of browInnerUp and browOuterUp at full stress."""


class Emphasis:
    """Follows one voice.

    Args:
        names: the coefficients' names by component; unknown ones stay at rest.
    """

    def __init__(self, names: Mapping[Component, Sequence[str]]) -> None:
        self._names = names
        self._loud = self._mean = 0.0
        self._place = self._speed = 0.0

    def step(self, heard: Floats, speaking: bool) -> Motion:
        """What is added to the idle motion of the next tick.

        Args:
            heard: float32 samples of a tick at 16 kHz.
            speaking: whether a voice is in them.
        """
        loud = (
            float(np.clip((decibels(heard) - QUIET) / (LOUD - QUIET), 0.0, 1.0))
            if speaking
            else 0.0
        )
        self._loud += ATTACK * (loud - self._loud)
        self._mean += MEAN * (self._loud - self._mean)
        stress = max(0.0, self._loud - self._mean - 0.05)
        self._speed += STIFFNESS * (stress - self._place) - DAMPING * self._speed
        self._place += self._speed
        return self._motion({
            "pitch": NOD * self._place,
            "browInnerUp": BROWS * max(0.0, self._place),
            "browOuterUpLeft": 0.6 * BROWS * max(0.0, self._place),
            "browOuterUpRight": 0.6 * BROWS * max(0.0, self._place),
        })  # fmt: skip

    def reset(self) -> None:
        """The voice was interrupted; the head swings back by itself."""
        self._loud = self._mean = 0.0

    def _motion(self, values: Mapping[str, float]) -> Motion:
        return Motion.of(
            {
                part: np.array([values.get(name, 0.0) for name in names], np.float32)
                for part, names in self._names.items()
            }
        )
