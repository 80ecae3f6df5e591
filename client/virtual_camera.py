"""The avatar's pictures as a camera that other programs can choose, through pyvirtualcam.

pyvirtualcam is under the GPL (version 2), so it does not come with Visavis: whoever wants
it installs it, and it is imported only where a virtual camera is asked for.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from threading import Condition, Thread
from typing import Any, Final, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from client.card import DEFAULT
from client.errors import DeviceMissing, gone
from client.shelf import BEAT, Shelf

RETRY_SECONDS: Final = 2.0
"""Between two attempts to open a device that was lost."""
PACKAGE: Final = (
    "a virtual camera needs the package pyvirtualcam, which is under the GPL and so does not "
    "come with Visavis: pip install pyvirtualcam"
)
ADVICE: Final = {
    "linux": "sudo apt install v4l2loopback-dkms && "
    "sudo modprobe v4l2loopback exclusive_caps=1 card_label=Visavis",
    "darwin": "install OBS, start its virtual camera once (brew install --cask obs), close OBS",
    "win32": "install OBS, start its virtual camera once (winget install OBSProject.OBSStudio), "
    "close OBS",
}
"""By sys.platform: what gives a machine a virtual camera."""


class Device(Protocol):
    """What we need of pyvirtualcam.Camera."""

    @property
    def device(self) -> str:
        """Its name, as other programs show it."""
        ...

    def send(self, frame: NDArray[np.uint8]) -> None:
        """Show a picture: RGB [height, width, 3]."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


def opened(device: str, size: tuple[int, int]) -> Device:
    """A virtual camera for RGB pictures (DeviceMissing if there is none).

    Args:
        device: its name (/dev/video10), or `default` for the first.
        size: width and height of the pictures, pixels.
    """
    try:
        import pyvirtualcam
    except ModuleNotFoundError as error:
        raise DeviceMissing(PACKAGE) from error
    name = None if device == DEFAULT else device
    try:
        camera: Device = pyvirtualcam.Camera(
            width=size[0],
            height=size[1],
            fps=round(1 / BEAT),
            fmt=pyvirtualcam.PixelFormat.RGB,
            device=name,
        )
    except RuntimeError as error:
        which = f"virtual camera {name}" if name else "virtual camera"
        advice = ADVICE.get(sys.platform, ADVICE["linux"])
        raise DeviceMissing(
            f"no {which} can be used ({error}). This gives you one: {advice}"
        ) from error
    return camera


class VirtualCamera:
    """Shows pictures when they are due, from a thread of its own; a context manager.

    25 a second: the last one again where none comes, black before the first. A picture of
    another shape is shown whole, between black borders.

    Args:
        size: width and height of the pictures, pixels.
        device: its name, or `default` for the first.
        clock: monotonic, seconds.
    """

    name = "virtual camera"

    def __init__(
        self,
        size: tuple[int, int],
        device: str = DEFAULT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size, self._device_name, self._clock = size, device, clock
        self._device: Device | None = None
        self._shelf = Shelf(clock())
        self._changed = Condition()
        self._closing = False
        self._thread = Thread(target=self._run, name="visavis-virtual-camera", daemon=True)
        self.shown = 0
        self.repeated = 0
        self.trouble: str | None = None
        """What is wrong at the moment, and what to do."""

    def __enter__(self) -> VirtualCamera:
        self._device = opened(self._device_name, self._size)
        self._device_name = self._device.device
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        self._give_back()

    @property
    def dropped(self) -> int:
        """Pictures that were never shown."""
        return self._shelf.dropped

    def __str__(self) -> str:
        return (
            f"virtual camera {self._device_name}: {self.shown} pictures, "
            f"{self.repeated} of them again, {self.dropped} dropped"
        )

    def show(self, picture: av.VideoFrame, due: float) -> None:
        """Show a picture at `due`, in the clock's seconds."""
        with self._changed:
            self._shelf.put(picture, due)
            self._changed.notify()

    def _run(self) -> None:
        pixels: NDArray[np.uint8] = np.zeros((*self._size[::-1], 3), np.uint8)
        while self._wait():
            with self._changed:
                picture = self._shelf.take(self._clock())
            if picture is not None:
                pixels = fitted(picture, self._size)
            if self._device is None:
                self._reopen()
            else:
                self._send(self._device, pixels, again=picture is None)

    def _wait(self) -> bool:
        """Until something is to be shown; False if it is over."""
        with self._changed:
            while not self._closing and (left := self._shelf.next - self._clock()) > 0:
                self._changed.wait(left)
            return not self._closing

    def _send(self, device: Device, pixels: NDArray[np.uint8], again: bool) -> None:
        try:
            device.send(pixels)
        except Exception as error:  # pyvirtualcam's back ends raise what their system gives them
            self.trouble = gone(f"the virtual camera {self._device_name} ({error})")
            self._give_back()
            return
        self.shown += 1
        self.repeated += again

    def _reopen(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing, RETRY_SECONDS)
            if self._closing:
                return
        try:
            self._device = opened(self._device_name, self._size)
        except DeviceMissing:
            return
        self.trouble = None

    def _give_back(self) -> None:
        device: Any = self._device
        self._device = None
        if device is not None:
            device.close()


def fitted(picture: av.VideoFrame, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture as RGB [height, width, 3] of a given width and height, whole and undistorted."""
    share = min(size[0] / picture.width, size[1] / picture.height)
    width, height = round(picture.width * share), round(picture.height * share)
    scaled = picture if share == 1 else picture.reformat(width, height, interpolation="AREA")
    pixels = np.asarray(scaled.to_ndarray(format="rgb24"), np.uint8)
    if (width, height) == size:
        return pixels
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    whole: NDArray[np.uint8] = np.zeros((size[1], size[0], 3), np.uint8)
    whole[top : top + height, left : left + width] = pixels
    return whole
