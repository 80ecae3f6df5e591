"""A ring of samples: a fixed piece of memory that sound passes through in order."""

from __future__ import annotations

import numpy as np

from engine.types import Samples


class Ring:
    """First in, first out; never holds more than `capacity` samples.

    Args:
        capacity: samples that there is memory for.
    """

    def __init__(self, capacity: int) -> None:
        self._memory: Samples = np.zeros(capacity, np.int16)
        self._first = self._held = 0

    def __len__(self) -> int:
        """Samples that wait to be read."""
        return self._held

    def write(self, samples: Samples) -> int:
        """Append what there is room for; returns how many samples that was."""
        size = len(self._memory)
        count = min(len(samples), size - self._held)
        start = (self._first + self._held) % size
        until_wrap = min(count, size - start)
        self._memory[start : start + until_wrap] = samples[:until_wrap]
        self._memory[: count - until_wrap] = samples[until_wrap:count]
        self._held += count
        return count

    def read(self, count: int) -> Samples:
        """Take out the oldest samples, int16; fewer than `count` if fewer are there."""
        size = len(self._memory)
        count = min(count, self._held)
        until_wrap = min(count, size - self._first)
        oldest = self._memory[self._first : self._first + until_wrap]
        taken: Samples = np.concatenate([oldest, self._memory[: count - until_wrap]])
        self._first = (self._first + count) % size
        self._held -= count
        return taken

    def clear(self) -> None:
        """Forget everything that waits."""
        self._first = self._held = 0
