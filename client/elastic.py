"""Sound between two clocks: one writes, the other reads, and neither waits for the other.

A sound card counts its own 48,000 samples a second; the network's are another clock's. What
lies between grows or shrinks by some samples a second, so it is read a little faster or
slower: resampled by at most 0.5 %, which nobody hears (a twelfth of a semitone).
"""

from __future__ import annotations

from threading import Lock
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE: Final = 48_000
FASTEST: Final = 0.005
"""The most by which reading is faster or slower: 5 ms a second. Cards are off by 0.0002."""
CORRECTING_SECONDS: Final = 5.0
"""In which what is too much, or missing, is made up for."""
AVERAGING_SECONDS: Final = 1.0
"""Over which the depth is averaged: writers and readers come in blocks."""
SPARE: Final = RATE // 100
"""10 ms that a reader leaves behind, so that the next write may be that late."""
LONGER: Final = RATE // 50
"""20 ms by which more is kept in hand each time that the sound ran dry."""
Samples: TypeAlias = NDArray[np.int16]


class Elastic:
    """A bounded buffer of mono sound, 48 kHz, that keeps its depth. Any thread may call.

    What it cannot hold goes, the oldest first. Where it has run dry it gives silence until
    the wanted depth is there again, and keeps more in hand from then on.

    Args:
        wanted: seconds to keep in hand.
        most: seconds that it holds at the most.
    """

    def __init__(self, wanted: float, most: float) -> None:
        self._wanted, self._most = round(wanted * RATE), round(most * RATE)
        self._samples = np.zeros(1, np.int16)
        self._phase = 1.0
        """Where the next sample to read lies; there is always one before it."""
        self._average = 0.0
        self._flowing = self._begun = False
        self._dropped = 0
        self._lock = Lock()
        self.gaps = 0
        """How often it ran dry."""

    @property
    def seconds(self) -> float:
        """Until a sample that is written now is read."""
        return (self._depth if self._flowing else max(self._depth, self._wanted)) / RATE

    @property
    def dropped_seconds(self) -> float:
        """Sound that went because it was too much."""
        return self._dropped / RATE

    def write(self, samples: Samples) -> None:
        """Add int16 [n]."""
        with self._lock:
            self._samples = np.concatenate([self._samples, samples])
            if self._depth > self._most:
                self._drop(int(self._depth) - self._wanted)

    def read(self, count: int) -> Samples:
        """The next samples, int16 [count]."""
        with self._lock:
            self._wanted = min(max(self._wanted, count + SPARE), self._most)
            if not self._flowing and self._depth >= self._wanted:
                self._flowing = self._begun = True
                self._average = self._depth
            if not self._flowing:
                return np.zeros(count, np.int16)
            at = self._phase + self._step(count) * np.arange(count + 1, dtype=np.float64)
            if int(at[-1]) + 2 >= len(self._samples):
                self._run_dry()
                return np.zeros(count, np.int16)
            return self._take(at)

    @property
    def _depth(self) -> float:
        return len(self._samples) - self._phase

    def _step(self, count: int) -> float:
        """Samples that one sample read consumes."""
        self._average += (self._depth - self._average) * min(1.0, count / RATE / AVERAGING_SECONDS)
        too_much = (self._average - self._wanted) / RATE / CORRECTING_SECONDS
        return 1.0 + min(max(too_much, -FASTEST), FASTEST)

    def _take(self, at: NDArray[np.float64]) -> Samples:
        """Samples at fractional places by Catmull-Rom splines; what lies before is given up."""
        whole = at[:-1].astype(np.intp)
        part = at[:-1] - whole
        a, b, c, d = (self._samples[whole + offset].astype(np.float64) for offset in (-1, 0, 1, 2))
        curve = b + part / 2 * (
            c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a))
        )
        end = float(at[-1])
        used = int(end) - 1
        self._samples, self._phase = self._samples[used:], end - used
        return np.clip(np.rint(curve), -32_768, 32_767).astype(np.int16)

    def _run_dry(self) -> None:
        self._flowing = False
        self.gaps += 1
        self._wanted = min(self._wanted + LONGER, self._most // 2)

    def _drop(self, count: int) -> None:
        self._samples = self._samples[count:]
        self._dropped += count if self._begun else 0
        self._average = self._depth
