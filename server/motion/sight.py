"""A session's camera: its newest picture to a worker, what is read on it to the driver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Final

import av
import numpy as np

from engine.camera import WIDEST, Camera
from engine.clock import Clock
from engine.driver import Driver
from engine.errors import BackendError, VisavisError
from engine.scheduler import Pool
from server.metrics import Metrics
from server.protocol import QueueStats

log = logging.getLogger(__name__)
DUE_SECONDS: Final = 0.04
"""A picture is read before the next one comes; drawing, which is due earlier, goes first."""


class Sight:
    """Reads a camera's pictures, one at a time; a newer one takes the place of what waits.

    All methods run in the event loop; the reading runs in a worker.

    Args:
        driver: gets what is read.
        opens: gives what reads a camera's pictures, when the first one comes.
        pool: workers.
        clock: monotonic.
        metrics: of the server.
        fails: told why no picture can be read, once.
    """

    def __init__(
        self,
        driver: Driver,
        opens: Callable[[], Camera],
        pool: Pool,
        clock: Clock,
        metrics: Metrics,
        fails: Callable[[VisavisError], None],
    ) -> None:
        self._driver, self._opens, self._fails = driver, opens, fails
        self._pool, self._clock, self._metrics = pool, clock, metrics
        self._loop = asyncio.get_running_loop()
        self._camera: Camera | None = None
        self._waiting: tuple[av.VideoFrame, float] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._blind = False
        self._dropped = 0

    def see(self, picture: av.VideoFrame, arrived: float) -> None:
        """Take a picture that arrived at `arrived` seconds."""
        if self._blind:
            return
        if self._waiting is not None:
            self._drop()
        self._waiting = picture, arrived
        self._begin()

    @property
    def queue(self) -> QueueStats:
        """Pictures that wait for a worker; dropped are those for which none had time."""
        return QueueStats(depth=self._waiting is not None, capacity=1, dropped=self._dropped)

    async def close(self) -> None:
        """Read nothing more, give back what reads."""
        self._blind, self._waiting = True, None
        await self._idle.wait()
        if self._camera is not None:
            await asyncio.to_thread(self._camera.close)

    def _begin(self) -> None:
        if self._waiting is None or not self._idle.is_set():
            return
        (picture, arrived), self._waiting = self._waiting, None
        try:
            work = self._pool.submit(
                lambda: self._read(picture, arrived), self._clock.now() + DUE_SECONDS
            )
        except BackendError:
            self._drop()
            return
        self._idle.clear()
        work.add_done_callback(lambda done: self._loop.call_soon_threadsafe(self._finish, done))

    def _read(self, picture: av.VideoFrame, arrived: float) -> None:
        """In a worker."""
        if self._camera is None:
            self._camera = self._opens()
        time = arrived if picture.time is None else picture.time
        began = self._clock.now()
        self._driver.see(self._camera(_reduced(picture), time), time, arrived)
        self._metrics.tracking.observe(self._clock.now() - began)

    def _finish(self, work: Future[None]) -> None:
        self._idle.set()
        try:
            work.result()
        except CancelledError:
            return  # the pool is closing
        except VisavisError as error:
            self._blind = True
            self._fails(error)
        except Exception:
            self._metrics.errors.labels("tracking").inc()
            log.exception("a camera's picture could not be read")
        self._begin()

    def _drop(self) -> None:
        self._dropped += 1


def _reduced(picture: av.VideoFrame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """RGB, no larger than a tracker needs."""
    longest = max(picture.width, picture.height)
    if longest > WIDEST:
        width, height = (it * WIDEST // longest // 2 * 2 for it in (picture.width, picture.height))
        picture = picture.reformat(width, height, "rgb24", interpolation="FAST_BILINEAR")
    return np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)
