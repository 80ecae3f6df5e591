from __future__ import annotations

import numpy as np
import pytest

from engine.camera import PATIENCE_SECONDS, WIDEST, Camera
from engine.studio import Studio
from engine.tracker import Seen
from engine.types import Picture, floats
from tests.support.motions import motion
from tests.support.readings import reading

ROOM = np.zeros((480, 640, 3), np.uint8)


class Faces:
    """Finds what a test says is there: (middle, height, yaw) of each face."""

    def __init__(self) -> None:
        self.there: list[tuple[float, float, float]] = []
        self.shape: tuple[int, ...] = ()
        self.closed = False

    def __call__(self, picture: Picture, time: float) -> list[Seen]:
        self.shape = picture.shape
        return [
            Seen(reading(turn=(yaw, 0, 0)), floats([middle, 0.5]), height)
            for middle, height, yaw in self.there
        ]

    def close(self) -> None:
        self.closed = True


def watched(camera: Camera, time: float) -> float | None:
    seen = camera(ROOM, time)
    return None if seen is None else float(seen.turn[0])


def test_the_largest_face_drives_and_stays_the_driver() -> None:
    faces = Faces()
    camera = Camera(faces)
    faces.there = [(0.2, 0.2, 1.0), (0.6, 0.3, 2.0)]
    assert watched(camera, 0.0) == 2.0
    faces.there = [(0.6, 0.25, 2.0), (0.2, 0.5, 1.0)]
    assert watched(camera, 0.04) == 2.0, "a nearer one passes by"
    faces.there = [(0.2, 0.5, 1.0)]
    assert watched(camera, 0.08) is None, "the driver is covered for a moment"
    faces.there = [(0.25, 0.5, 1.0), (0.62, 0.25, 2.0)]
    assert watched(camera, 0.5) == 2.0
    faces.there = [(0.2, 0.5, 1.0)]
    assert watched(camera, 0.6) is None
    assert watched(camera, 0.6 + PATIENCE_SECONDS) == 1.0, "the driver has left"


def test_a_clock_that_began_anew_waits_for_nobody() -> None:
    """Another connection's pictures count from 0 again."""
    faces = Faces()
    camera = Camera(faces)
    faces.there = [(0.2, 0.2, 1.0)]
    assert watched(camera, 600.0) == 1.0
    faces.there = [(0.8, 0.2, 2.0)]
    assert watched(camera, 0.1) == 2.0


def test_large_pictures_are_reduced() -> None:
    faces = Faces()
    Camera(faces)(np.zeros((1080, 1920, 3), np.uint8), 0.0)
    assert faces.shape == (360, WIDEST, 3)
    Camera(faces)(ROOM, 0.0)
    assert faces.shape == ROOM.shape


def test_the_finder_is_given_back() -> None:
    faces = Faces()
    Camera(faces).close()
    assert faces.closed


@pytest.mark.parametrize("side", [1, -1])
def test_a_real_face_is_read_and_of_two_the_larger(studio: Studio, side: int) -> None:
    """With MediaPipe; the contract that `Faces` stands in for."""
    large = studio.presenter("ada", 512).draw(motion())
    small = np.ascontiguousarray(studio.presenter("kenji", 256).draw(motion()))
    room = np.full((512, 768, 3), 90, np.uint8)
    at = 0 if side > 0 else 256
    room[:, at : at + 512] = large
    room[128:384, 512 if side > 0 else 0 :][:, :256] = small
    camera = studio.camera()
    for tick in range(3):
        read = camera(room, tick / 25)
    alone = studio.camera()
    for tick in range(3):
        expected = alone(np.ascontiguousarray(room[:, at : at + 512]), tick / 25)
    camera.close()
    alone.close()
    assert read is not None and expected is not None
    np.testing.assert_allclose(read.coefficients, expected.coefficients, atol=0.15)
    assert 20 < read.place[2] < 120, "centimetres from the camera"
