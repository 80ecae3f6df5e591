"""The person in front of a camera: readings in, from whatever tracker, and what they drive."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import numpy as np

from engine.arkit import mirrored
from engine.controls import STEADINESS
from engine.motion_stream import Followed, MotionStream
from engine.types import Component, Floats, Motion, floats
from engine.watch import Reading, Watcher

FORGOTTEN_SECONDS: Final = 5.0
"""Without any reading there is no driver; a face that is out of the picture is lost."""
LOST_SECONDS: Final = 0.3
RESTART_SECONDS: Final = 2.0
"""A time that lies so far back is of another tracker's clock."""


class DriverState(StrEnum):
    """How it goes with the driver."""

    ABSENT = "absent"
    LEARNING = "learning"
    FOLLOWING = "following"
    LOST = "lost"


class Driver:
    """One session's driver. Safe between a tracker's thread and the one that asks.

    Args:
        names: the bundle's coefficients by component.
    """

    def __init__(self, names: Mapping[Component, Sequence[str]]) -> None:
        self._watcher = Watcher(names)
        self._mirror = {part: _swap(listed) for part, listed in names.items()}
        rest = Motion.of({part: np.zeros(len(it), np.float32) for part, it in names.items()})
        self._stream = MotionStream(rest)
        self._lock = threading.Lock()
        self._newest = self._seen = self._read = -np.inf
        self._steadiness, self._mirrored = STEADINESS, False
        self._recent: deque[tuple[float, bool]] = deque(maxlen=120)
        self._late = 0

    @property
    def late(self) -> int:
        """Readings that came after newer ones."""
        return self._late + self._stream.late

    def settle(self, steadiness: float, mirror: bool) -> None:
        """How calmly to follow, and whether as in a mirror."""
        if mirror != self._mirrored:
            self._stream.fade()
        self._steadiness, self._mirrored = steadiness, mirror

    def calibrate(self) -> None:
        """Take the driver's face as it is in the next second for its rest."""
        with self._lock:
            self._watcher.calibrate()

    def see(self, reading: Reading | None, time: float, arrived: float) -> None:
        """Take a reading; None where no face was seen.

        Args:
            reading: of the driver's face.
            time: of the picture, seconds of the sender's clock.
            arrived: when picture or reading came, seconds of ours.
        """
        with self._lock:
            if time <= self._newest and self._newest - time < RESTART_SECONDS:
                self._late += 1
                return
            self._newest = time
            self._read = arrived
            self._recent.append((arrived, reading is not None))
            if reading is None:
                return
            self._seen = arrived
            motion = self._watcher(reading, time, self._steadiness)
            if motion is not None:
                self._stream.push(self._as_wanted(motion), time, arrived)

    def at(self, now: float) -> Followed:
        """What is followed at `now`, seconds of our clock."""
        return self._stream.at(now)

    def state(self, now: float) -> DriverState:
        """How it goes at `now`."""
        if now - self._read > FORGOTTEN_SECONDS:
            return DriverState.ABSENT
        if now - self._seen > LOST_SECONDS:
            return DriverState.LOST
        return DriverState.FOLLOWING if self._watcher.learnt else DriverState.LEARNING

    def pace(self, now: float) -> tuple[int, float]:
        """Readings in the last second, and the share of them in which a face was seen."""
        with self._lock:
            seen = [face for arrived, face in self._recent if now - arrived <= 1.0]
        return len(seen), sum(seen) / len(seen) if seen else 0.0

    def _as_wanted(self, motion: Motion) -> Motion:
        """In a mirror, or as it is."""
        if not self._mirrored:
            return motion
        swaps = self._mirror.items()
        return Motion.of({part: motion[part][places] * signs for part, (places, signs) in swaps})


def _swap(names: Sequence[str]) -> tuple[list[int], Floats]:
    places, signs = mirrored(names)
    return places, floats(signs)
