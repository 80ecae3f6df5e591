"""The mesh by numbers: what moves, how far, and what stays."""

from __future__ import annotations

import numpy as np
import pytest

from engine import facemesh as points
from engine.bundle import Bundle
from engine.mesh import FaceModel, Mesh, Shape, in_relief, pivot_of, rotation
from engine.portrait import Portrait
from engine.tracker import Face
from engine.types import Floats, floats
from tests.support.motions import motion

EYES = [*points.EYE_LEFT, *points.EYE_RIGHT]
MOUTH = [*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER]


@pytest.fixture(scope="module")
def mesh(model: FaceModel, portrait: Portrait) -> Mesh:
    return Mesh(model, portrait.face, portrait.picture.shape[0])


def gap(shape: Shape) -> float:
    lower, upper = list(points.LIP_LOWER_INNER), list(points.LIP_UPPER_INNER)
    return float((shape.still[lower] - shape.still[upper])[:, 1].max())


def opening(shape: Shape, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
    return float((shape.still[list(lower)] - shape.still[list(upper)])[:, 1].mean())


def test_at_rest_the_lips_are_closed_and_nothing_else_moved(mesh: Mesh) -> None:
    rest = mesh.shape(motion())
    assert gap(rest) < 0.5, "pixels"
    np.testing.assert_allclose(rest.face[EYES], mesh.source[EYES], atol=1.5)
    np.testing.assert_allclose(rest.rings, mesh.source_rings, atol=1.5)


def test_a_smiling_portrait_rests_closed_and_without_smile(
    model: FaceModel, portrait: Portrait
) -> None:
    plain = Mesh(model, portrait.face, 512)
    laughing = motion(mouthSmile=0.8, jawOpen=0.3)
    coefficients = np.concatenate([laughing.mouth, laughing.expression])
    face = portrait.face.points.copy()
    face[:468] = plain.shape(laughing).still
    smiling = Mesh(model, Face(face, coefficients, portrait.face.turn), 512)
    rest = smiling.shape(motion())
    assert gap(rest) < 0.5
    corners = [points.LIP_UPPER_INNER[0], points.LIP_UPPER_INNER[-1]]
    moved = np.abs(plain.shape(laughing).still[corners] - plain.neutral[corners])[:, :2].max()
    left = np.abs(rest.still[corners] - plain.neutral[corners])[:, :2].max()
    assert left < 0.5 * moved


def test_a_faint_smile_is_the_mouths_shape(model: FaceModel, portrait: Portrait) -> None:
    """The tracker reads one on mouths that do nothing: a portrait rests as it is drawn."""

    def rests(smile: float) -> Floats:
        coefficients = np.concatenate([motion(mouthSmile=smile).mouth, motion().expression])
        return Mesh(
            model, Face(portrait.face.points, coefficients, portrait.face.turn), 512
        ).neutral

    calm, faint, plain = (rests(smile) for smile in (0.0, 0.1, 0.6))
    np.testing.assert_array_equal(faint, calm)
    assert np.abs(plain - calm)[MOUTH].max() > 2.0, "pixels"


@pytest.mark.parametrize("jaw", [0.2, 0.5, 1.0])
def test_the_mouth_opens_with_the_jaw(mesh: Mesh, jaw: float) -> None:
    assert gap(mesh.shape(motion(jawOpen=jaw))) == pytest.approx(
        jaw * gap(mesh.shape(motion(jawOpen=1.0))), rel=0.35
    )


def test_lips_may_touch_but_never_cross(mesh: Mesh) -> None:
    for values in ({"mouthClose": 1.0}, {"mouthPress": 1.0, "mouthRollLower": 1.0}):
        shape = mesh.shape(motion(**values))
        lower, upper = list(points.LIP_LOWER_INNER), list(points.LIP_UPPER_INNER)
        assert (shape.still[lower] - shape.still[upper])[1:-1, 1].min() > -1.0


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_wink_closes_one_eye(mesh: Mesh, side: str) -> None:
    rest, wink = mesh.shape(motion()), mesh.shape(motion(**{f"eyeBlink{side}": 1.0}))
    lids = {
        "Left": (points.LID_UPPER_LEFT, points.LID_LOWER_LEFT),
        "Right": (points.LID_UPPER_RIGHT, points.LID_LOWER_RIGHT),
    }
    closed = lids.pop(side)
    (other,) = lids.values()
    assert opening(wink, *closed) < 0.08 * opening(rest, *closed)
    assert opening(wink, *other) == pytest.approx(opening(rest, *other))


def test_left_is_the_subjects_left(mesh: Mesh) -> None:
    rest, smile = mesh.shape(motion()), mesh.shape(motion(mouthSmileLeft=1.0))
    moved = np.linalg.norm(smile.still - rest.still, axis=1)
    assert moved[291] > 4 * moved[61], "291 is the corner at image right"


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ({"yaw": 12.0}, [*EYES, *MOUTH]),
        ({"pitch": 8.0, "roll": 5.0}, [*EYES, *MOUTH]),
        ({"jawOpen": 0.6, "mouthPucker": 0.5}, EYES),
        ({"eyeBlink": 1.0, "browInnerUp": 1.0}, MOUTH),
    ],
)
def test_components_are_independent_in_the_heads_own_frame(
    mesh: Mesh, values: dict[str, float], places: list[int]
) -> None:
    rest, moved = mesh.shape(motion()), mesh.shape(motion(**values))
    speech = np.abs(mesh.shape(motion(jawOpen=0.6)).still - rest.still)[MOUTH].max()
    assert np.abs(moved.still - rest.still)[places].max() <= 0.05 * speech


def test_the_head_turns_to_image_right_down_and_counter_clockwise(mesh: Mesh) -> None:
    nose, brow = 1, 10
    rest = mesh.shape(motion()).face
    assert mesh.shape(motion(yaw=10.0)).face[nose, 0] > rest[nose, 0] + 2
    assert mesh.shape(motion(pitch=10.0)).face[nose, 1] > rest[nose, 1] + 2
    rolled = mesh.shape(motion(roll=10.0)).face
    assert rolled[brow, 0] < rest[brow, 0] - 2


def test_what_surrounds_the_head_follows_less_and_less(mesh: Mesh) -> None:
    turned = mesh.shape(motion(yaw=10.0, pitch=5.0)).rings - mesh.source_rings
    inner, middle, outer = (np.linalg.norm(ring, axis=1).max() for ring in np.split(turned, 3))
    assert inner > middle > outer and outer < 0.01


def test_a_rotation_is_a_rotation() -> None:
    turned = rotation(20.0, -10.0, 5.0)
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(turned) == pytest.approx(1.0, abs=1e-6)


def test_the_pivot_is_fixed_to_the_head(mesh: Mesh) -> None:
    pivot = pivot_of(mesh.source)
    turned = mesh.shape(motion(yaw=20.0, pitch=-10.0, roll=15.0))
    np.testing.assert_allclose(pivot_of(turned.face), turned.turn(pivot_of(turned.still)), atol=0.1)
    np.testing.assert_allclose(pivot_of(mesh.shape(motion(jawOpen=1.0)).still), pivot, atol=1.0)


def test_the_pivot_lies_below_and_behind_the_ears(bundle: Bundle) -> None:
    canonical = bundle.arrays("mesh")["canonical"] * [1, -1, -1]
    eyes = np.linalg.norm(canonical[263] - canonical[33])
    ears = canonical[[234, 454]].mean(axis=0)
    np.testing.assert_allclose((pivot_of(canonical) - ears) / eyes, (0, 0.5, 0.15), atol=0.02)


def test_a_mouth_keeps_up_with_a_turning_head(mesh: Mesh, portrait: Portrait) -> None:
    """Less of its depth is believed the farther down it lies: read too deep, it lags."""
    plain = in_relief(portrait.face.points[:468], pivot_of(portrait.face.points))
    nearer = (plain - mesh.source)[:, 2] / mesh.eye_distance
    assert abs(nearer[EYES].mean()) < 0.02 < 0.04 < nearer[MOUTH].mean() < nearer[152]


def test_what_is_seen_at_a_steep_angle_is_not_stretched(
    model: FaceModel, portrait: Portrait
) -> None:
    """A turned portrait turned back: its far cheek showed as streaks."""
    points_turned = Mesh(model, portrait.face, 512).shape(motion(yaw=-22.0)).face
    face = portrait.face.points.copy()
    face[:468] = points_turned
    turned = Mesh(model, Face(face, portrait.face.coefficients, floats([-22.0, 0.0, 0.0])), 512)
    back = turned.shape(motion(yaw=20.0)).face
    edges = model.triangles[:, :2]
    before, after = (np.diff(p[edges, :2], axis=1)[:, 0] for p in (turned.source, back))
    before, after = (np.linalg.norm(edge, axis=1) for edge in (before, after))
    visible = before > 1.0
    assert (after[visible] / before[visible]).max() < 2.2
