"""Moved triangles become a displacement of the picture, and the displacement a picture.

Every triangle of the mesh is an affine map from where it is to where it came from.
The triangles' numbers are drawn into a small grid (`raster.py`), the
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
from engine.raster import numbered
from engine.resample import resized_floats
from engine.rim import EDGE, Rim
from engine.types import Floats, floats

GRID: Final = 128
"""Cells a side: 4 pixels of a 512-pixel portrait, a fifth of an open eye's height."""
SMOOTHING: Final = 1.6
"""Cells (standard deviation) over which the displacement around the face is smoothed."""
REACH: Final = 0.5
"""Cells by which a triangle is drawn beyond its edges: whatever lies in front is whole up to its
rim when the grid is enlarged, as a lip before the inside of a mouth."""
FLAT: Final = 1e-3
"""Square pixels under which a triangle has no map of its own."""
Box = tuple[slice, slice]
"""Rows and columns of a picture."""
WHOLE: Final[Box] = (slice(None), slice(None))


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
        rim: where the portrait is part of a larger picture.
    """

    def __init__(self, model: FaceModel, mesh: Mesh, size: int, rim: Rim | None = None) -> None:
        self._triangles = mesh_triangles(model)
        self._beneath = len(self._triangles) - len(model.triangles)
        self._face = self._triangles[self._beneath :].T.copy()
        self._source = _with_middles(mesh.source, mesh.source_rings)
        self._to_grid = GRID / size
        on_outline = np.isin(self._triangles, points.OVAL) | (self._triangles >= POINTS)
        eyes = self._triangles >= POINTS + len(RINGS) * len(points.OVAL)
        inner = ~(on_outline & ~eyes).any(axis=1)
        self._inner = np.append(inner, False).astype(np.float32)
        axis = (np.arange(GRID, dtype=np.float32) + 0.5) / np.float32(self._to_grid)
        self._x, self._y = np.tile(axis, GRID), np.repeat(axis, GRID)
        places = np.stack([self._x, self._y], axis=1)
        # A head cut off by the edge is stretched there, and not continued by smeared pixels.
        self._least, self._most = -EDGE * places, EDGE * (np.float32(size) - places)
        self._bound = rim.most(GRID) * np.float32(size) if rim is not None and rim.any else None

    def __call__(self, shape: Shape) -> Floats:
        """Displacement target to source in pixels of the portrait, float32 [GRID, GRID, 2]."""
        target = _with_middles(shape.face, shape.rings)
        numbers = self._draw(target, shape.face[:, 2])
        cells = numbers.ravel().astype(np.intp)
        moved = np.empty((GRID * GRID, 2), np.float32)
        maps = np.empty((5, GRID * GRID), np.float32)
        for axis, planes in enumerate(_affine(target, self._source, self._triangles)):
            planes.take(cells, axis=1, out=maps, mode="clip")  # checked, it would be copied
            by_x, by_y, constant, least, most = maps
            by_x *= self._x
            by_y *= self._y
            by_x += by_y
            by_x += constant
            np.maximum(by_x, least, out=by_x)
            np.minimum(by_x, most, out=moved[:, axis])
        np.maximum(moved, self._least, out=moved)
        np.minimum(moved, self._most, out=moved)
        flow = self._smooth_around(moved.reshape(GRID, GRID, 2), numbers)
        return flow if self._bound is None else np.clip(flow, -self._bound, self._bound, out=flow)

    def corners(self, shape: Shape) -> Floats:
        """Where the points of `mesh_triangles` are, [n, 2]."""
        return _with_middles(shape.face, shape.rings)

    def shown(self, shape: Shape) -> NDArray[np.int32]:
        """Number of the triangle that each cell shows, [GRID, GRID]; -1 = none."""
        numbers = self._draw(self.corners(shape), shape.face[:, 2])
        return np.where(numbers == len(self._triangles), np.int32(-1), numbers)

    def _smooth_around(self, moved: Floats, numbers: NDArray[np.int32]) -> Floats:
        """Round off the kinks along the face's outline; the features stay as sharp as they are."""
        inner = cv2.blur(self._inner[numbers], (3, 3))[..., None]
        smooth = cv2.GaussianBlur(moved, (0, 0), SMOOTHING)
        return floats(smooth + inner * (moved - smooth))

    def _draw(self, target: Floats, depth: Floats) -> NDArray[np.int32]:
        """Which triangle covers each cell: int32 [GRID, GRID], the last number = none."""
        farthest_first = np.argsort(-depth.take(self._face).sum(axis=0), kind="stable")
        order = np.concatenate([np.arange(self._beneath), farthest_first + self._beneath])
        cells = target * np.float32(self._to_grid) - np.float32(0.5)
        return numbered(cells.take(self._triangles, axis=0), order, GRID, REACH)


def _affine(target: Floats, source: Floats, triangles: NDArray[np.int64]) -> Floats:
    """Displacement of each triangle, [2, 5, n + 1]; the last triangle is none.

    For x and for y: a, b, c of a x + b y + c, and the least and greatest at the corners,
    because every triangle is drawn a little larger, and beyond a thin one its map runs wild.
    """
    p = target.take(triangles.T, axis=0)
    moved = (source - target).take(triangles.T, axis=0)
    (e1x, e1y), (e2x, e2y) = (p[1] - p[0]).T, (p[2] - p[0]).T
    area = e1x * e2y - e1y * e2x
    flat = np.abs(area) < FLAT
    scale = np.where(flat, np.float32(0), 1 / np.where(flat, np.float32(1), area))
    d1, d2 = (moved[1] - moved[0]).T, (moved[2] - moved[0]).T
    planes = np.zeros((2, 5, len(triangles) + 1), np.float32)
    by_x, by_y, constant, least, most = (planes[:, row, :-1] for row in range(5))
    by_x[...] = (d1 * e2y - d2 * e1y) * scale
    by_y[...] = (d2 * e1x - d1 * e2x) * scale
    constant[...] = moved[0].T - by_x * p[0, :, 0] - by_y * p[0, :, 1]
    least[...] = moved.min(axis=0).T
    most[...] = moved.max(axis=0).T
    return planes


class Warp:
    """Enlarges displacements to the size of a picture."""

    def __init__(self, size: int) -> None:
        self._size, axis = size, np.arange(size, dtype=np.float32)
        self._grid = np.empty((size, size, 2), np.float32)
        self._grid[..., 0], self._grid[..., 1] = axis, axis[:, None]

    def places(self, flow: Floats, box: Box = WHOLE) -> Floats:
        """Where each pixel of a box comes from, [h, w, 2], by `flow` [n, n, 2] in pixels."""
        places = resized_floats(flow, self._size, self._size)[box]
        places += self._grid[box]
        return places
