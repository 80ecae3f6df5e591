"""Lids that close: clean skin over the eye and a line of lashes along the rim.

An open eye's lid is a narrow strip of shadow and lashes; stretched over the eyeball it
is a smear. While a lid closes, skin without either is faded in, and the rim is drawn.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from engine import facemesh as points
from engine.mesh import Mesh, Shape
from engine.resample import box_around, cover, lookup, smooth
from engine.retouch import with_bare_lids
from engine.types import Floats, Picture, floats

BEGINS: Final = 0.25
"""Closure from which on clean skin shows; half-closed lids keep their own shadow."""
LASH: Final = 0.016
"""Thickness of the line of lashes in outer eye distances."""
DARK: Final = 0.65
"""How far the line covers what is under it."""
SHADOW: Final = 0.25
"""How dark the soft shadow around the line is."""
LASH_COLOUR: Final = 0.38
"""Brightness of lashes at most, in that of the lid's skin."""
CREASE: Final = 0.12
"""How much darker the lid is at its crease and at its rim than in its middle."""
_EYES: Final = (
    (points.CREASE_RIGHT, points.LID_UPPER_RIGHT, points.LID_LOWER_RIGHT, points.EYE_RIGHT[::8]),
    (points.CREASE_LEFT, points.LID_UPPER_LEFT, points.LID_LOWER_LEFT, points.EYE_LEFT[::8]),
)
"""Crease, rims and corners (outer, inner) of each eye."""


class Lids:
    """Paints one avatar's closing lids.

    Args:
        mesh: the avatar's.
        portrait: its picture.
    """

    def __init__(self, mesh: Mesh, portrait: Picture) -> None:
        self._mesh = mesh
        self._clean = with_bare_lids(portrait, mesh)
        self._lash = [self._lashes(portrait, crease, upper) for crease, upper, _, _ in _EYES]

    def _lashes(self, portrait: Picture, crease: tuple[int, ...], upper: tuple[int, ...]) -> Floats:
        """Colour of the lashes, [3]: the darkest along the open rim, and always visible."""
        own = np.percentile(_along(portrait, self._mesh.source[list(upper), :2]), 10, axis=0)
        skin = np.median(_along(self._clean, self._mesh.source[list(crease), :2]), axis=0)
        return floats(np.minimum(own, LASH_COLOUR * skin))

    def paint(self, picture: Picture, places: Floats, shape: Shape) -> None:
        """Paint both eyes' lids.

        Args:
            picture: uint8 [size, size, 3], warped; painted into.
            places: where each of its pixels came from, [size, size, 2].
            shape: the face in this tick.
        """
        for number, (crease, upper, lower, corners) in enumerate(_EYES):
            closed = self._closure(shape, upper, lower)
            share = float(np.clip((closed - BEGINS) / (1.0 - BEGINS), 0.0, 1.0))
            if share <= 0.0:
                continue
            rim = shape.face[[corners[0], *upper, corners[1]], :2]
            lid = np.concatenate([shape.face[list(crease), :2], rim[::-1]])
            x0, y0, x1, y1 = box_around(np.concatenate([lid, rim]), 8, picture.shape[0])
            if x1 - x0 < 3 or y1 - y0 < 3:
                continue
            corner = floats([x0, y0])
            size = (y1 - y0, x1 - x0)
            region = picture[y0:y1, x0:x1]
            fresh = lookup(self._clean, np.ascontiguousarray(places[y0:y1, x0:x1]))
            skin = self._skin(lid - corner, size)[..., None]
            shade = 1.0 - CREASE * np.clip(2.0 - 2.0 * skin, 0.0, 1.0)
            mixed = region + (fresh * shade - region) * (skin * np.float32(share))
            line = self._line(rim - corner, size)[..., None] * np.float32(share)
            region[...] = (mixed + (self._lash[number] - mixed) * line).astype(np.uint8)

    def _closure(self, shape: Shape, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
        opening = (shape.still[list(lower)] - shape.still[list(upper)])[:, 1].mean()
        rest = (self._mesh.neutral[list(lower)] - self._mesh.neutral[list(upper)])[:, 1].mean()
        return float(1.0 - opening / max(float(rest), 1.0))

    def _skin(self, lid: Floats, size: tuple[int, int]) -> Floats:
        """How far the lid covers each pixel, float32 [h, w]; a half on its edge."""
        soft = max(1.0, 0.02 * self._mesh.eye_distance)
        return np.asarray(cv2.GaussianBlur(cover(lid, size), (0, 0), soft), np.float32)

    def _line(self, rim: Floats, size: tuple[int, int]) -> Floats:
        """Coverage of the lashes along the rim and their shadow, float32 [h, w] in 0..1."""
        mask = np.zeros(size, np.uint8)
        wanted = LASH * self._mesh.eye_distance
        thick = max(1, round(wanted))
        fixed = np.round(smooth(rim) * 16 - 8).astype(np.int32)
        cv2.polylines(mask, [fixed], False, (255,), thick, cv2.LINE_AA, 4)
        line = mask.astype(np.float32) * np.float32(min(1.0, wanted / thick) / 255.0)
        near = cv2.GaussianBlur(line, (0, 0), 0.7)
        wide = cv2.GaussianBlur(line, (0, 0), max(1.0, 1.5 * wanted))
        return floats(np.clip(DARK * near + SHADOW * wide, 0.0, 1.0))


def _along(portrait: Picture, curve: Floats) -> Picture:
    """Pixels of a portrait along and just above a curve, [n, 3]."""
    below = np.clip(curve.astype(int), 0, portrait.shape[0] - 1)
    above = np.clip(below - [0, 2], 0, portrait.shape[0] - 1)
    x, y = np.concatenate([below, above]).T
    return np.asarray(portrait[y, x], np.uint8)
