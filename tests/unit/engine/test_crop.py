"""Rules by which portraits are cut out of pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engine.bundle import Bundle
from engine.crop import CROPS, EDTALK, MESH, UNCROPPED, Crop
from engine.portrait import PORTRAIT_SIZE, Portrait, closer, decode_picture, make_portrait
from engine.tracker import FaceTracker
from engine.types import Floats, Picture, floats


def face(middle: tuple[float, float], height: float) -> Floats:
    """Landmarks on a ring."""
    angles = np.linspace(0, 2 * np.pi, 468, endpoint=False)
    ring = np.stack([0.4 * np.cos(angles), 0.5 * np.sin(angles), np.zeros(468)], axis=1)
    return floats(ring * height + (*middle, 0))


@pytest.mark.parametrize(("rule", "heights"), [(MESH, 2.1), (EDTALK, 1.4)])
def test_a_face_with_room_around_it_has_its_share(rule: Crop, heights: float) -> None:
    side, corner = rule.square(face((900, 700), 300), floats([2000, 1600]))
    assert side == pytest.approx(heights * 300, rel=1e-3)
    np.testing.assert_allclose(corner + side * floats([0.5, rule.headroom]), (900, 700), atol=0.1)


def test_a_close_crop_is_as_close_where_the_picture_ends() -> None:
    """The mesh is content with less; EDTalk's networks know faces of one size."""
    room = floats([400, 400])
    assert MESH.square(face((200, 200), 300), room)[0] == pytest.approx(450, rel=1e-3)
    side, corner = EDTALK.square(face((200, 200), 300), room)
    assert side == pytest.approx(420, rel=1e-3)
    np.testing.assert_allclose(corner, (-10, -10), atol=0.5)


@pytest.mark.parametrize(
    ("room", "expected"),
    [((512, 512), (0, 0)), ((900, 512), (244, 0)), ((512, 900), (0, 0)), ((1500, 512), (244, 0))],
)
def test_uncropped_is_all_or_the_part_with_the_face(
    room: tuple[int, int], expected: tuple[int, int]
) -> None:
    side, corner = UNCROPPED.square(face((500, 200), 100), floats(room))
    assert side == 512
    np.testing.assert_allclose(corner, expected, atol=0.1)


def encoded(picture: Picture) -> bytes:
    target = io.BytesIO()
    Image.fromarray(picture).save(target, "PNG")
    return target.getvalue()


@pytest.fixture(scope="module")
def made(bundle: Bundle, astronaut: bytes) -> dict[str, Portrait]:
    """A photograph by each rule, and as it is after the closest."""
    tracker = FaceTracker(bundle.asset("tracker"))
    by_rule = {name: make_portrait(astronaut, tracker, rule) for name, rule in CROPS.items()}
    content = encoded(by_rule["edtalk"].picture)
    again = make_portrait(content, tracker, UNCROPPED)
    tracker.close()
    return {**by_rule, "as it is": again}


def test_a_photograph_is_read_in_either_crop(made: dict[str, Portrait]) -> None:
    for name, rule in CROPS.items():
        height = np.ptp(made[name].face.points[:468, 1]) / PORTRAIT_SIZE
        assert height == pytest.approx(1 / rule.side, rel=0.05)


def test_what_is_cropped_already_stays_to_the_pixel(made: dict[str, Portrait]) -> None:
    np.testing.assert_array_equal(made["as it is"].picture, made["edtalk"].picture)


def test_a_portrait_is_cropped_closer_with_its_landmarks(
    portrait: Portrait, bundle: Bundle
) -> None:
    close = closer(portrait, EDTALK)
    tracker = FaceTracker(bundle.asset("tracker"))
    (found,) = tracker(close.picture)
    tracker.close()
    np.testing.assert_allclose(close.face.points[:468, :2], found.points[:468, :2], atol=9)
    assert close.face.points[:, 2].std() == pytest.approx(found.points[:, 2].std(), rel=0.15)
    assert decode_picture(encoded(close.picture)).shape == portrait.picture.shape
