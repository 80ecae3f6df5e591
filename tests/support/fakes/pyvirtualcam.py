"""A fake of pyvirtualcam for machines without virtual cameras: it keeps what it is shown.

Put its folder on the import path. Where VISAVIS_SHOWN names a file, each picture is added to
it: when it came (float64, monotonic seconds), then its pixels. Where VISAVIS_UNPLUGGED names
a file that exists, the device is gone.
"""

from __future__ import annotations

import os
import time
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class PixelFormat(Enum):
    """The formats that we need."""

    RGB = "raw "


class Camera:
    """Takes what the real one takes, refuses what the real one refuses."""

    def __init__(
        self,
        width: int,
        height: int,
        fps: float,
        *,
        fmt: PixelFormat = PixelFormat.RGB,
        device: str | None = None,
        backend: str | None = None,
        print_fps: bool = False,
        **kw: Any,
    ) -> None:
        self.width, self.height, self.fps, self.fmt = width, height, fps, fmt
        self.device = device or "/dev/video9"
        self.frames_sent = 0
        if _gone() or self.device != "/dev/video9":
            raise RuntimeError(f"'v4l2loopback' backend: Device {self.device} does not exist.")
        path = os.environ.get("VISAVIS_SHOWN")
        self._file = open(path, "ab") if path else None  # noqa: SIM115 (closed with the camera)

    def send(self, frame: NDArray[np.uint8]) -> None:
        """Show a picture."""
        if frame.dtype != np.uint8:
            raise TypeError(f"unexpected frame dtype: {frame.dtype} != uint8")
        if frame.shape != (self.height, self.width, 3):
            raise ValueError(f"unexpected frame shape: {frame.shape}")
        if _gone():
            raise RuntimeError("error writing frame: No such device")
        self.frames_sent += 1
        if self._file is not None:
            self._file.write(np.float64(time.monotonic()).tobytes() + frame.tobytes())

    def close(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _gone() -> bool:
    return os.path.exists(os.environ.get("VISAVIS_UNPLUGGED", ""))
