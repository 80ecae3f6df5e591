"""Moved triangles become a displacement of the picture, and the displacement a picture.

Every triangle of the mesh is an affine map from where it is to where it came from.
OpenCV draws the triangles' numbers into a small grid (a millisecond for all), the
maps are looked up per cell, and the grid is enlarged. The maps are continuous across
triangles, so that a coarse grid is enough.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import facemesh as points
from engine.mesh import POINTS, RINGS, FaceModel, Mesh, Shape
from engine.resample import resized_floats
from engine.types import Floats, floats

GRID: Final = 128
"""Cells a side: 4 pixels of a 512-pixel portrait, a fifth of an open eye's height."""
SMOOTHING: Final = 1.6
"""Cells (standard deviation) over which the displacement around the face is smoothed."""
_SUBPIXEL: Final = 4
"""Binary digits of fraction in OpenCV's drawing coordinates."""


def mesh_triangles(model: FaceModel) -> NDArray[np.int64]:
    """All triangles in painting order, [n, 3]: rings, fillings of eyes and mouth, face.

    Points are numbered: the 468 of the face, the rings' 36 each, the two eyes' middles.
    """
    count = len(points.OVAL)
    loops = [list(points.OVAL)]
    loops += [list(range(POINTS + n * count, POINTS + (n + 1) * count)) for n in range(len(RINGS))]
    corners: list[tuple[int, int, int]] = []
    for inner, outer in reversed(list(zip(loops, loops[1:], strict=False))):
        for n in range(count):
            m = (n + 1) % count
            corners += [(inner[n], inner[m], outer[n]), (inner[m], outer[m], outer[n])]
    for eye, rim in enumerate((points.EYE_RIGHT, points.EYE_LEFT)):
        middle = POINTS + len(RINGS) * count + eye
        corners += [(middle, a, b) for a, b in zip(rim, (*rim[1:], rim[0]), strict=True)]
    upper, lower = points.LIP_UPPER_INNER, points.LIP_LOWER_INNER
    for n in range(len(upper) - 1):
        corners += [(upper[n], upper[n + 1], lower[n]), (upper[n + 1], lower[n + 1], lower[n])]
    return np.concatenate([np.array(corners, np.int64), model.triangles])


def _with_middles(face: Floats, rings: Floats) -> Floats:
    """All points of `mesh_triangles`, [n, 2]."""
    middles = [face[list(rim), :2].mean(axis=0) for rim in (points.EYE_RIGHT, points.EYE_LEFT)]
    return np.concatenate([face[:, :2], rings, np.array(middles)]).astype(np.float32)


class Flow:
    """Displacements of one avatar's portrait.

    Args:
        model: for its triangles.
        mesh: the avatar's.
        size: width of its portrait in pixels.
    """

    def __init__(self, model: FaceModel, mesh: Mesh, size: int) -> None:
        self._triangles = mesh_triangles(model)
        self._beneath = len(self._triangles) - len(model.triangles)
        self._source = _with_middles(mesh.source, mesh.source_rings)
        self._to_grid = GRID / size
        on_outline = np.isin(self._triangles, points.OVAL) | (self._triangles >= POINTS)
        eyes = self._triangles >= POINTS + len(RINGS) * len(points.OVAL)
        inner = ~(on_outline & ~eyes).any(axis=1)
        self._inner = np.append(inner, False).astype(np.float32)
        axis = (np.arange(GRID, dtype=np.float32) + 0.5) / np.float32(self._to_grid)
        self._x, self._y = np.meshgrid(axis, axis)

    def __call__(self, shape: Shape) -> Floats:
        """Displacement target to source in pixels of the portrait, float32 [GRID, GRID, 2]."""
        target = _with_middles(shape.face, shape.rings)
        maps = _affine(target, self._source, self._triangles)
        numbers = self._draw(target, shape.face[:, 2])
        cells = maps[numbers]
        least, most = _range(target, self._source, self._triangles)
        moved = np.empty((GRID, GRID, 2), np.float32)
        for axis in range(2):
            a, b, c = cells[..., 3 * axis], cells[..., 3 * axis + 1], cells[..., 3 * axis + 2]
            np.add(a * self._x + b * self._y, c, out=moved[..., axis])
        np.clip(moved, least[numbers], most[numbers], out=moved)
        return self._smooth_around(moved, numbers)

    def _smooth_around(self, moved: Floats, numbers: NDArray[np.int32]) -> Floats:
        """Round off the kinks along the face's outline; the features stay as sharp as they are."""
        inner = cv2.blur(self._inner[numbers], (3, 3))[..., None]
        smooth = cv2.GaussianBlur(moved, (0, 0), SMOOTHING)
        return floats(smooth + inner * (moved - smooth))

    def _draw(self, target: Floats, depth: Floats) -> NDArray[np.int32]:
        """Which triangle covers each cell: int32 [GRID, GRID], the last number = none."""
        face = self._triangles[self._beneath :]
        nearest_last = np.argsort(-depth[face].sum(axis=1), kind="stable") + self._beneath
        order = np.concatenate([np.arange(self._beneath), nearest_last])
        fixed = np.round((target * self._to_grid - 0.5) * (1 << _SUBPIXEL)).astype(np.int32)
        numbers = np.full((GRID, GRID), len(self._triangles), np.int32)
        outlines = fixed[self._triangles]
        for number in order.tolist():
            cv2.fillConvexPoly(numbers, outlines[number], (number,), cv2.LINE_8, _SUBPIXEL)
        return numbers


def _affine(target: Floats, source: Floats, triangles: NDArray[np.int64]) -> Floats:
    """Displacement of each triangle as (a, b, c) for x and for y, [n + 1, 6]; the last is none."""
    p, q = target[triangles], source[triangles]
    e1, e2 = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    f1, f2 = q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]
    area = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]
    flat = np.abs(area) < 1e-3
    scale = np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, area))[:, None]
    by_x = (f1 * e2[:, 1:] - f2 * e1[:, 1:]) * scale
    by_y = (f2 * e1[:, :1] - f1 * e2[:, :1]) * scale
    by_x[:, 0] -= ~flat
    by_y[:, 1] -= ~flat
    constant = q[:, 0] - p[:, 0] - by_x * p[:, 0, :1] - by_y * p[:, 0, 1:]
    maps = np.stack([by_x, by_y, constant], axis=2).reshape(len(triangles), 6)
    return np.concatenate([maps, np.zeros((1, 6))]).astype(np.float32)


def _range(target: Floats, source: Floats, triangles: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Least and greatest displacement at each triangle's corners, [n + 1, 2] each.

    OpenCV fills every cell that a triangle touches; beyond a thin one its map runs wild.
    """
    corners = (source - target)[triangles]
    none = np.zeros((1, 2), np.float32)
    return np.concatenate([corners.min(1), none]), np.concatenate([corners.max(1), none])


class Warp:
    """Enlarges displacements to the size of a picture."""

    def __init__(self, size: int) -> None:
        axis = np.arange(size, dtype=np.float32)
        self._grid = np.stack(np.meshgrid(axis, axis), axis=2)
        self._size = size

    def places(self, flow: Floats) -> Floats:
        """Where each pixel comes from, [size, size, 2], by `flow` [n, n, 2] in pixels."""
        places = resized_floats(flow, self._size, self._size)
        places += self._grid
        return places
