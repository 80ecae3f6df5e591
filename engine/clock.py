"""Time: monotonic seconds, and when a tick is due.

The engine never reads a clock; whoever drives it passes one in. Files and tests
use `ManualClock`, the server `MonotonicClock`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from engine.types import TICK_MS


class Clock(Protocol):
    """Something that tells monotonic seconds."""

    def now(self) -> float:
        """Seconds since an arbitrary origin; never goes back."""
        ...


class MonotonicClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Seconds since an arbitrary origin."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        """The time it was last moved to, in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds` (must not be negative)."""
        if seconds < 0:
            raise ValueError("a monotonic clock cannot go back")
        self._now += seconds


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the ticks of one session are due.

    Tick k starts at `start + k * 40 ms`; its picture and sound are handed over
    `latency` seconds later. One origin for both, so neither can drift.
    """

    start: float
    latency: float

    def begins(self, tick: int) -> float:
        """When work on `tick` starts, in seconds of the clock."""
        return self.start + tick * TICK_MS / 1000

    def due(self, tick: int) -> float:
        """When `tick` is handed over, in seconds of the clock."""
        return self.begins(tick) + self.latency

    def behind(self, tick: int, now: float) -> int:
        """Whole ticks by which work that starts `tick` now is late; 0 when in time."""
        return max(0, int((now - self.begins(tick)) * 1000 // TICK_MS))
