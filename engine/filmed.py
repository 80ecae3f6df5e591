"""A driver who was filmed: drives another film, picture by picture, in the film's own time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np

from engine.camera import Camera
from engine.driver import Driver, DriverState
from engine.errors import FilmUnreadable, NoFace
from engine.rest import LEARN_SECONDS
from engine.types import Picture

REST_SECONDS: Final = LEARN_SECONDS + 0.5
"""At the film's start, watched before it begins: the driver's rest is known from then on."""
SLACK_SECONDS: Final = 1e-6
"""Sums of times are off by less; a picture must not be a tick late for it."""


class FilmedDriver:
    """Shows a film to a driver's camera.

    Args:
        path: of the film.
        camera: reads its pictures; stays the caller's to close.
        driver: gets what is read.
        late: seconds by which its pictures are shown late, as their sound is.

    Raises:
        FilmUnreadable: no film that PyAV can read, or damaged.
        NoFace: nobody is seen in its first seconds.
    """

    def __init__(self, path: Path, camera: Camera, driver: Driver, late: float) -> None:
        self._path, self._camera, self._driver, self._late = path, camera, driver, late
        self._learn()
        self._pictures = pictures_of(path)
        self._next = next(self._pictures, None)

    def show(self, seconds: float) -> None:
        """Show the pictures up to that time of the film that is made."""
        while self._next is not None and self._next[0] + self._late <= seconds + SLACK_SECONDS:
            time, picture = self._next
            self._see(picture, time)
            self._next = next(self._pictures, None)

    def _learn(self) -> None:
        """Watch the beginning, as if it had come before the film."""
        now = -2 * REST_SECONDS
        for time, picture in pictures_of(self._path):
            if time > REST_SECONDS:
                break
            self._see(picture, time - 2 * REST_SECONDS)
            now = time - 2 * REST_SECONDS + self._late
            self._driver.at(now)  # it is followed softly, and wholly before the film begins
        if self._driver.state(now) is not DriverState.FOLLOWING:
            raise NoFace(
                "nobody is seen in the film's first second: let it begin with a face at rest"
            )

    def _see(self, picture: Picture, time: float) -> None:
        self._driver.see(self._camera(picture, time), time, time + self._late)


def pictures_of(path: Path) -> Iterator[tuple[float, Picture]]:
    """The film's pictures and their times in seconds, the first at 0.

    Raises:
        FilmUnreadable: as it says.
    """
    start: float | None = None
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise FilmUnreadable("there are no pictures in this file: use a video")
            for frame in container.decode(video=0):
                time = frame.time or 0.0
                start = time if start is None else start
                yield time - start, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise FilmUnreadable("this file cannot be read as a film: use MP4, WebM or MOV") from error
    if start is None:
        raise FilmUnreadable("there are no pictures in this film")
