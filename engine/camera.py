"""A camera's pictures become readings of one driver: the largest face, and then the same one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol

import cv2
import numpy as np

from engine.steady_crop import GONE_SECONDS, View
from engine.tracker import Seen
from engine.types import Picture
from engine.watch import Reading

WIDEST: Final = 640
"""Pixels a side: more makes tracking no better, and slower."""
NEAR: Final = 0.6
"""In heights of the face: so far it may have moved between two pictures, and be the same."""
PATIENCE_SECONDS: Final = GONE_SECONDS
"""For how long a face that is gone is waited for, before another one is taken."""


class FindsFaces(Protocol):
    """What finds faces in a camera's pictures; `engine.tracker.CameraTracker` does."""

    def __call__(self, picture: Picture, time: float) -> list[Seen]:
        """The faces in a picture taken at `time` seconds."""

    def close(self) -> None:
        """Give back what it holds."""


class Camera:
    """One camera. Not safe for two threads at once.

    Args:
        finds: finds faces; closed with the camera.
    """

    def __init__(self, finds: FindsFaces) -> None:
        self._finds = finds
        self._driver: Seen | None = None
        self._seen_at = -np.inf

    def __call__(self, picture: Picture, time: float) -> Reading | None:
        """What is read on the driver's face; None if it is not seen.

        Args:
            picture: RGB uint8 [h, w, 3].
            time: seconds, later than the last picture's; earlier where its clock began anew.
        """
        faces = self._finds(_reduced(picture), time)
        waits = 0 <= time - self._seen_at < PATIENCE_SECONDS
        found = self._same(faces) if waits else _largest(faces)
        if found is None:
            return None
        self._driver, self._seen_at = found, time
        return replace(found.reading, view=View(picture, found.middle, found.height))

    def close(self) -> None:
        """Give back what finds faces."""
        self._finds.close()

    def _same(self, faces: list[Seen]) -> Seen | None:
        """The face that is nearest to where the driver's was."""
        assert self._driver is not None
        middle, height = self._driver.middle, self._driver.height
        near = [(float(np.linalg.norm(it.middle - middle)), it) for it in faces]
        distance, face = min(near, key=lambda it: it[0], default=(np.inf, None))
        return face if distance <= NEAR * height else None


def _largest(faces: list[Seen]) -> Seen | None:
    return max(faces, key=lambda it: it.height, default=None)


def _reduced(picture: Picture) -> Picture:
    longest = max(picture.shape[:2])
    if longest <= WIDEST:
        return picture
    size = (picture.shape[1] * WIDEST // longest, picture.shape[0] * WIDEST // longest)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
