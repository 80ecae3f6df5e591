"""What speech does beside its sounds, and how loudness tells it where no network does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.audio import decibels
from engine.types import Floats

QUIET, LOUD = -42.0, -14.0
"""Decibels of full scale between which loudness goes from 0 to 1."""
ATTACK: Final = 0.5
MEAN: Final = 0.05
"""Share of the new value each tick: of the syllable's loudness, of its recent mean."""
LEAST, FULL = 0.05, 0.5
"""Loudness over its mean that begins to count as stress, and that is full stress."""


@dataclass(frozen=True, slots=True)
class Prosody:
    """Accents and pauses of one tick, 0..1 each."""

    stress: float
    """How strongly the syllable is accented that is spoken now or about to be."""
    pause: float
    """Whether nobody speaks, or a phrase comes to its end."""


class LoudnessProsody:
    """Stress is loudness over its own recent mean; a pause is where no voice is heard."""

    def __init__(self) -> None:
        self._loud = self._mean = 0.0

    def step(self, heard: Floats, speaking: bool) -> Prosody:
        """Prosody of the newest tick.

        Args:
            heard: float32 samples of a tick at 16 kHz.
            speaking: whether a voice is in them.
        """
        loud = float(np.clip((decibels(heard) - QUIET) / (LOUD - QUIET), 0.0, 1.0))
        self._loud += ATTACK * (loud * speaking - self._loud)
        self._mean += MEAN * (self._loud - self._mean)
        stress = (self._loud - self._mean - LEAST) / (FULL - LEAST)
        return Prosody(min(max(stress, 0.0), 1.0), 0.0 if speaking else 1.0)

    def reset(self) -> None:
        """The voice was interrupted."""
        self._loud = self._mean = 0.0
