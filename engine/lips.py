"""New lips on the pictures of a film: the mesh moves each picture's own mouth to what is wanted.

Nothing but the mouth and what goes with it is touched: the rest of the picture stays to the bit.
There is nothing to be cut out and blended: where the displacement ends, the picture goes on.
"""

from __future__ import annotations

from typing import Final, Protocol

import cv2
import numpy as np

from engine.correction import bend
from engine.flow import GRID, Flow, Warp
from engine.mesh import FaceModel, Mesh
from engine.mouth import Mouth, MouthAtlas
from engine.mouth_light import light_in_mouth
from engine.placement import Placement
from engine.retouch import without_teeth
from engine.rim import Rim
from engine.steady_rest import SteadyRest
from engine.tracker import Face
from engine.types import Floats, Motion, Picture, floats

ABOVE: Final = (0.45, 0.75)
BESIDE: Final = (0.65, 0.9)
BELOW: Final = (0.9, 1.35)
"""How far from the middle of the mouth everything moves with it, and nothing any more, in outer
eye distances along the head's axes: eyes are 1.0 above it, a jaw drops to 0.9 below."""
LIGHT_MEMORY: Final = 50
"""Pictures, 2 s, over which the light in the mouth is averaged: teeth come and go."""


class Lips(Protocol):
    """Gives one filmed person another mouth, picture by picture, in their order."""

    def __call__(self, picture: Picture, face: Face, motion: Motion) -> Picture:
        """The picture with the mouth of `motion`; head and eyes are the film's.

        Args:
            picture: RGB uint8 [h, w, 3]; is not written into.
            face: that was read in it, in its pixels.
            motion: what the mouth does; pose and expression do not count.
        """
        ...

    def restart(self) -> None:
        """The next picture shows somebody else, or another shot."""
        ...


class MeshLips:
    """See `Lips`.

    Args:
        model: the mesh that all avatars share.
        atlas: teeth and tongue.
    """

    def __init__(self, model: FaceModel, atlas: MouthAtlas) -> None:
        self._model, self._atlas = model, atlas
        self._rest = SteadyRest(model)
        self._light: Floats | None = None
        self._lit = 0

    def restart(self) -> None:
        """See `Lips.restart`."""
        self._rest.restart()
        self._lit = 0

    def __call__(self, picture: Picture, face: Face, motion: Motion) -> Picture:
        """See `Lips`."""
        place = Placement.upright(face.points, (picture.shape[0], picture.shape[1]))
        square = place.take(picture)
        inside = Face(place.inside(face.points), face.coefficients, face.turn)
        mesh = Mesh(self._model, inside, place.size)
        mesh.settle(self._rest(mesh))
        mouth = Mouth(self._atlas, mesh, square, self._steady_light(square, mesh))
        shape = mesh.shape(mouth_alone(motion))
        flow = Flow(self._model, mesh, place.size, Rim.of(place))(shape)
        flow *= _reach(mesh, place.size)
        way, warp = flow / np.float32(place.size), Warp(place.size)
        drawn = bend(without_teeth(square, mesh), way, warp)
        mouth.paint(drawn, shape, motion)
        whole = picture.copy()
        same = cv2.inRange(cv2.absdiff(drawn, square), (0, 0, 0), (0, 0, 0))
        touched = place.put(np.asarray(cv2.bitwise_not(same), np.uint8))
        cv2.copyTo(place.put(drawn), touched, whole[place.box])
        return whole

    def _steady_light(self, square: Picture, mesh: Mesh) -> Floats:
        found = light_in_mouth(square, mesh)
        before = found if self._light is None or not self._lit else self._light
        self._lit = min(self._lit + 1, LIGHT_MEMORY)
        self._light = floats(before + (found - before) / self._lit)
        return self._light


def mouth_alone(motion: Motion) -> Motion:
    """The motion of a face whose head and eyes do nothing."""
    return Motion(motion.mouth, np.zeros_like(motion.pose), np.zeros_like(motion.expression))


def _reach(mesh: Mesh, size: int) -> Floats:
    """How far each cell of a displacement goes with the mouth, [GRID, GRID, 1] in 0..1."""
    axis = (np.arange(GRID, dtype=np.float32) + 0.5) * np.float32(size / GRID)
    places = np.stack(np.meshgrid(axis, axis), axis=2) - mesh.mouth_centre[:2]
    axes = np.float32(mesh.eye_distance) * mesh.facing[:2, :2]
    across, down = np.moveaxis(places @ np.linalg.inv(axes).T, 2, 0)
    share = _fading(np.abs(across), BESIDE) * _fading(-down, ABOVE) * _fading(down, BELOW)
    return floats(share)[..., None]


def _fading(distance: Floats, ends: tuple[float, float]) -> Floats:
    """1 up to the first distance, 0 from the second on."""
    share = np.clip((ends[1] - distance) / np.float32(ends[1] - ends[0]), 0.0, 1.0)
    return floats(share * share * (3 - 2 * share))
