"""The virtual camera's thread with a fake device (tests/contract has what the real one does)."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from client import virtual_camera
from client.errors import DeviceMissing
from client.virtual_camera import ADVICE, VirtualCamera, fitted, opened
from tests.support.leaks import nothing_left, until
from tests.support.shown import Shown, fake, read

pytestmark = pytest.mark.usefixtures("soon")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_camera, "RETRY_SECONDS", 0.01)


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    return fake(tmp_path, monkeypatch)


def picture(shade: int) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((256, 256, 3), shade, np.uint8), format="rgb24")


async def test_pictures_are_shown_when_due_and_then_again(shown: Shown) -> None:
    async with nothing_left():
        with VirtualCamera((256, 256)) as camera:
            start = time.monotonic() + 0.1
            for number in range(5):
                camera.show(picture(50 * number + 20), start + 0.05 * number)
            await until(lambda: camera.shown >= camera.repeated + 5 and camera.repeated >= 6)
    times, pictures = read(shown.path, 256)
    shades = pictures[:, 128, 128, 0].astype(int)
    assert not pictures[0].any(), "black before the first"
    for number in range(5):
        at = times[np.flatnonzero(shades == 50 * number + 20)[0]]
        assert -0.001 < at - start - 0.05 * number < 0.04
    assert (shades[-2:] == 220).all() and len(times) == camera.shown
    assert camera.trouble is None and "/dev/video9" in str(camera)


async def test_a_device_that_goes_is_taken_again(shown: Shown) -> None:
    with VirtualCamera((256, 256)) as camera:
        await until(lambda: camera.shown > 0)
        shown.unplug()
        await until(lambda: camera.trouble is not None)
        assert camera.trouble is not None and "/dev/video9 (error" in camera.trouble
        before = camera.shown
        shown.plug()
        await until(lambda: camera.trouble is None and camera.shown > before)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_a_machine_without_one_says_what_gives_it_one(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    shown.unplug()
    with pytest.raises(DeviceMissing) as missing:
        opened("default", (256, 256))
    assert ADVICE[platform] in str(missing.value)
    with pytest.raises(DeviceMissing, match="no virtual camera /dev/video3 can be used"):
        opened("/dev/video3", (256, 256))


def test_the_package_is_named_with_its_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(DeviceMissing, match=r"GPL.*pip install pyvirtualcam"):
        opened("default", (256, 256))


async def test_what_waits_too_long_is_counted(shown: Shown) -> None:
    with VirtualCamera((256, 256)) as camera:
        for number in range(40):
            camera.show(picture(number), time.monotonic() + 60)
        await asyncio.sleep(0)
        assert camera.dropped == 15


@pytest.mark.parametrize(
    ("size", "there"),
    [
        ((256, 256), (0, 256, 0, 256)),
        ((128, 128), (0, 128, 0, 128)),
        ((640, 360), (0, 360, 140, 500)),
        ((300, 500), (100, 400, 0, 300)),
    ],
)
def test_a_picture_of_another_shape_is_shown_whole(
    size: tuple[int, int], there: tuple[int, int, int, int]
) -> None:
    pixels = fitted(picture(200), size)
    top, bottom, left, right = there
    assert pixels.shape == (size[1], size[0], 3)
    assert (pixels[top:bottom, left:right] == 200).all()
    assert pixels.sum() == 600 * (bottom - top) * (right - left), "black borders"
