from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from client import camera
from client.camera import Camera
from client.capture import Capture, Pixels
from client.errors import DeviceMissing
from tests.support.leaks import nothing_left, until
from tests.support.videos import greys, write_video


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "RETRY_SECONDS", 0.005)


class Webcam(Capture):
    """A camera that can be pulled out: what OpenCV does with one (tests/contract/test_camera)."""

    film_rate = 0.0

    def __init__(self, over: Event) -> None:
        self.next, self.pulled, self._over = Event(), Event(), over
        self.closed = False

    def read(self) -> Pixels | None:
        while not self.pulled.is_set() and not self._over.is_set():
            if self.next.wait(0.005):
                self.next.clear()
                return np.zeros((480, 640, 3), np.uint8)
        return None

    def close(self) -> None:
        self.closed = True


class Port:
    """Where webcams are plugged in; in its block they work."""

    def __init__(self) -> None:
        self.opened: list[Webcam] = []
        self.free = True
        self._over = Event()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *failure: object) -> None:
        self._over.set()

    def __call__(self, source: str) -> Webcam:
        if not self.free:
            raise DeviceMissing("nothing is plugged in")
        self.opened.append(Webcam(self._over))
        self.opened[-1].next.set()
        return self.opened[-1]


def reached(eye: Camera, count: int) -> bool:
    return eye.pictures == count


async def test_a_film_comes_in_its_own_time(tmp_path: Path) -> None:
    film = write_video(tmp_path / "me.mp4", greys(4), rate=50)
    async with nothing_left():
        with Camera(str(film)) as eye:
            taken = [await eye.picture() for _ in range(12)]
    times = np.array([at for _, at in taken])
    assert (np.diff(times) > 0).all()
    assert times[-1] - times[0] >= 10 / 50, "never faster than in real time"
    assert {pixels.shape for pixels, _ in taken} == {(48, 64, 3)}
    assert eye.trouble is None


async def test_only_the_newest_is_kept() -> None:
    port = Port()
    with Camera("0", capture=port) as eye, port:
        for count in range(2, 6):
            port.opened[0].next.set()
            await until(partial(reached, eye, count))
        assert eye.dropped == 4
        await eye.picture()
        waiting = asyncio.create_task(eye.picture())
        await asyncio.sleep(0)
        assert not waiting.done()
        port.opened[0].next.set()
        await asyncio.wait_for(waiting, 2)
    assert eye.dropped == 4 and port.opened[0].closed


async def test_a_camera_that_is_pulled_out_is_taken_again() -> None:
    port = Port()
    async with nothing_left():
        with Camera("0", capture=port) as eye, port:
            await eye.picture()
            port.free = False
            port.opened[0].pulled.set()
            await until(lambda: eye.trouble is not None)
            assert eye.trouble is not None and "camera 0 is gone" in eye.trouble
            assert port.opened[0].closed and eye.losses == 1
            waiting = asyncio.create_task(eye.picture())
            port.free = True
            await asyncio.wait_for(waiting, 2)
            assert eye.trouble is None and len(port.opened) == 2


def test_a_camera_without_pictures_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "FIRST_SECONDS", 0.02)

    class Dark(Webcam):
        _source, _is_film = "0", False

        def __init__(self, source: str) -> None:
            super().__init__(Event())
            self.pulled.set()

    with pytest.raises(DeviceMissing, match="camera 0 gives no picture"), Camera("0", capture=Dark):
        pass


@pytest.fixture
def loop_that_ended() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_a_loop_that_ended_does_not_end_the_camera(
    loop_that_ended: asyncio.AbstractEventLoop,
) -> None:
    port = Port()
    with Camera("0", capture=port) as eye, port:
        loop_that_ended.run_until_complete(eye.picture())
        asking = loop_that_ended.create_task(eye.picture())
        loop_that_ended.run_until_complete(asyncio.sleep(0))
        asking.cancel()
        loop_that_ended.run_until_complete(asyncio.gather(asking, return_exceptions=True))
        loop_that_ended.close()
        port.opened[0].next.set()
        asyncio.run(until(lambda: eye.pictures == 2))
