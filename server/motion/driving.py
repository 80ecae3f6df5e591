"""What drives one session's face from outside: a camera, a stream of motion, a motion file."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

import av

from engine.camera import Camera
from engine.clock import Clock
from engine.controls import CAMERA
from engine.driver import DriverState
from engine.errors import MotionTaken, RequestRefused, VisavisError
from engine.graph_watch import NO_READINGS
from engine.motion_file import MotionFile, read_motion_file
from engine.pipeline import Pipeline
from engine.scheduler import Pool
from engine.types import Component
from server.media.stages import KEPT, percentile
from server.metrics import Metrics
from server.motion.messages import motion_of, reading_of
from server.motion.sight import Sight
from server.protocol import CameraStats, MotionAccepted, MotionMessage, QueueStats

TRACKED_SECONDS: Final = 1.0
"""After the last reading that a page sent, the server's own count again."""


class Driving:
    """Feeds a pipeline's driver, stream and file. Runs in the event loop.

    Args:
        pipeline: the session's own.
        opens: gives what reads a camera's pictures.
        pool: workers.
        clock: monotonic.
        metrics: of the server.
        fails: told why a camera's pictures cannot be read.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        opens: Callable[[], Camera],
        pool: Pool,
        clock: Clock,
        metrics: Metrics,
        fails: Callable[[VisavisError], None],
    ) -> None:
        self._pipeline, self._clock, self._metrics = pipeline, clock, metrics
        self._sight = Sight(pipeline.driver, opens, pool, clock, metrics, fails)
        self._tracked = -TRACKED_SECONDS
        self._by: Literal["page", "server"] | None = None
        self._sender: object | None = None
        self.delays: deque[float] = deque(maxlen=KEPT)
        """Seconds from a reading's arrival to its picture's departure."""

    def see(self, picture: av.VideoFrame, arrived: float) -> None:
        """A camera's picture; read while anything follows it, and nobody else reads it."""
        self._metrics.camera.inc()
        read_elsewhere = arrived - self._tracked < TRACKED_SECONDS
        if self._wanted and not read_elsewhere:
            self._by = "server"
            self._sight.see(picture, arrived)

    def take(self, message: MotionMessage) -> None:
        """A message with motion (RequestRefused if it cannot be read, or is of no use here)."""
        if message.driver and self._pipeline.driver.reads_faces:
            raise RequestRefused(NO_READINGS)
        now = self._clock.now()
        self._metrics.motions.inc()
        if message.driver:
            reading = reading_of(message, self._pipeline.names)
            self._tracked, self._by = now, "page"
            self._pipeline.driver.see(reading, message.time, now)
        else:
            self._pipeline.stream.push(motion_of(message, self._pipeline.names), message.time, now)

    def calibrate(self) -> None:
        """Take the driver's face of the next second for its rest."""
        self._pipeline.driver.calibrate()

    async def play(self, content: bytes, loop: bool) -> MotionAccepted:
        """Let the source `file` play a motion file (MotionUnreadable if it is none)."""
        file: MotionFile = await asyncio.to_thread(read_motion_file, content, self._pipeline.names)
        self._pipeline.play(file, loop)
        return MotionAccepted(seconds=file.seconds, loop=loop)

    def stop(self) -> None:
        """Play no motion file."""
        self._pipeline.play(None)

    def hold(self, sender: object) -> None:
        """Be the one who sends motion over a WebSocket (MotionTaken if somebody else is)."""
        if self._sender is not None:
            raise MotionTaken("somebody else moves this face: wait until they end")
        self._sender = sender

    def release(self) -> None:
        """Let somebody else send motion."""
        self._sender = None

    def shown(self, arrived: float) -> None:
        """The picture with a reading that arrived then has left now."""
        delay = self._clock.now() - arrived
        self.delays.append(delay)
        self._metrics.following.observe(delay)

    @property
    def queue(self) -> QueueStats:
        """A camera's pictures that wait to be read."""
        return self._sight.queue

    @property
    def stats(self) -> CameraStats | None:
        """How the driver is followed; None before there was one."""
        if self._by is None:
            return None
        now, driver = self._clock.now(), self._pipeline.driver
        state = driver.state(now)
        rate, quality = driver.pace(now)
        return CameraStats(
            state=state.value,
            tracker=None if state is DriverState.ABSENT else self._by,
            rate=rate,
            quality=quality,
            latency_ms=1000 * percentile(self.delays, 95),
            late=driver.late,
            dropped=self._sight.queue.dropped,
        )

    async def close(self) -> None:
        """Give back what reads pictures."""
        await self._sight.close()

    @property
    def _wanted(self) -> bool:
        return any(self._pipeline.controls[part].source == CAMERA for part in Component)
