"""The sound of one utterance at 48 kHz, to the sample as long as it came in."""

from __future__ import annotations

import numpy as np

from engine.audio import Intake
from engine.types import SOUND_RATE, Samples, Sound


class Inlet:
    """Resamples one utterance; `rest` gives what the resampler still holds.

    A change of the rate within an utterance is a new stretch of sound: the old one is
    brought to its end first.
    """

    def __init__(self) -> None:
        self._intake = Intake()
        self._rate = SOUND_RATE
        self._came = self._gave = 0

    def __call__(self, sound: Sound) -> Samples:
        """What has become ready at 48 kHz mono, int16 [m].

        Raises:
            SoundUnreadable: a rate or shape that cannot be used.
        """
        if sound.rate == self._rate:
            return self._convert(sound)
        before = self.rest()
        self._intake, self._rate = Intake(), sound.rate
        return np.concatenate([before, self._convert(sound)])

    def rest(self) -> Samples:
        """The last millisecond, int16 [m]; afterwards the inlet is as new."""
        missing = -(-self._came * SOUND_RATE // self._rate) - self._gave
        silence = Sound(np.zeros(self._rate // 100, np.int16), self._rate)
        rest = self._intake(silence)[:missing] if missing > 0 else np.zeros(0, np.int16)
        self._intake = Intake()
        self._came = self._gave = 0
        return rest

    def _convert(self, sound: Sound) -> Samples:
        samples = self._intake(sound)
        self._came += len(sound.samples)
        self._gave += len(samples)
        return samples
