"""Takes: written and read, flows between their pictures, poses between their heads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.arrays import read_arrays
from engine.bundle import BUILTIN
from engine.mesh import RELIEF, FaceModel, Mesh, in_relief, pivot_of, rotation
from engine.tracker import Face
from engine.types import Floats, Motion, floats
from train.takes import (
    EYES,
    FLOW,
    GRID,
    RIGID,
    SKIN,
    Take,
    angles_of,
    flow,
    held_out,
    relative,
)

WIDTH = 256
TRIANGLES = np.array([[0, 1, 2], [2, 1, 3], [4, 5, 6], [6, 5, 7]], np.int32)
"""A far square and a near one."""


def square(x: float, y: float, side: float, depth: float) -> Floats:
    return floats([(x + dx * side, y + dy * side, depth) for dy in (0, 1) for dx in (0, 1)])


def painted(vertices: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """The squares' triangles on the grid, the last one nearest."""
    axis = (np.arange(GRID) + 0.5) * WIDTH / GRID
    x, y = np.meshgrid(axis, axis)
    shown = np.full((GRID, GRID), -1, np.int32)
    for first in (0, 4):
        (left, top), (right, bottom) = vertices[first, :2], vertices[first + 3, :2]
        inside = (x >= left) & (x < right) & (y >= top) & (y < bottom)
        lower = (x - left) / (right - left) + (y - top) / (bottom - top) > 1
        shown[inside] = (first // 2 + lower)[inside]
    return shown


def squares(*places: tuple[Floats, Floats]) -> Take:
    """A take of two squares, one picture for each pair of places."""
    count = len(places)
    vertices = floats([np.concatenate(pair) for pair in places])
    return Take(
        "squares",
        np.zeros((count, WIDTH, WIDTH, 3), np.uint8),
        np.zeros((count, 52), np.float32),
        np.zeros((count, 3), np.float32),
        np.zeros((count, 468, 3), np.float32),
        TRIANGLES,
        vertices,
        np.stack([painted(corners) for corners in vertices]),
        np.full((count, GRID, GRID), SKIN, np.uint8),
    )


FAR, NEAR = square(40, 40, 160, 50), square(100, 100, 40, 0)


def cell(x: float, y: float) -> tuple[int, int]:
    """Row and column of a flow at a place in pixels."""
    return int(y * FLOW / WIDTH), int(x * FLOW / WIDTH)


def test_a_take_comes_back_as_it_was_written(tmp_path: Path) -> None:
    take = squares((FAR, NEAR), (FAR, NEAR))
    take.save(tmp_path / "a.npz")
    again = Take.load(tmp_path / "a.npz")
    assert again.name == "squares" and again.width == WIDTH
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    for field in ("pictures", "vertices", "shown", "triangles", "region", "turn", "points"):
        stored, was = getattr(again, field), getattr(take, field)
        assert stored.dtype == was.dtype and np.array_equal(stored, was)


def test_one_person_in_ten_is_held_out_for_ever() -> None:
    names = [f"person {number}" for number in range(2000)]
    share = np.mean([held_out(name) for name in names])
    assert 0.07 < share < 0.13
    assert held_out("person 4") == held_out("person 4")


def test_a_flow_says_from_where_each_place_comes() -> None:
    moved = square(48, 46, 176, 50)  # shifted and enlarged by a tenth
    take = squares((FAR, NEAR), (moved, NEAR + floats([20, -10, 0])))
    displacement, valid = flow(take, 1, 0)
    x, y = 60.0, 180.0
    row, column = cell(x, y)
    middle = (np.array([column, row]) + 0.5) * WIDTH / FLOW
    expected = 40 + (middle - [48, 46]) / 1.1 - middle
    assert displacement[row, column] * WIDTH == pytest.approx(expected, abs=1e-3)
    assert valid[row, column]
    assert displacement[cell(140, 110)] * WIDTH == pytest.approx([-20, 10], abs=1e-3)
    outside = cell(10, 10)
    assert not valid[outside] and not displacement[outside].any()


def test_what_the_source_hides_is_not_valid() -> None:
    take = squares((FAR, NEAR), (FAR, NEAR + floats([50, 0, 0])))
    displacement, valid = flow(take, 1, 0)
    uncovered = cell(120, 120)
    assert not valid[uncovered] and displacement[uncovered] == pytest.approx([0, 0])
    assert valid[cell(60, 120)] and valid[cell(160, 120)]
    assert flow(take, 0, 0)[1][cell(120, 120)]


def test_a_place_must_be_of_the_same_region_in_the_source() -> None:
    close = NEAR + floats([0, 0, 49.5])  # too little in front for the depth to tell
    take = squares((FAR, close), (FAR, close + floats([50, 0, 0])))
    uncovered = cell(120, 120)
    assert flow(take, 1, 0)[1][uncovered]
    for picture in range(2):
        take.region[picture][take.shown[picture] >= 2] = EYES
    assert not flow(take, 1, 0)[1][uncovered]


def test_a_place_that_leaves_the_picture_is_not_valid() -> None:
    take = squares((FAR, NEAR), (FAR - floats([120, 0, 0]), NEAR))
    displacement, valid = flow(take, 0, 1)
    assert displacement[cell(60, 180)] * WIDTH == pytest.approx([-120, 0], abs=1e-3)
    assert not valid[cell(60, 180)] and valid[cell(190, 180)]


def test_angles_make_their_rotation() -> None:
    for angles in ([0, 0, 0], [20, -11, 7], [-31, 14, -25]):
        assert angles_of(rotation(*angles)) == pytest.approx(angles, abs=1e-3)


POSE = floats([14, -9, 6, 0.03, -0.02, 0.07])


@pytest.fixture(scope="module")
def presenter() -> tuple[FaceModel, Face]:
    model = FaceModel.of(read_arrays((BUILTIN / "mesh.npz").read_bytes()))
    stored = read_arrays((BUILTIN / "presenters/ada.npz").read_bytes())
    points = floats(stored["points"]) * np.float32(WIDTH / 512)
    return model, Face(points, floats(stored["coefficients"]), floats(stored["turn"]))


def heads(model: FaceModel, face: Face, *motions: Motion) -> Take:
    """A take of one head: its portrait, then the same head in `motions`; without a surface."""
    mesh = Mesh(model, face, WIDTH)
    start = rotation(*face.turn.tolist())
    turns = [angles_of(rotation(*motion.pose[:3].tolist()) @ start) for motion in motions]
    seen = [mesh.shape(motion).face for motion in motions]
    count = 1 + len(motions)
    return Take(
        "ada",
        np.zeros((count, WIDTH, WIDTH, 3), np.uint8),
        np.zeros((count, 52), np.float32),
        floats([face.turn, *turns]),
        floats([face.points[:468], *(in_relief(one, pivot_of(one), 1 / RELIEF) for one in seen)]),
        np.zeros((1, 3), np.int32),
        np.zeros((count, 3, 3), np.float32),
        np.full((count, GRID, GRID), -1, np.int32),
        np.zeros((count, GRID, GRID), np.uint8),
    )


def posed(pose: Floats, jaw: float = 0.0) -> Motion:
    mouth = np.zeros(28, np.float32)
    mouth[2] = jaw
    return Motion(mouth, pose, np.zeros(24, np.float32))


def test_the_pose_between_two_turned_heads_lands_its_points(
    presenter: tuple[FaceModel, Face],
) -> None:
    model, face = presenter
    other = floats([-8, 6, -11, -0.04, 0.01, -0.05])
    take = heads(model, face, posed(other), posed(POSE))
    pose = relative(take, 2, 1)
    mesh = Mesh(model, Face(take.points[1], np.zeros(52, np.float32), take.turn[1]), WIDTH)
    landed = mesh.shape(posed(pose)).turn(mesh.source)[list(RIGID), :2]
    assert landed == pytest.approx(take.points[2][list(RIGID), :2], abs=1.0)
    expected = rotation(*POSE[:3].tolist()) @ rotation(*other[:3].tolist()).T
    assert rotation(*pose[:3].tolist()) == pytest.approx(expected, abs=1e-5)
    assert pose[5] == pytest.approx(0.12, abs=0.005)


def test_the_pose_of_a_plain_motion_comes_back(presenter: tuple[FaceModel, Face]) -> None:
    model, face = presenter
    take = heads(model, face, posed(POSE), posed(POSE, jaw=0.8))
    for target in (1, 2):
        pose = relative(take, target, 0)
        assert pose[:3] == pytest.approx(POSE[:3], abs=1e-3)
        assert pose[3:] == pytest.approx(POSE[3:], abs=0.005)
        landed = Mesh(model, face, WIDTH).shape(posed(pose)).face
        rest = list(RIGID)
        assert landed[rest, :2] == pytest.approx(take.points[target][rest, :2], abs=1.0)
    assert relative(take, 0, 0) == pytest.approx(np.zeros(6), abs=1e-5)
