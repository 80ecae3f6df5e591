from __future__ import annotations

import numpy as np
import pytest

from engine import facemesh as points
from engine.eyes import Eyes
from engine.mesh import FaceModel, Mesh
from engine.portrait import Portrait
from engine.resample import fill
from engine.types import Floats, Motion, Picture, floats
from tests.support.motions import motion


@pytest.fixture(scope="module")
def mesh(model: FaceModel, portrait: Portrait) -> Mesh:
    return Mesh(model, portrait.face, 512)


@pytest.fixture(scope="module")
def painted(portrait: Portrait) -> Picture:
    """White eyes with a green iris, on grey."""
    picture = np.full((512, 512, 3), 235, np.uint8)
    y, x = np.mgrid[:512, :512]
    for centre in portrait.face.points[[468, 473], :2]:
        picture[(x - centre[0]) ** 2 + (y - centre[1]) ** 2 < 36] = (20, 200, 20)
    return picture


def irises(picture: Picture) -> Floats:
    """Middles of the green spots, left in the picture first, [2, 2]."""
    y, x = np.nonzero((picture[..., 1].astype(int) - picture[..., 0]) > 80)
    left = x < 256
    return floats([[x[side].mean(), y[side].mean()] for side in (left, ~left)])


def look(mesh: Mesh, portrait: Portrait, painted: Picture, way: Motion) -> Picture:
    canvas = np.full((512, 512, 3), 128, np.uint8)
    Eyes(mesh, portrait.face, painted).paint(canvas, mesh.shape(way), way)
    return canvas


@pytest.mark.parametrize(
    ("way", "direction"),
    [
        (motion(eyeLookOutLeft=0.8, eyeLookInRight=0.8), (1, 0)),
        (motion(eyeLookInLeft=0.8, eyeLookOutRight=0.8), (-1, 0)),
        (motion(eyeLookDown=0.5), (0, 1)),
    ],
    ids=["subject's left", "subject's right", "down"],
)
def test_both_irises_move_where_the_gaze_goes(
    mesh: Mesh, portrait: Portrait, painted: Picture, way: Motion, direction: tuple[int, int]
) -> None:
    ahead = irises(look(mesh, portrait, painted, motion()))
    moved = irises(look(mesh, portrait, painted, way)) - ahead
    along = moved @ floats(direction)
    assert (along > 0.8).all(), "pixels"
    assert np.abs(moved @ floats(direction[::-1])).max() < along.min()


def test_closed_lids_paint_no_eye(mesh: Mesh, portrait: Portrait, painted: Picture) -> None:
    closed = look(mesh, portrait, painted, motion(eyeBlink=1.0))
    assert np.abs(closed.astype(int) - 128).max() < 12


def test_eyes_turn_with_the_head(mesh: Mesh, portrait: Portrait, painted: Picture) -> None:
    ahead = irises(look(mesh, portrait, painted, motion()))
    turned = irises(look(mesh, portrait, painted, motion(yaw=8.0)))
    assert (turned[:, 0] > ahead[:, 0] + 2).all()


def test_what_the_lids_hide_of_an_iris_is_made_up(
    mesh: Mesh, portrait: Portrait, painted: Picture
) -> None:
    """An iris that comes out from under the upper lid is whole: no skin is dragged along."""
    outline = mesh.source[list(points.EYE_LEFT), :2]
    covered = painted.copy()
    y, x = np.mgrid[:512, :512]
    above = y < portrait.face.points[473, 1] - 2
    near = np.hypot(x - outline[:, 0].mean(), y - outline[:, 1].mean()) < 40
    opening = np.zeros((512, 512), np.uint8)
    fill(opening, outline, smooth=False)
    covered[above & near & (opening == 0)] = (200, 20, 20)
    shown = look(mesh, portrait, covered, motion(eyeLookDown=1.0)).astype(int)
    x0, y0 = (outline.min(axis=0) - 4).astype(int)
    x1, y1 = (outline.max(axis=0) + 4).astype(int)
    red = shown[y0:y1, x0:x1, 0] - shown[y0:y1, x0:x1, 1]
    assert (red > 100).mean() < 0.01
