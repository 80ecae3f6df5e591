"""New lips on the pictures of a film, where graphs draw: each picture is encoded and drawn anew.

Head and expression are the picture's own, which the graph finds in it; the mouth is what is
wanted, and nothing of the one that was filmed. Of what is drawn, only the lower face is laid
into the picture, with a soft edge and in the picture's own colours.
"""

from __future__ import annotations

from typing import Final, Protocol

import cv2
import numpy as np

from engine import facemesh as points
from engine.crop import Crop
from engine.lips import mouth_alone
from engine.one_euro import OneEuro
from engine.placement import Placement
from engine.portrait import Portrait
from engine.render import Likeness
from engine.resample import fill
from engine.tracker import Face
from engine.types import TICKS_PER_SECOND, Floats, Motion, Picture, floats

SIDE: Final = 256
"""Pixels that are drawn."""
STEADINESS: Final = 0.5
"""How calmly the square follows the face: landmarks tremble by half a pixel."""
GROWN: Final = floats([0.94, 1.12])
"""The lower face that is laid in, in its own width and height: nothing of the background, but a
jaw that opens reaches further down."""
SOFT: Final = 0.035
"""Width of its edge (standard deviation), in sides of the square."""
EDGE: Final = (0.02, 0.5)
"""Shares of cover between which colours are compared: skin that both show alike."""
LOWER_FACE: Final = (
    *points.OVAL[points.OVAL.index(361) : points.OVAL.index(132) + 1],
    147, 187, 205, 203, 2, 423, 425, 411, 376,
)  # fmt: skip
"""Its outline: along the jaw from lobe to lobe, back over the cheeks and under the nose."""


class Draws(Protocol):
    """What makes an avatar of a picture; `engine.graph_render.GraphRenderer` does."""

    def identity(self, portrait: Portrait, size: int) -> Likeness:
        """Prepare an avatar for pictures of `size` pixels."""
        ...


class GraphLips:
    """See `engine.lips.Lips`.

    Args:
        renderer: encodes and draws.
        rule: by which it knows faces.
    """

    def __init__(self, renderer: Draws, rule: Crop) -> None:
        self._renderer, self._rule = renderer, rule
        self.restart()

    def restart(self) -> None:
        """See `Lips.restart`."""
        self._square = OneEuro(floats([0.3, 0.3, 0.3, 10.0]))
        self._time = 0.0

    def __call__(self, picture: Picture, face: Face, motion: Motion) -> Picture:
        """See `Lips`."""
        place = self._steady(Placement.levelled(face.points, _room(picture), SIDE, self._rule))
        square = place.take(picture)
        inside = place.inside(face.points)
        portrait = Portrait(square, Face(inside, face.coefficients, face.turn))
        drawn = self._renderer.identity(portrait, SIDE).draw(mouth_alone(motion))
        cover = _lower_face(inside)
        return _laid(picture, place, _coloured(drawn, square, cover), cover)

    def _steady(self, place: Placement) -> Placement:
        """Nearly that place, but calm."""
        middle = place.corners.mean(axis=0)
        tilt = np.degrees(np.arctan2(place.matrix[1, 0], place.matrix[0, 0]))
        self._time += 1 / TICKS_PER_SECOND
        unit = floats([place.side, place.side, 1.0, 1.0])
        found = floats([*middle, np.log(place.side), tilt]) / unit
        x, y, side, tilt = self._square(found, self._time, STEADINESS) * unit
        return Placement.at(floats([x, y]), float(np.exp(side)), float(tilt), SIDE, place.room)


def _room(picture: Picture) -> tuple[int, int]:
    return picture.shape[0], picture.shape[1]


def _lower_face(face: Floats) -> Floats:
    """How far each pixel of the square is of the lower face, [SIDE, SIDE] in 0..1."""
    outline = face[list(LOWER_FACE), :2]
    middle = outline.mean(axis=0)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    fill(mask, middle + GROWN * (outline - middle), smooth=True)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), SOFT * SIDE), np.float32)
    return soft / np.float32(255)


def _coloured(drawn: Picture, square: Picture, cover: Floats) -> Picture:
    """What was drawn, brought to the picture's colours along the edge."""
    edge = (cover > EDGE[0]) & (cover < EDGE[1])
    if not edge.any():
        return drawn
    shift = square[edge].mean(axis=0, dtype=np.float32) - drawn[edge].mean(axis=0, dtype=np.float32)
    return np.asarray(np.clip(drawn + shift, 0, 255), np.uint8)


def _laid(picture: Picture, place: Placement, drawn: Picture, cover: Floats) -> Picture:
    """A copy of the picture with what was drawn laid in."""
    whole = picture.copy()
    region = whole[place.box]
    share = place.put(np.asarray(255 * cover + 0.5, np.uint8)).astype(np.float32) / np.float32(255)
    blended = cv2.blendLinear(place.put(drawn), np.ascontiguousarray(region), share, 1 - share)
    region[...] = np.where(share[..., None] > 0, blended, region)
    return whole
