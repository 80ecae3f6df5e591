"""The eyes behind the lids: painted through the opening of the moved lids, gaze included.

The warp moves the lids' skin; what lies between them is the portrait's own eyeball,
which turns with the head and not with the lids. Gaze shifts the iris inside it. What the
portrait's lids hide of the eyeball is made up once: the iris from its own other half,
the white from what is seen of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import facemesh as points
from engine.mesh import NAMES, Mesh, Shape
from engine.resample import box_around, cover, fill, lookup, spread
from engine.tracker import Face
from engine.types import Floats, Motion, Picture, floats

GAZE_SIDE: Final = 0.23
GAZE_UP: Final = 0.15
"""Way of the iris at a full look, in widths of the eye."""
BULGE: Final = 0.10
"""How far the iris lies before the lids, in outer eye distances: when the head turns, it
goes ahead of them. With less the eyes seem to hold on to the camera."""
MARGIN: Final = 6
"""Pixels around the opening that are drawn."""
ROOM: Final = 1.6
"""Radii of the iris beyond the opening for which the eyeball is made up."""
RIM: Final = 0.012
"""Outer eye distances along the lids where lashes and shadow are left as they are."""
CATCHLIGHT: Final = 1.2
"""Brightness over the iris's median that its made-up half may have: one light is enough."""
PLATEAU: Final = 0.45
"""Share of the moved place that moves as a whole; from there on it fades out."""
MOVED: Final = (2.6, 2.2)
"""Radii beside and above the iris where its movement has faded out."""


@dataclass(frozen=True, slots=True)
class _Eye:
    """One eye of the portrait; what is cut out of it begins at `corner` [2].

    `ball` uint8 [h, w, 3] is the eyeball without lids, `seen` [h, w, 3] the portrait
    itself, `rim_near` uint8 [h, w] 255 on the lids' rims and 0 inside.
    """

    side: str
    rim: list[int]
    iris: Floats
    radius: float
    corner: Floats
    ball: Picture
    seen: Picture
    rim_near: Picture


class Eyes:
    """Paints one avatar's eyes.

    Args:
        mesh: the avatar's.
        face: its reading; 478 points, because the iris is needed.
        portrait: its picture.
    """

    def __init__(self, mesh: Mesh, face: Face, portrait: Picture) -> None:
        self._mesh = mesh
        ahead = floats([0.0, 0.0, -BULGE * mesh.eye_distance])
        self._bulge = mesh.facing @ ahead
        self._eyes = [
            self._eye(face, portrait, "Right", points.EYE_RIGHT, points.IRIS_RIGHT),
            self._eye(face, portrait, "Left", points.EYE_LEFT, points.IRIS_LEFT),
        ]

    def _eye(
        self,
        face: Face,
        portrait: Picture,
        side: str,
        rim: tuple[int, ...],
        iris: tuple[int, ...],
    ) -> _Eye:
        marks = face.points[list(iris), :2]
        radius = max(1.0, float(np.linalg.norm(marks[1:] - marks[0], axis=1).mean()))
        outline = self._mesh.source[list(rim), :2]
        x0, y0, x1, y1 = box_around(outline, round(ROOM * radius) + 2, portrait.shape[0])
        corner = floats([x0, y0])
        seen = portrait[y0:y1, x0:x1].copy()
        opening = np.zeros(seen.shape[:2], np.uint8)
        fill(opening, outline - corner, smooth=False)
        inward = np.asarray(cv2.distanceTransform(opening, cv2.DIST_L2, 3), np.float32)
        width = max(1.5, RIM * self._mesh.eye_distance)
        rim_near = (255 * np.clip(1.5 - inward / width, 0.0, 1.0)).astype(np.uint8)
        ball = _without_lids(seen, inward > width, marks[0] - corner, radius)
        return _Eye(side, list(rim), marks[0], radius, corner, ball, seen, rim_near)

    def paint(self, picture: Picture, shape: Shape, motion: Motion) -> None:
        """Paint both eyes into `picture` [size, size, 3]."""
        for eye in self._eyes:
            outline = shape.face[eye.rim, :2]
            x0, y0, x1, y1 = box_around(outline, MARGIN, picture.shape[0])
            open_share = _openness(outline)
            if x1 - x0 < 3 or y1 - y0 < 3 or eye.ball.size == 0 or open_share == 0.0:
                continue
            mask = cover(outline - floats([x0, y0]), (y1 - y0, x1 - x0))[..., None]
            mask *= np.float32(open_share)
            ball = self._ball(eye, shape, motion, (x0, y0, x1, y1))
            region = picture[y0:y1, x0:x1]
            region[...] = (region + (ball - region) * mask).astype(np.uint8)

    def irises(self, shape: Shape, motion: Motion) -> Floats:
        """Where the middles of the irises are, the right eye's first, [2, 3]."""
        places = [
            [*(eye.iris + self._way(eye, shape, motion)), self._mesh.source[eye.rim, 2].mean()]
            for eye in self._eyes
        ]
        return shape.turn(floats(places))

    def _ball(
        self, eye: _Eye, shape: Shape, motion: Motion, box: tuple[int, int, int, int]
    ) -> Floats:
        """The portrait's eyeball, turned with the head, its iris moved by the gaze."""
        places = self._places(eye, shape, box)
        shift = self._way(eye, shape, motion)
        seen = lookup(eye.seen, places)
        if np.abs(shift).max() < 0.05:
            return floats(seen)
        moved = lookup(eye.ball, places - _bump(places, eye, shift))
        near = lookup(eye.rim_near, places)[..., None] / np.float32(255)
        return floats(moved + (floats(seen) - moved) * near)

    def _places(self, eye: _Eye, shape: Shape, box: tuple[int, int, int, int]) -> Floats:
        """Where the pixels of `box` lie in what was cut out of the portrait, [h, w, 2]."""
        before = self._mesh.source[eye.rim]
        after = shape.turn(before)[:, :2]
        ones = np.ones((len(after), 1), np.float32)
        affine, *_ = np.linalg.lstsq(np.concatenate([after, ones], 1), before[:, :2], rcond=None)
        by_x, by_y, start = floats(affine)
        x = np.arange(box[0], box[2], dtype=np.float32)[None, :, None] + np.float32(0.5)
        y = np.arange(box[1], box[3], dtype=np.float32)[:, None, None] + np.float32(0.5)
        return floats(x * by_x + y * by_y + (start - eye.corner - np.float32(0.5)))

    def _way(self, eye: _Eye, shape: Shape, motion: Motion) -> Floats:
        """Way of the iris by gaze and by turning, in pixels of the portrait, [2]."""
        ahead = shape.turn.rotation @ self._bulge - self._bulge
        return floats(self._gaze(eye, motion) + ahead[:2])

    def _gaze(self, eye: _Eye, motion: Motion) -> Floats:
        """Way of the iris in pixels of the portrait, [2]."""

        def look(way: str) -> float:
            return float(motion.expression[NAMES[f"eyeLook{way}{eye.side}"] - len(motion.mouth)])

        outward = look("Out") - look("In")
        width = float(np.ptp(self._mesh.source[eye.rim, 0]))
        side = outward if eye.side == "Left" else -outward
        return floats([GAZE_SIDE * width * side, GAZE_UP * width * (look("Down") - look("Up"))])


def _without_lids(
    seen: Picture, opening: NDArray[np.bool_], iris: Floats, radius: float
) -> Picture:
    """The eyeball as if there were no lids, uint8 [h, w, 3].

    Args:
        seen: cut out of the portrait, uint8 [h, w, 3].
        opening: what of it is eyeball, bool [h, w].
        iris: its centre in the cut, [2].
        radius: of the iris in pixels.
    """
    if not opening.any():
        return seen
    height, width = opening.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    away = np.hypot(x - (iris[0] - 0.5), y - (iris[1] - 0.5)) / np.float32(radius)
    white = opening & (away > 1.15)
    ball = spread(seen, white if white.any() else opening, radius)
    ball[opening] = seen[opening]
    other_half = np.stack([x, 2 * (iris[1] - 0.5) - y], axis=2)
    mirrored = lookup(seen, other_half)
    known = lookup(np.repeat(opening.astype(np.uint8)[..., None] * 255, 3, 2), other_half)
    hidden = (away < 1.0) & ~opening & (known[..., 0] > 250)
    dull = np.median(seen[opening & (away < 0.9)], axis=0) if hidden.any() else 0
    ball[hidden] = np.minimum(mirrored[hidden], CATCHLIGHT * dull)
    return ball


def _openness(outline: Floats) -> float:
    """0 for lids that touch, 1 from two pixels on: a polygon without area still draws a line."""
    opening = float((outline[9:][::-1] - outline[1:8])[:, 1].mean())
    return float(np.clip((opening - 0.7) / 1.5, 0.0, 1.0))


def _bump(places: Floats, eye: _Eye, shift: Floats) -> Floats:
    """Displacement [h, w, 2] that carries the iris as a whole and leaves the corners.

    Full inside the moved iris, fading out beyond: the white is stretched on one side and
    pressed on the other, as a turning ball looks.
    """
    middle = eye.iris - eye.corner - np.float32(0.5) + shift
    away = (places - middle) / (np.float32(eye.radius) * floats(MOVED))
    fade = (1.0 - np.sqrt(np.square(away).sum(axis=2))) / np.float32(1.0 - PLATEAU)
    fade = np.clip(fade, 0.0, 1.0)
    weight = fade * fade * (3.0 - 2.0 * fade)
    return floats(weight[..., None] * shift)
