from __future__ import annotations

import numpy as np
import pytest

from engine.flow import GRID, Flow, Warp, mesh_triangles
from engine.mesh import FaceModel, Mesh
from engine.portrait import Portrait
from engine.resample import lookup
from engine.types import floats
from tests.support.motions import motion


@pytest.fixture(scope="module")
def mesh(model: FaceModel, portrait: Portrait) -> Mesh:
    return Mesh(model, portrait.face, 512)


@pytest.fixture(scope="module")
def flow(model: FaceModel, mesh: Mesh) -> Flow:
    return Flow(model, mesh, 512)


def test_the_triangles_cover_every_point_once_numbered(model: FaceModel) -> None:
    used = np.unique(mesh_triangles(model))
    assert used.min() == 0 and used.max() == 468 + 3 * 36 + 2 - 1


def test_a_face_at_rest_is_hardly_displaced(flow: Flow, mesh: Mesh) -> None:
    moved = flow(mesh.shape(motion()))
    assert moved.shape == (GRID, GRID, 2) and moved.dtype == np.float32
    assert np.median(np.abs(moved)) < 0.1


def test_a_displaced_point_comes_from_where_its_landmark_was(flow: Flow, mesh: Mesh) -> None:
    shape = mesh.shape(motion(yaw=8.0, jawOpen=0.4, browInnerUp=0.5))
    moved = flow(shape)
    errors = []
    for point in (1, 4, 152, 50, 280, 9, 205, 425, 199):  # nose, chin, cheeks, forehead
        x, y = shape.face[point, :2]
        cell = moved[int(y * GRID / 512), int(x * GRID / 512)]
        errors.append(np.linalg.norm(cell - (mesh.source[point, :2] - (x, y))))
    assert np.median(errors) < 1.0 and max(errors) < 4.0, "pixels of 512; a cell is 4"


def test_the_picture_far_from_the_head_does_not_move(flow: Flow, mesh: Mesh) -> None:
    moved = flow(mesh.shape(motion(yaw=12.0, pitch=8.0)))
    for corner in (moved[:3, :3], moved[:3, -3:]):
        assert np.abs(corner).max() < 1.0


def test_a_warp_moves_pixels_by_the_flow() -> None:
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[100:120, 60:80] = 255
    shifted = lookup(picture, Warp(256).places(np.tile(floats([10.0, -5.0]), (32, 32, 1))))
    assert shifted[105:125, 50:70].min() == 255
    assert int((shifted > 0).sum()) == 20 * 20 * 3


@pytest.mark.parametrize("seed", range(5))
def test_thin_triangles_do_not_run_wild(flow: Flow, mesh: Mesh, seed: int) -> None:
    """Single cells far off their neighbours showed as rings on cheeks and lips."""
    random = np.random.default_rng(seed)
    shape = mesh.shape(
        motion(
            jawOpen=random.uniform(0, 0.8),
            mouthPucker=random.uniform(0, 1),
            eyeBlink=random.uniform(0, 1),
            yaw=random.uniform(-12, 12),
            pitch=random.uniform(-8, 8),
        )
    )
    moved = flow(shape)
    farthest = max(
        np.abs(shape.face[:, :2] - mesh.source[:, :2]).max(),
        np.abs(shape.rings - mesh.source_rings).max(),
    )
    assert np.abs(moved).max() <= farthest + 1e-3


def test_nothing_comes_from_outside_the_picture(flow: Flow, mesh: Mesh) -> None:
    """Smeared edge pixels showed above heads that a picture cuts off."""
    moved = flow(mesh.shape(motion(pitch=15.0, y=0.1, x=-0.05, roll=8.0)))
    axis = (np.arange(GRID) + 0.5) * 512 / GRID
    places = np.stack(np.meshgrid(axis, axis), axis=2) + moved
    assert places.min() >= -1.0 and places.max() <= 513.0
