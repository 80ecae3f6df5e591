"""The webcam, or a film in its place: the newest picture, whenever one is asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final

from client.capture import Capture, Pixels
from client.errors import ClientError, gone

RETRY_SECONDS: Final = 1.0
"""Between two attempts to open a camera that was lost."""
FIRST_SECONDS: Final = 5.0
"""A camera that has given no picture until then cannot be used."""
CLOSE_SECONDS: Final = 2.0
"""A driver may hold a read for long after its camera was pulled out; nobody waits for it."""


class Camera:
    """Pictures of a camera, read in a thread; a context manager.

    Only the newest is kept. A camera that is lost is tried again until it is back; nothing
    comes meanwhile.

    Args:
        source: its number, its path (/dev/video2), or a film to show again and again.
        clock: monotonic, seconds.
        capture: opens a source.
    """

    name = "camera"

    def __init__(
        self,
        source: str,
        clock: Callable[[], float] = time.monotonic,
        capture: Callable[[str], Capture] = Capture,
    ) -> None:
        self._source, self._clock, self._open = source, clock, capture
        self._capture: Capture | None = None
        self._newest: tuple[Pixels, float] | None = None
        self._lock, self._first, self._closing = Lock(), Event(), Event()
        self._listener: Callable[[], object] | None = None
        self._thread = Thread(target=self._run, name="visavis-camera", daemon=True)
        self.pictures = 0
        """That the camera gave."""
        self.dropped = 0
        """That a newer one replaced before they were asked for."""
        self.losses = 0
        self.trouble: str | None = None
        """What is wrong at the moment, and what to do."""

    def __enter__(self) -> Camera:
        """Open it, and wait for its first picture.

        Raises:
            DeviceMissing: no such camera, or it cannot be used.
            FileUnusable: the film cannot be read.
        """
        opened = self._capture = self._open(self._source)
        self._thread.start()
        if not self._first.wait(FIRST_SECONDS):
            self.__exit__()
            raise opened.failure("gives no picture")
        return self

    def __exit__(self, *failure: object) -> None:
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)

    def __str__(self) -> str:
        return f"camera {self.pictures} pictures, {self.dropped} dropped"

    async def picture(self) -> tuple[Pixels, float]:
        """The next picture and when it was taken, in the clock's seconds. One reader only."""
        loop, filled = asyncio.get_running_loop(), asyncio.Event()
        self._listener = lambda: loop.call_soon_threadsafe(filled.set)
        try:
            while (newest := self._take()) is None:
                await filled.wait()
                filled.clear()
            return newest
        finally:
            self._listener = None

    def _take(self) -> tuple[Pixels, float] | None:
        with self._lock:
            newest, self._newest = self._newest, None
            return newest

    def _run(self) -> None:
        due = self._clock()
        while not self._closing.is_set():
            pixels = self._capture.read() if self._capture is not None else None
            if self._capture is None or pixels is None:
                self._reopen()
                continue
            if self._capture.film_rate:
                due = max(due + 1 / self._capture.film_rate, self._clock())
                self._closing.wait(due - self._clock())
            self._put(pixels)
        self._give_back()

    def _put(self, pixels: Pixels) -> None:
        with self._lock:
            self.dropped += self._newest is not None
            self._newest = (pixels, self._clock())
        self.pictures += 1
        self._first.set()
        if (listener := self._listener) is not None:
            try:
                listener()
            except RuntimeError:  # the loop that asked has ended
                self._listener = None

    def _reopen(self) -> None:
        if self._capture is not None and self.pictures:
            self.losses += 1
            self.trouble = gone(f"camera {self._source}")
        self._give_back()
        if self._closing.wait(RETRY_SECONDS):
            return
        try:
            self._capture = self._open(self._source)
        except ClientError:
            return
        self.trouble = None

    def _give_back(self) -> None:
        if self._capture is not None:
            self._capture.close()
            self._capture = None
