"""What steadies new lips, and how graphs lay theirs into a picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine import facemesh as points
from engine.bundle import Bundle
from engine.crop import MESH
from engine.graph_lips import GraphLips
from engine.mesh import FaceModel, Mesh
from engine.placement import Placement
from engine.portrait import Portrait
from engine.steady_rest import Alignment, SteadyRest
from engine.tracker import Face
from engine.turn import rotation
from engine.types import Component, Floats, Motion, Picture, floats
from tests.support.motions import motion

SIZE = 512


def trembling(portrait: Portrait, seed: int, pixels: float = 1.0) -> Face:
    """The portrait's face as a tracker might read it in another picture."""
    rng = np.random.default_rng(seed)
    noise = floats(rng.normal(0.0, pixels, portrait.face.points.shape))
    return Face(portrait.face.points + noise, portrait.face.coefficients, portrait.face.turn)


def lips(face: Floats) -> Floats:
    return face[[*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER], :2]


def test_a_rest_trembles_less_than_what_is_read(model: FaceModel, portrait: Portrait) -> None:
    rest = SteadyRest(model)
    read, steady = [], []
    for seed in range(40):
        mesh = Mesh(model, trembling(portrait, seed), SIZE)
        read.append(lips(mesh.neutral))
        found = rest(mesh)
        steady.append(lips(found))
        np.testing.assert_array_equal(found[points.FOREHEAD], mesh.neutral[points.FOREHEAD])
    assert np.std(steady[20:], axis=0).mean() < 0.4 * np.std(read[20:], axis=0).mean()


def test_a_rest_goes_with_the_head(model: FaceModel, portrait: Portrait) -> None:
    rest, mesh = SteadyRest(model), Mesh(model, portrait.face, SIZE)
    before = rest(mesh)
    turn = rotation(12.0, 5.0, 8.0)

    def there(face: Floats) -> Floats:
        return floats(face @ turn.T * 0.9 + floats([40, -20, 0]))

    other = Mesh(model, portrait.face, SIZE)
    other.settle(there(mesh.neutral))
    apart = np.linalg.norm(rest(other) - there(before), axis=1)
    assert apart.max() < 0.02 * mesh.eye_distance


def test_another_face_begins_anew(
    bundle: Bundle, model: FaceModel, portrait: Portrait, astronaut_face: Face
) -> None:
    rest = SteadyRest(model)
    for seed in range(5):
        rest(Mesh(model, trembling(portrait, seed), SIZE))
    other = Mesh(model, astronaut_face, SIZE)
    np.testing.assert_allclose(rest(other), other.neutral, atol=1e-2)


@pytest.fixture
def astronaut_face(portrait: Portrait) -> Face:
    """Of somebody else: longer, and narrower above."""
    face = portrait.face.points.copy()
    middle = face.mean(axis=0)
    face[:, 0] = middle[0] + (face[:, 0] - middle[0]) * (0.8 + 0.001 * (face[:, 1] - middle[1]))
    face[:, 1] = middle[1] + 1.3 * (face[:, 1] - middle[1])
    return Face(face, portrait.face.coefficients, portrait.face.turn)


def test_an_alignment_finds_what_was_done() -> None:
    rng = np.random.default_rng(1)
    one = floats(rng.normal(size=(20, 3)))
    other = floats(1.7 * one @ rotation(20.0, -10.0, 30.0).T + floats([3, 4, 5]))
    found = Alignment.of(one, other)
    np.testing.assert_allclose(found.there(one), other, atol=1e-4)
    np.testing.assert_allclose(found.back(other), one, atol=1e-4)


class Drawing:
    """A renderer whose pictures are made of the portrait by a function."""

    size = width = height = 256

    def __init__(self, made: Callable[[Picture, Motion], Picture]) -> None:
        self._made = made
        self.own: dict[Component, Floats] = {}

    def identity(self, portrait: Portrait, size: int) -> Drawing:
        self._portrait = portrait.picture
        return self

    def draw(self, does: Motion) -> Picture:
        return self._made(self._portrait, does)

    def moved(self, does: Motion) -> tuple[Picture, None]:
        return self.draw(does), None


def laid(portrait: Portrait, made: Callable[[Picture, Motion], Picture]) -> Picture:
    return GraphLips(Drawing(made), MESH)(
        portrait.picture, portrait.face, motion(yaw=9.0, jawOpen=0.5)
    )


def test_graphs_are_asked_for_the_mouth_alone(portrait: Portrait) -> None:
    asked: list[Motion] = []

    def made(picture: Picture, does: Motion) -> Picture:
        asked.append(does)
        return picture

    laid(portrait, made)
    assert asked[0].mouth.any() and not asked[0].pose.any() and not asked[0].expression.any()


def test_what_graphs_draw_is_laid_into_the_lower_face_alone(portrait: Portrait) -> None:
    stripes = np.arange(256) // 4 % 2 * 90

    def made(picture: Picture, does: Motion) -> Picture:
        return np.asarray(np.clip(picture + stripes[:, None] - 45, 0, 255), np.uint8)

    changed = (laid(portrait, made) != portrait.picture).any(axis=2)
    face = portrait.face.points
    mouth = face[[points.LIP_UPPER_INNER[5], points.LIP_LOWER_INNER[5]], :2].mean(axis=0)
    assert changed[int(mouth[1]) - 6 : int(mouth[1]) + 6, int(mouth[0])].any()
    assert not changed[: int(face[points.EYE_OUTER_LEFT, 1])].any(), "eyes stay to the bit"
    assert not changed[:, :8].any() and not changed[:, -8:].any()
    assert 0.02 < changed.mean() < 0.25


@pytest.mark.parametrize("shift", [-30, 25])
def test_what_graphs_draw_takes_the_pictures_colours(portrait: Portrait, shift: int) -> None:
    def made(picture: Picture, does: Motion) -> Picture:
        return np.asarray(np.clip(picture.astype(int) + shift, 0, 255), np.uint8)

    apart = np.abs(laid(portrait, made).astype(int) - portrait.picture)
    assert apart.mean() < 0.5 and np.percentile(apart, 99) < 8


@pytest.mark.parametrize("tilt", [0.0, 2.0, -14.0])
def test_the_square_around_a_tilted_face_is_level_and_returns(
    portrait: Portrait, tilt: float
) -> None:
    face = portrait.face.points
    turn = rotation(0.0, 0.0, -tilt)
    tilted = floats((face - face.mean(axis=0)) @ turn.T + floats([500, 400, 0]))
    place = Placement.levelled(tilted, (900, 1000), 256, MESH)
    inside = place.inside(tilted)
    eyes = inside[points.EYE_OUTER_LEFT] - inside[points.EYE_OUTER_RIGHT]
    assert abs(eyes[1]) < 1e-2 and eyes[0] > 0
    assert (inside[:468, :2] > 0).all() and (inside[:468, :2] < 256).all()
    np.testing.assert_allclose(place.outside(inside), tilted, atol=1e-2)


def test_squares_of_small_faces_are_finer_and_lie_on_pixels(portrait: Portrait) -> None:
    small = portrait.face.points * np.float32(0.25)
    place = Placement.upright(small, (128, 128))
    assert place.size == 2 * 128 and place.side == 128
    picture = np.random.default_rng(0).integers(0, 255, (128, 128, 3)).astype(np.uint8)
    flat = np.full_like(picture, 90)
    np.testing.assert_array_equal(place.put(place.take(flat)), flat)
    inside = place.inside(small)
    np.testing.assert_allclose(inside, portrait.face.points * 0.5, atol=1e-3)
