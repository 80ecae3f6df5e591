"""Lids that close, on a face of plain skin with white eyes."""

from __future__ import annotations

import numpy as np
import pytest

from engine import facemesh as points
from engine.lid_frame import LidFrame
from engine.lids import Lids
from engine.mesh import FaceModel, Mesh
from engine.portrait import Portrait
from engine.resample import fill
from engine.types import Floats, Picture, floats
from tests.support.motions import motion

SKIN = (190, 150, 130)


@pytest.fixture(scope="module")
def mesh(model: FaceModel, portrait: Portrait) -> Mesh:
    return Mesh(model, portrait.face, 512)


@pytest.fixture(scope="module")
def painted(mesh: Mesh) -> Picture:
    """White eyes with dark rims, on plain skin."""
    picture = np.full((512, 512, 3), SKIN, np.uint8)
    for rim in (points.EYE_RIGHT, points.EYE_LEFT):
        opening = np.zeros((512, 512), np.uint8)
        fill(opening, mesh.source[list(rim), :2], smooth=False)
        picture[opening > 0] = 240
        x, y = mesh.source[list(rim), :2].astype(int).T
        picture[y, x] = 30
    return picture


@pytest.fixture(scope="module")
def lids(mesh: Mesh, painted: Picture) -> Lids:
    return Lids(mesh, painted)


def blinked(lids: Lids, mesh: Mesh, painted: Picture, blink: float) -> Picture:
    picture = painted.copy()
    lids.paint(picture, mesh.shape(motion(eyeBlink=blink)))
    return picture


def middle(mesh: Mesh, upper: int, lower: int, share: float) -> tuple[int, int]:
    """Row and column of a place between two points of a closed face."""
    face = mesh.shape(motion(eyeBlink=1.0)).face[:, :2]
    x, y = (face[upper] + share * (face[lower] - face[upper])).astype(int)
    return int(y), int(x)


def test_open_eyes_are_left_alone(lids: Lids, mesh: Mesh, painted: Picture) -> None:
    np.testing.assert_array_equal(blinked(lids, mesh, painted, 0.0), painted)


@pytest.mark.parametrize(("crease", "rim"), [(27, 159), (257, 386)], ids=["right", "left"])
def test_a_closed_lid_is_skin_above_a_dark_rim(
    lids: Lids, mesh: Mesh, painted: Picture, crease: int, rim: int
) -> None:
    closed = blinked(lids, mesh, painted, 1.0)
    lid = closed[middle(mesh, crease, rim, 0.5)].astype(int)
    assert np.abs(lid - SKIN).max() < 30
    assert closed[middle(mesh, crease, rim, 1.0)].mean() < 0.6 * np.mean(SKIN)


def test_lids_close_without_a_jump(lids: Lids, mesh: Mesh, painted: Picture) -> None:
    """Skin and line come little by little: what a step changes is a small part of a blink."""
    steps = [blinked(lids, mesh, painted, n / 20).astype(int) for n in range(21)]
    changed = [np.abs(one - other).mean() for one, other in zip(steps, steps[1:], strict=False)]
    assert max(changed) < 0.4 * np.abs(steps[-1] - steps[0]).mean()


def test_a_frame_knows_rim_and_crease() -> None:
    rim = floats([[4, 10], [12, 14], [20, 10]])
    crease = floats([[8, 4], [16, 4]])
    for outer_first in (slice(None), slice(None, None, -1)):
        frame = LidFrame.of(rim[outer_first], crease[outer_first], (24, 24))
        assert frame.above[13, 11] == pytest.approx(0.5, abs=0.3)
        assert frame.above[17, 11] < 0 < frame.above[8, 11]
        assert frame.up[4, 11] == pytest.approx(1.0, abs=0.15)
        ends: Floats = frame.along[10, [3, 20]][outer_first]
        assert ends == pytest.approx([0.0, 1.0], abs=0.05)
