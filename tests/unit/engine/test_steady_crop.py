"""The crop around a driver's face hardly moves, and stays with the face nevertheless."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from engine.bundle import Bundle
from engine.crop import EDTALK
from engine.steady_crop import CROP_SIZE, FOLLOW_SECONDS, GONE_SECONDS, MIDDLE, SteadyCrop, View
from engine.tracker import CameraTracker
from engine.types import Floats, floats
from tests.support.driver_clip import pictures

HEIGHT = 0.4
SIDE = EDTALK.side * HEIGHT
STEP = 0.04


@dataclass
class Watched:
    """A crop, and the time of the next picture."""

    crop: SteadyCrop
    time: float = 0.0

    def see(self, x: float, y: float = 0.5, height: float = HEIGHT, count: int = 1) -> Floats:
        for _ in range(count):
            square = self.crop.follow(floats([x, y]), height, self.time)
            self.time += STEP
        return square


@pytest.fixture
def watched() -> Watched:
    return Watched(SteadyCrop(EDTALK))


def test_it_begins_around_the_face_and_stands_still_with_it(watched: Watched) -> None:
    for _ in range(50):
        np.testing.assert_allclose(watched.see(0.7), (0.7, 0.5, SIDE), rtol=1e-6)


def test_a_head_that_sways_sways_in_its_crop(watched: Watched) -> None:
    sway = 0.1 * SIDE * np.sin(np.arange(250) * STEP * 2 * np.pi * 0.5)
    places = floats([watched.see(0.7 + float(it))[0] for it in sway])
    assert places.std() < 0.05 * sway.std()
    assert np.abs(np.diff(places, n=2)).max() < 0.05 * np.abs(np.diff(sway, n=2)).max()


def test_a_head_that_stays_elsewhere_comes_to_the_middle_slowly(watched: Watched) -> None:
    watched.see(0.7)
    there = 0.7 + 0.1 * SIDE
    moved = watched.see(there, count=round(1 / STEP))[0] - 0.7
    assert moved < 0.2 * (there - 0.7), "as pose for seconds"
    assert watched.see(there, count=round(4 * FOLLOW_SECONDS / STEP))[0] == pytest.approx(
        there, abs=0.03 * (there - 0.7)
    )


def test_a_face_that_leaves_the_middle_is_gone_after_at_once_and_without_a_jerk(
    watched: Watched,
) -> None:
    watched.see(0.5)
    walk = 0.5 + np.clip(np.arange(100) * STEP * 0.5, 0, 1.0) * SIDE
    places = floats([watched.see(float(it))[0] for it in walk])
    behind = (walk - places) / SIDE
    assert behind.max() < 2.5 * MIDDLE[0] and behind[-1] < 1.1 * MIDDLE[0]
    assert np.abs(np.diff(places, n=2)).max() < 0.003 * SIDE


def test_a_face_that_comes_near_fills_its_crop_no_further(watched: Watched) -> None:
    watched.see(0.5, height=0.3)
    for height in np.linspace(0.3, 0.6, 50):
        side = watched.see(0.5, height=float(height))[2]
    assert 1.0 < EDTALK.side * 0.6 / side < np.exp(1.5 * MIDDLE[2])


def test_a_cut_or_another_person_begins_anew(watched: Watched) -> None:
    watched.see(0.4)
    assert watched.see(1.2)[0] == pytest.approx(1.2), "a cut"
    assert watched.see(1.22, height=0.15)[2] == pytest.approx(EDTALK.side * 0.15)
    watched.time += GONE_SECONDS
    assert watched.see(1.25)[0] == pytest.approx(1.25), "another person nearby"


def test_a_face_is_brought_back_to_where_it_belongs_not_to_the_middle(watched: Watched) -> None:
    """Whoever sat a little to the side while the rest was learnt goes on to."""
    begun = watched.see(0.7)
    x, y, height = 0.7 + 0.08 * SIDE, 0.5 - 0.05 * SIDE, 1.1 * HEIGHT
    watched.see(x, y, height)
    home = watched.crop.home = watched.crop.apart
    np.testing.assert_allclose(home, (0.08, -0.05, np.log(1.1)), atol=0.002)
    there = watched.see(x, y, height, count=500)
    np.testing.assert_allclose(there, begun, atol=0.002, err_msg="nothing moves")
    watched.time += GONE_SECONDS
    watched.see(1.2, height=0.2)
    np.testing.assert_allclose(watched.crop.apart, home, atol=1e-5, err_msg="after a cut")


def test_slow_cameras_are_followed_alike() -> None:
    found = []
    for rate in (8, 60):
        crop = SteadyCrop(EDTALK)
        crop.follow(floats([0.5, 0.5]), HEIGHT, 0.0)
        for tick in range(1, 2 * rate + 1):
            square = crop.follow(floats([0.5 + 0.2 * SIDE, 0.5]), HEIGHT, tick / rate)
        found.append(float(square[0] - 0.5) / SIDE)
    assert found[0] == pytest.approx(found[1], rel=0.05)


def test_pixels_lie_where_they_should_in_any_size_of_picture() -> None:
    """A white spot in the face's middle is white in the crop's; beyond the picture is its edge."""
    for rows, columns in ((480, 640), (960, 1280)):
        picture = np.full((rows, columns, 3), 40, np.uint8)
        spot = round(0.15 * columns), round(0.5 * rows)
        picture[spot[1] - 6 : spot[1] + 6, spot[0] - 6 : spot[0] + 6] = 255
        crop = SteadyCrop(EDTALK)(View(picture, floats([0.15, 0.5]), HEIGHT), 0.0)
        assert crop.shape == (CROP_SIZE, CROP_SIZE, 3)
        middle = CROP_SIZE // 2
        assert crop[middle - 1 : middle + 1, middle - 1 : middle + 1].min() > 200
        assert (crop[:, 0] == 40).all(), "left of the picture"


def test_landmarks_tremble_and_the_crop_does_not(bundle: Bundle) -> None:
    """A filmed person: what the crop does from picture to picture, against what it is told."""
    tracker, crop = CameraTracker(bundle.asset("tracker")), SteadyCrop(EDTALK)
    told, done = [], []
    for time, picture in pictures():
        if time > 4.0:
            break
        for seen in tracker(picture, time)[:1]:
            told.append([*seen.middle, EDTALK.side * seen.height])
            done.append(crop.follow(seen.middle, seen.height, time))
    tracker.close()
    assert len(told) > 90
    jitter = [np.diff(floats(it), n=2, axis=0).std(axis=0) for it in (told, done)]
    assert (jitter[1] < 0.03 * jitter[0]).all(), jitter
    heads = floats(told)[:, :2] - floats(done)[:, :2]
    assert (heads.std(axis=0) > 0.8 * floats(told)[:, :2].std(axis=0)).all(), "pose is left in it"
