"""A square is taken out of a picture and comes back to where it was."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.placement import FINER, LEAST, Placement
from engine.rim import EDGE, FEATHER, Rim
from engine.tracker import Face
from engine.types import Floats, Picture, floats

MOST = 1080


def face(x: float, y: float, height: float, tilt: float = 0.0) -> Floats:
    """Landmarks [478, 3] of a face like the canonical one, but only as far as is looked at."""
    rng = np.random.default_rng(1)
    points = rng.uniform(-0.3, 0.3, (478, 3)).astype(np.float32)
    points[10], points[152] = (0, -0.5, 0), (0, 0.5, 0)
    points[[33, 263]] = [(-0.3, -0.15, 0), (0.3, -0.15, 0)]
    points[:468, :2] -= points[:468, :2].mean(axis=0)
    turn = np.radians(tilt)
    rotation = floats([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points[:, :2] = points[:, :2] @ rotation
    return floats(points * height + floats([x, y, 0]))


def dots(room: tuple[int, int]) -> Picture:
    """Soft white dots on black, 40 pixels apart."""
    picture = np.zeros((*room, 3), np.uint8)
    for y in range(20, room[0], 40):
        for x in range(20, room[1], 40):
            cv2.circle(picture, (x, y), 4, (255, 255, 255), -1, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("height", [40, 100, 300])
def test_a_level_face_comes_back_as_it_was(height: int) -> None:
    """The square's pixels are the picture's, or a whole number of them is one of those."""
    picture = np.random.default_rng(2).integers(0, 255, (900, 1200, 3)).astype(np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(picture, (0, 0), 4), np.uint8)
    place = Placement.around(face(600, 420, height), (900, 1200), MOST)
    back = place.put(place.take(smooth))
    there = smooth[place.box]
    assert back.shape == there.shape
    assert np.abs(back.astype(int) - there).max() <= (1 if height < 200 else 0)
    assert place.size >= LEAST and not place.turned


@pytest.mark.parametrize("tilt", [-25.0, -5.0, 4.0, 18.0, 40.0])
@pytest.mark.parametrize("height", [60, 160, 420])
def test_a_levelled_square_returns_to_its_place_within_a_pixel(tilt: float, height: int) -> None:
    picture = dots((900, 1200))
    place = Placement.around(face(610, 450, height, tilt), (900, 1200), MOST)
    assert place.turned
    back, there = place.put(place.take(picture)), picture[place.box]
    shown = place.put(np.asarray(255 * Rim.of(place).feather(place.size), np.uint8)) == 255
    rows, columns = place.box
    checked = 0
    for y in range(20, 900, 40):
        for x in range(20, 1200, 40):
            box = (
                slice(y - rows.start - 8, y - rows.start + 9),
                slice(x - columns.start - 8, x - columns.start + 9),
            )
            if box[0].start < 0 or box[1].start < 0 or shown[box].shape != (17, 17):
                continue
            if shown[box].all():
                checked += 1
                np.testing.assert_allclose(centre(back[box]), centre(there[box]), atol=0.25)
    assert checked >= (4 if height > 60 else 1)


def centre(patch: Picture) -> Floats:
    """Of the light in a patch: x, y."""
    light = patch[..., 0].astype(np.float32)
    rows, columns = np.indices(light.shape)
    return floats([(light * columns).sum(), (light * rows).sum()] / light.sum())


def test_no_more_is_drawn_than_is_allowed() -> None:
    level = Placement.around(face(540, 800, 700), (1700, 1080), MOST)
    assert level.size == MOST and level.side == pytest.approx(1080, abs=1)
    tilted = Placement.around(face(540, 800, 700, 10), (1700, 1080), MOST)
    assert tilted.size == round(MOST / FINER)
    assert Placement.around(face(540, 800, 700), (1700, 1080), 540).size == 540


def test_a_rim_lies_where_the_picture_goes_on() -> None:
    tall = Placement.around(face(540, 800, 600), (1920, 1080), MOST)
    assert Rim.of(tall) == Rim(left=False, top=True, right=False, bottom=True)
    wide = Placement.around(face(960, 500, 600), (1080, 1920), MOST)
    assert Rim.of(wide) == Rim(left=True, top=False, right=True, bottom=False)
    assert Rim.of(Placement.whole(512)) == Rim() and not Rim().any
    assert all((Rim().feather(64) == 1).ravel())


def test_what_may_move_never_folds_and_the_rim_stays() -> None:
    rim = Rim(left=True, top=True, right=True, bottom=True)
    most = rim.most(128)[..., 0]
    assert np.abs(np.diff(most, axis=0)).max() * 128 <= 0.5 + 1e-3
    assert most[rim.distance(128) < FEATHER].max() == 0
    feather = rim.feather(512)
    assert feather[0].max() < 0.01 and feather[256, 256] == 1


def test_the_strain_is_what_is_asked_in_what_is_allowed() -> None:
    rim = Rim(bottom=True)
    before = floats([[0.5, 0.5], [0.5, 0.8]])
    most = EDGE * (0.2 - FEATHER)
    down = before + floats([[0.0, 0.0], [most, 0.0]])
    assert rim.strain(before, down) == pytest.approx(1.0, abs=0.01)
    assert rim.strain(before, before) == 0
    assert rim.strain(before, before + floats([0.0, 0.19])) > 30, "at the rim nothing may move"
    assert Rim(top=True).strain(before, down) < 0.5
    assert Rim().strain(before, before + 5) == 0


def test_the_faces_depth_does_not_matter() -> None:
    flat = face(600, 420, 100)
    flat[:, 2] = 0
    deep = Face(flat.copy(), np.zeros(52, np.float32), np.zeros(3, np.float32)).points
    deep[:, 2] = 40
    room = (900, 1200)
    one, other = (Placement.around(points, room, MOST) for points in (flat, deep))
    np.testing.assert_array_equal(one.matrix, other.matrix)
