"""The person in front of a camera: readings in, from whatever tracker, and what they drive."""

from __future__ import annotations

import threading
from collections import deque
from enum import StrEnum
from typing import Final

import numpy as np

from engine.controls import STEADINESS
from engine.motion_stream import Followed, MotionStream
from engine.watch import Reading, Watches

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
        watcher: makes motions of this driver's readings, and of nobody else's.
    """

    def __init__(self, watcher: Watches) -> None:
        self._watcher = watcher
        self._stream = MotionStream(watcher.still)
        self._lock, self._watching = threading.Lock(), threading.Lock()
        self._newest = self._seen = self._read = -np.inf
        self._steadiness, self._mirrored = STEADINESS, False
        self._calibrating = False
        self._recent: deque[tuple[float, bool]] = deque(maxlen=120)
        self._late = 0

    @property
    def reads_faces(self) -> bool:
        """Whether pictures of the face are wanted, and coefficients are of no use."""
        return self._watcher.reads_faces

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
        self._calibrating = True

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
        with self._watching:  # may take a picture's time: nobody who asks waits for it
            if self._calibrating:
                self._calibrating = False
                self._watcher.calibrate()
            motion = self._watcher(reading, time, self._steadiness, self._mirrored)
            if motion is not None:
                self._stream.push(motion, time, arrived)

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
