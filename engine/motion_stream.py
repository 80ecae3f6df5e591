"""Motions that come from outside, in their own time: late, overtaken, at any rate.

A sender's times are mapped to ours by the quickest way a message took (the least difference
between arrival and time in the last while): clocks that begin anywhere and drift a little
need nothing else. Asked for a moment, the stream interpolates between its neighbours. Where
nothing comes it holds what was last, lets go within a second, and takes hold again softly.
"""

from __future__ import annotations

import bisect
import threading
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.types import Component, Motion

KEPT: Final = 32
"""Motions that are kept: half a second at the quickest senders' 60 a second."""
HOLD_SECONDS: Final = 0.3
"""A face that is lost for a blink of the tracker is held where it was."""
LET_GO_SECONDS: Final = 0.7
"""From holding to letting go altogether."""
TAKE_SECONDS: Final = 0.3
"""From nothing to following, and over what a gap has made of the difference."""
GAP_SECONDS: Final = 0.12
"""Between two motions; more is a gap: three pictures of a camera at 25."""
DRIFT: Final = 0.001
"""Seconds a second by which a sender's clock may run slow."""
RESTART_SECONDS: Final = 2.0
"""A time that lies so far from what it should be belongs to a clock that began anew."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a stream says of one moment."""

    motion: Motion
    presence: float
    """0 nobody is there, 1 follow it wholly."""
    arrived: float | None
    """When the newest motion in it came, our clock; None while none is followed."""


class MotionStream:
    """One sender's motions. Safe between the thread that pushes and the one that asks.

    Args:
        rest: what is said before anything came.
        delay: seconds by which the stream is followed late, so that there is a later
            neighbour to interpolate with; 0 takes the newest.
    """

    def __init__(self, rest: Motion, delay: float = 0.0) -> None:
        self._rest, self._delay = rest, delay
        self._lock = threading.Lock()
        self._times: list[float] = []
        self._motions: list[Motion] = []
        self._offset: float | None = None
        self._arrived = -np.inf
        self._asked = -np.inf
        self._used = -np.inf
        self._out, self._from = rest, rest
        self._presence = 0.0
        self._fading = 0.0
        self.late = 0
        """Motions that came after later ones had been used, or twice."""

    def push(self, motion: Motion, time: float, arrived: float) -> bool:
        """Add a motion; whether it was in time.

        Args:
            motion: what the face does.
            time: of it, seconds of the sender's clock.
            arrived: when it came, seconds of ours.
        """
        with self._lock:
            self._keep_time(time, arrived)
            place = bisect.bisect_left(self._times, time)
            known = place < len(self._times) and self._times[place] == time
            if known or time <= self._used:
                self.late += 1
                return False
            if arrived - self._arrived > GAP_SECONDS:
                self._fade()
            self._times.insert(place, time)
            self._motions.insert(place, motion)
            del self._times[:-KEPT], self._motions[:-KEPT]
            self._arrived = arrived
            return True

    def fade(self) -> None:
        """What comes next is another's: go over to it softly."""
        with self._lock:
            self._fade()

    def at(self, now: float) -> Followed:
        """What is followed at `now`, seconds of our clock; ask in the order of time."""
        with self._lock:
            step = min(max(now - self._asked, 0.0), 1.0)
            self._asked = now
            present = now - self._arrived <= HOLD_SECONDS
            self._presence += step / TAKE_SECONDS if present else -step / LET_GO_SECONDS
            self._presence = min(max(self._presence, 0.0), 1.0)
            motion = self._sampled(now) if self._times else self._rest
            self._fading = max(0.0, self._fading - step / TAKE_SECONDS)
            if self._fading:
                motion = blend(motion, self._from, smooth(self._fading))
            self._out = motion
            arrived = self._arrived if present else None
            return Followed(motion, smooth(self._presence), arrived)

    def _keep_time(self, time: float, arrived: float) -> None:
        """Follow the sender's clock; begin anew where it did."""
        offset = arrived - time
        if self._offset is not None and abs(offset - self._offset) > RESTART_SECONDS:
            self._times.clear()
            self._motions.clear()
            self._used = -np.inf
            self._offset = None
            self._fade()
        if self._offset is None:
            self._offset = offset
        elapsed = max(arrived - self._arrived, 0.0) if np.isfinite(self._arrived) else 0.0
        self._offset = min(offset, self._offset + DRIFT * elapsed)

    def _sampled(self, now: float) -> Motion:
        assert self._offset is not None
        time = now - self._offset - self._delay
        after = bisect.bisect_right(self._times, time)
        before = max(after - 1, 0)
        self._used = max(self._used, self._times[before])
        if after in (0, len(self._times)):
            return self._motions[before]
        first, second = self._times[before], self._times[after]
        if second - first > HOLD_SECONDS:
            return self._motions[before]
        return blend(self._motions[before], self._motions[after], (time - first) / (second - first))

    def _fade(self) -> None:
        self._from, self._fading = self._out, 1.0


def blend(one: Motion, other: Motion, share: float) -> Motion:
    """`share` of the other and the rest of the one."""
    weight = np.float32(share)
    return Motion.of({part: one[part] + weight * (other[part] - one[part]) for part in Component})


def smooth(share: float) -> float:
    """0..1 with a soft start and a soft end."""
    return share * share * (3 - 2 * share)
