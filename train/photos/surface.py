"""The surface that the product's mesh gives a portrait: what a take tells of its pictures.

To the triangles of `engine.flow.mesh_triangles` come the eyeballs, which turn with the
head and not with the lids, and the backdrop, which does not move at all.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import facemesh
from engine.eyes import Eyes
from engine.flow import Flow, mesh_triangles
from engine.mesh import POINTS, RINGS, FaceModel, Mesh, Shape, Turn, pivot_of
from engine.tracker import Face
from engine.types import Floats, Motion, Picture, floats
from train.photos.regions import regions_of
from train.takes import BACKGROUND, EYES, GRID, MOUTH, SKIN

RIMS: Final = (facemesh.EYE_RIGHT, facemesh.EYE_LEFT)
OPENED: Final = 2.0
"""An eyeball's triangles are drawn so many times larger: it goes on behind the lids."""
BEHIND: Final = 0.1
"""Depth of the irises behind their rims, and of each ring behind the one before it, in
outer eye distances."""
FAR: Final = 10.0
"""Depth of the backdrop in widths of the picture."""
_SUBPIXEL: Final = 4


class Surface:
    """One portrait's surface.

    Args:
        model: what all meshes share.
        mesh: the portrait's.
        face: what was read on it, 478 points.
        picture: the portrait, uint8 [n, n, 3].
    """

    def __init__(self, model: FaceModel, mesh: Mesh, face: Face, picture: Picture) -> None:
        self._mesh, self._size = mesh, picture.shape[0]
        self._flow = Flow(model, mesh, self._size)
        self._eyes = Eyes(mesh, face, picture)
        self._irises = face.points[[facemesh.IRIS_RIGHT[0], facemesh.IRIS_LEFT[0]], :2]
        self._regions = regions_of(picture, face.points)
        base = mesh_triangles(model)
        rings = range(POINTS, POINTS + len(RINGS) * len(facemesh.OVAL))
        lips = (*facemesh.LIP_UPPER_INNER, *facemesh.LIP_LOWER_INNER)
        self._kind = np.full(len(base), SKIN, np.uint8)
        self._kind[np.isin(base, rings).any(axis=1)] = BACKGROUND
        self._kind[np.isin(base, lips).all(axis=1)] = MOUTH
        self._kind[(base >= rings.stop).any(axis=1)] = EYES
        self._first_eye, self._first_corner = len(base), rings.stop + len(RIMS)
        self.triangles = np.concatenate([base, *self._balls(), self._backdrop()]).astype(np.int32)

    def rest(self) -> Shape:
        """The face of the untouched portrait."""
        still = Turn(floats(np.eye(3)), 1.0, pivot_of(self._mesh.source), floats([0, 0, 0]))
        return Shape(self._mesh.source, self._mesh.source, self._mesh.source_rings, still)

    def corners(self, shape: Shape, motion: Motion | None) -> Floats:
        """Where the triangles' corners are, [v, 3]; without a motion the irises are at rest."""
        flat = self._flow.corners(shape)
        rings = self._ring_depths(shape)
        middles = [shape.face[list(rim), 2].mean() for rim in RIMS]
        depth = np.concatenate([shape.face[:, 2], rings, middles])
        base = np.concatenate([flat, depth[:, None]], axis=1)
        side, far = float(self._size), FAR * self._size
        backdrop = floats([[0, 0, far], [side, 0, far], [0, side, far], [side, side, far]])
        return floats(np.concatenate([base, *self._rims(shape, motion), backdrop]))

    def look(
        self, shape: Shape, motion: Motion | None
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Which triangle each cell shows, and of what region it is; both [GRID, GRID]."""
        shown = self._flow.shown(shape)
        none = shown < 0
        region = self._kind[shown]
        region[none] = BACKGROUND
        balls = self._drawn_balls(self._rims(shape, motion))
        shown = np.where(region == EYES, balls, shown)
        shown[none] = self._backdrop_shown()[none]
        shown[region == MOUTH] = -1
        around = region == BACKGROUND
        region[around] = self._carried(shape)[around]
        return shown, region

    def _carried(self, shape: Shape) -> NDArray[np.uint8]:
        """The portrait's regions, moved as its pixels are."""
        axis = np.arange(GRID) + 0.5
        places = np.stack(np.meshgrid(axis, axis), axis=2) + self._flow(shape) * GRID / self._size
        x, y = np.clip(places, 0, GRID - 1).astype(int).transpose(2, 0, 1)
        return np.asarray(self._regions[y, x], np.uint8)

    def _ring_depths(self, shape: Shape) -> Floats:
        outline = shape.face[list(facemesh.OVAL), 2]
        step = BEHIND * self._mesh.eye_distance
        return floats([outline + step * (number + 1) for number in range(len(RINGS))]).ravel()

    def _rims(self, shape: Shape, motion: Motion | None) -> list[Floats]:
        """Rim and iris of each eyeball, [17, 3]."""
        if motion is None:
            depth = [self._mesh.source[list(rim), 2].mean() for rim in RIMS]
            irises = np.column_stack([self._irises, depth])
        else:
            irises = self._eyes.irises(shape, motion)
        back = floats([0.0, 0.0, BEHIND * self._mesh.eye_distance])
        return [
            floats([*shape.turn(self._mesh.source[list(rim)]), iris]) + back
            for rim, iris in zip(RIMS, irises, strict=True)
        ]

    def _balls(self) -> list[NDArray[np.int64]]:
        """Both eyeballs' triangles: from the iris to its rim."""
        balls, first = [], self._first_corner
        for rim in RIMS:
            rest = np.arange(len(rim))
            middle = np.full(len(rim), len(rim))
            balls.append(first + np.stack([middle, rest, (rest + 1) % len(rim)], axis=1))
            first += len(rim) + 1
        return balls

    def _backdrop(self) -> NDArray[np.int64]:
        first = self._first_corner + sum(len(rim) + 1 for rim in RIMS)
        return first + np.array([[0, 1, 3], [0, 3, 2]])

    def _backdrop_shown(self) -> NDArray[np.int32]:
        upper_right = np.triu(np.ones((GRID, GRID), np.int32))
        return np.asarray(len(self.triangles) - 1 - upper_right, np.int32)

    def _drawn_balls(self, rims: list[Floats]) -> NDArray[np.int32]:
        """The eyeballs' triangles on the grid, larger than they are."""
        numbers = np.full((GRID, GRID), -1, np.int32)
        number = self._first_eye
        for rim in rims:
            iris = rim[-1:, :2]
            wide = (iris + OPENED * (rim[:, :2] - iris)) * (GRID / self._size) - 0.5
            fixed = np.round(wide * (1 << _SUBPIXEL)).astype(np.int32)
            for place in range(len(rim) - 1):
                corners = fixed[[len(rim) - 1, place, (place + 1) % (len(rim) - 1)]]
                cv2.fillConvexPoly(numbers, corners, (number,), cv2.LINE_8, _SUBPIXEL)
                number += 1
        return numbers
