"""Pictures from OpenCV: of a camera as they come, or of a film, which begins again at its end."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from client.errors import ClientError, DeviceMissing, FileUnusable
from client.v4l import video_devices

WIDTH: Final = 640
HEIGHT: Final = 480
"""Enough to read a face from; larger pictures are made smaller before they are sent."""
RATE: Final = 30.0
"""Pictures a second that a camera is asked for."""
FILM_RATES: Final = (1.0, 120.0)
"""Pictures a second that are believed of a film."""
Pixels: TypeAlias = NDArray[np.uint8]
"""BGR [height, width, 3], as OpenCV has them."""


class Capture:
    """A camera or a film that is open.

    Args:
        source: number of a camera, its path (/dev/video2), or a video file.

    Raises:
        DeviceMissing: no such camera, or it cannot be used.
        FileUnusable: the film cannot be read.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._is_film = not is_device(source)
        kept = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # we say it better
        try:
            self._video = self._opened()
        finally:
            cv2.utils.logging.setLogLevel(kept)
        if not self._video.isOpened():
            raise self.failure("cannot be opened")
        rate = self._video.get(cv2.CAP_PROP_FPS) if self._is_film else 0.0
        self.film_rate = rate if FILM_RATES[0] <= rate <= FILM_RATES[1] else RATE * self._is_film
        """Pictures a second in which a film is to be shown; 0 for a camera, which has its own."""

    def read(self) -> Pixels | None:
        """The next picture, as large as is sent at the most; None if the camera is gone."""
        there, pixels = self._video.read()
        if not there and self._is_film:
            self._video.set(cv2.CAP_PROP_POS_FRAMES, 0)
            there, pixels = self._video.read()
        return fitted(np.asarray(pixels, np.uint8)) if there else None

    def close(self) -> None:
        """Give it back."""
        self._video.release()

    def failure(self, how: str) -> ClientError:
        """What to tell a person who cannot use it."""
        if self._is_film:
            name = Path(self._source).name
            return FileUnusable(f"{name} {how}: a camera is a number, or a video file")
        return DeviceMissing(f"camera {self._source} {how}: {reason(_path(self._source))}")

    def _opened(self) -> cv2.VideoCapture:
        if self._is_film:
            return cv2.VideoCapture(self._source, cv2.CAP_FFMPEG)
        if sys.platform == "linux":
            video = cv2.VideoCapture(_path(self._source), cv2.CAP_V4L2)
        else:
            video = cv2.VideoCapture(int(self._source))
        video.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
        video.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)
        video.set(cv2.CAP_PROP_FPS, RATE)
        video.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return video


def is_device(source: str) -> bool:
    """Whether a source is a camera, not a film."""
    return source.isdecimal() or (sys.platform == "linux" and source.startswith("/dev/"))


def reason(path: str, platform: str = sys.platform) -> str:
    """Why a camera cannot be used, as far as can be seen from outside, and what to do."""
    if platform != "linux":
        return (
            "is it connected, does another program use it, and may this terminal use cameras "
            "(the system's privacy settings)?"
        )
    if not os.path.exists(path):
        there = ", ".join(f"{it.path} ({it.name})" for it in video_devices())
        found = f"there are {there}" if there else "ls /dev/video* shows none"
        return f"there is no {path}; {found}. A video file can take its place: --camera FILE"
    if not os.access(path, os.R_OK | os.W_OK):
        return f"{path} may not be read: sudo usermod -aG video $USER, then log in again"
    return f"does another program use it (fuser {path})? Some of /dev/video* give no pictures"


def fitted(pixels: Pixels) -> Pixels:
    """A picture of WIDTH and HEIGHT at the most; even sides, as encoders halve the colours."""
    height, width = pixels.shape[:2]
    scale = min(1.0, WIDTH / width, HEIGHT / height)
    size = (max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2))
    if size == (width, height):
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _path(source: str) -> str:
    return f"/dev/video{source}" if source.isdecimal() else source
