"""A session that only moves, driven by hand, and a camera that reads what it is told."""

from __future__ import annotations

import threading

import av
import numpy as np

from engine.camera import Camera
from engine.clock import ManualClock
from engine.errors import TrackerMissing, UnknownSession, VisavisError
from engine.pipeline import Pipeline
from engine.scheduler import Pool
from engine.tracker import Seen
from engine.types import Motion, Picture, floats
from server.doors.tokens import ANYONE, Grant
from server.metrics import Metrics
from server.motion.driving import Driving
from tests.support.readings import reading


class Finder:
    """Finds one face, turned by as many degrees as a picture's grey level says; 255 is no face."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.closed = False

    def __call__(self, picture: Picture, time: float) -> list[Seen]:
        self.go_on.wait(5)
        grey = round(float(picture.mean()))
        self.seen.append(grey)
        if grey > 250:
            return []
        return [Seen(reading(turn=(float(grey), 0, 0)), floats([0.5, 0.5]), 0.4)]

    def close(self) -> None:
        self.closed = True


def grey(level: int) -> av.VideoFrame:
    """A camera's picture."""
    return av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="rgb24")


class Moved:
    """What a session does with motion, tick by tick."""

    def __init__(self, pipeline: Pipeline, pool: Pool) -> None:
        self.clock, self.metrics, self.finder = ManualClock(100.0), Metrics(), Finder()
        self.pipeline = pipeline
        self.failures: list[VisavisError] = []
        self.opened = 0
        self.touched = 0
        self.blind = False
        """Whether this machine has no tracker."""
        self.driving = Driving(
            pipeline, self.open_camera, pool, self.clock, self.metrics, self.failures.append
        )

    def open_camera(self) -> Camera:
        if self.blind:
            raise TrackerMissing("no MediaPipe here")
        self.opened += 1
        return Camera(self.finder)

    def mix(self, ticks: int = 1) -> Motion:
        """Let so many ticks pass; the motion of the last."""
        for _ in range(ticks):
            self.clock.advance(0.04)
            heard = self.pipeline.hear(self.pipeline.tick())
            motion = self.pipeline.mix(heard, self.clock.now())
        return motion

    def touch(self) -> None:
        self.touched += 1

    def find(self, session_id: str, grant: Grant = ANYONE, /) -> Moved:
        """As a server's sessions: there is one, whose id is `it`."""
        if session_id != "it":
            raise UnknownSession("no such session: it has ended; create another")
        return self
