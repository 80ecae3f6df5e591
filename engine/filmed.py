"""A driver who was filmed: drives another film, picture by picture, in the film's own time."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.camera import Camera
from engine.driver import Driver, DriverState
from engine.errors import NoFace
from engine.footage import Rgb, timed
from engine.motion_stream import Followed
from engine.rest import LEARN_SECONDS
from engine.types import Picture

REST_SECONDS: Final = LEARN_SECONDS + 0.5
"""At the film's start, watched before it begins: the driver's rest is known from then on."""


class FilmedDriver:
    """Shows a film to a driver's camera; see `engine.guides.Guide`.

    The film's pictures may come at any rate: between two of them the driver is interpolated.

    Args:
        path: of the film.
        camera: reads its pictures; stays the caller's to close.
        driver: gets what is read.

    Raises:
        FilmUnreadable: no film that PyAV can read, or damaged.
        NoFace: nobody is seen in its first seconds.
    """

    def __init__(self, path: Path, camera: Camera, driver: Driver) -> None:
        self._path, self._camera, self._driver = path, camera, driver
        self._rgb = Rgb()
        self._learn()
        self._frames = timed(path)
        self._shown = -1.0

    def at(self, time: float) -> Followed:
        """See `Guide.at`; the first picture that is later has been looked at, too."""
        while self._shown < time and (following := next(self._frames, None)) is not None:
            self._shown, frame = following
            self._see(self._rgb(frame), self._shown)
        return self._driver.at(time)

    def _learn(self) -> None:
        """Watch the beginning, as if it had come before the film."""
        now = -2 * REST_SECONDS
        for time, frame in timed(self._path):
            if time > REST_SECONDS:
                break
            now = time - 2 * REST_SECONDS
            self._see(self._rgb(frame), now)
            self._driver.at(now)  # it is followed softly, and wholly before the film begins
        if self._driver.state(now) is not DriverState.FOLLOWING:
            raise NoFace(
                "nobody is seen in the film's first second: let it begin with a face at rest"
            )

    def _see(self, picture: Picture, time: float) -> None:
        self._driver.see(self._camera(picture, time), time, time)
