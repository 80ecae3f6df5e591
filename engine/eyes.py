"""The eyes behind the lids: painted through the opening of the moved lids, gaze included.

The warp moves the lids' skin; what lies between them is the portrait's own eyeball,
which turns with the head and not with the lids. Gaze shifts the iris inside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine import facemesh as points
from engine.mesh import NAMES, Mesh, Shape
from engine.resample import box_around, cover, lookup
from engine.tracker import Face
from engine.types import Floats, Motion, Picture, floats

GAZE_SIDE: Final = 0.20
GAZE_UP: Final = 0.12
"""Way of the iris at a full look, in widths of the eye."""
MARGIN: Final = 6
"""Pixels around the opening that are drawn."""


@dataclass(frozen=True, slots=True)
class _Eye:
    side: str
    rim: list[int]
    iris: Floats
    """Centre, [2]."""
    radius: float


class Eyes:
    """Paints one avatar's eyes.

    Args:
        mesh: the avatar's.
        face: its reading; 478 points, because the iris is needed.
        portrait: its picture.
    """

    def __init__(self, mesh: Mesh, face: Face, portrait: Picture) -> None:
        self._mesh = mesh
        self._portrait = portrait
        self._eyes = [
            self._eye(face, "Right", points.EYE_RIGHT, points.IRIS_RIGHT),
            self._eye(face, "Left", points.EYE_LEFT, points.IRIS_LEFT),
        ]

    @staticmethod
    def _eye(face: Face, side: str, rim: tuple[int, ...], iris: tuple[int, ...]) -> _Eye:
        marks = face.points[list(iris), :2]
        radius = float(np.linalg.norm(marks[1:] - marks[0], axis=1).mean())
        return _Eye(side, list(rim), marks[0], radius)

    def paint(self, picture: Picture, shape: Shape, motion: Motion) -> None:
        """Paint both eyes into `picture` [size, size, 3]."""
        for eye in self._eyes:
            outline = shape.face[eye.rim, :2]
            x0, y0, x1, y1 = box_around(outline, MARGIN, picture.shape[0])
            if x1 - x0 < 3 or y1 - y0 < 3:
                continue
            mask = cover(outline - floats([x0, y0]), (y1 - y0, x1 - x0))[..., None]
            mask *= np.float32(_openness(outline))
            ball = self._ball(eye, shape, motion, (x0, y0, x1, y1))
            region = picture[y0:y1, x0:x1]
            region[...] = (region + (ball.astype(np.float32) - region) * mask).astype(np.uint8)

    def _ball(
        self, eye: _Eye, shape: Shape, motion: Motion, box: tuple[int, int, int, int]
    ) -> Picture:
        """The portrait's eyeball, turned with the head, its iris moved by the gaze."""
        before = self._mesh.source[eye.rim]
        after = shape.turn(before)[:, :2]
        ones = np.ones((len(after), 1), np.float32)
        affine, *_ = np.linalg.lstsq(np.concatenate([after, ones], 1), before[:, :2], rcond=None)
        x, y = np.meshgrid(np.arange(box[0], box[2]) + 0.5, np.arange(box[1], box[3]) + 0.5)
        source = np.stack([x, y, np.ones_like(x)], axis=2) @ affine
        shift = self._gaze(eye, motion)
        if np.abs(shift).max() > 0.05:
            source = source - _bump(source, eye, shift)
        return lookup(self._portrait, floats(source - 0.5))

    def _gaze(self, eye: _Eye, motion: Motion) -> Floats:
        """Way of the iris in pixels of the portrait, [2]."""

        def look(way: str) -> float:
            return float(motion.expression[NAMES[f"eyeLook{way}{eye.side}"] - len(motion.mouth)])

        outward = look("Out") - look("In")
        width = float(np.ptp(self._mesh.source[eye.rim, 0]))
        side = outward if eye.side == "Left" else -outward
        return floats([GAZE_SIDE * width * side, GAZE_UP * width * (look("Down") - look("Up"))])


def _openness(outline: Floats) -> float:
    """0 for lids that touch, 1 from two pixels on: a polygon without area still draws a line."""
    opening = float((outline[9:][::-1] - outline[1:8])[:, 1].mean())
    return float(np.clip((opening - 0.7) / 1.5, 0.0, 1.0))


def _bump(source: Floats, eye: _Eye, shift: Floats) -> Floats:
    """Displacement [h, w, 2] that carries the iris as a whole and leaves corners and lashes.

    Full inside the moved iris, nothing 2.6 radii beside and 1.5 radii above it: the white
    is stretched on one side and pressed on the other, as a turning ball looks.
    """
    away = (source - (eye.iris + shift)) / (max(eye.radius, 1.0) * floats([2.6, 1.5]))
    fade = np.clip((1.0 - np.linalg.norm(away, axis=2)) / 0.55, 0.0, 1.0)
    weight = fade * fade * (3.0 - 2.0 * fade)
    moved: Floats = weight[..., None] * shift
    return moved
