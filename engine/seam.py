"""The line between closed lips, for portraits whose lips are parted.

A warp closes such lips edge to edge, and where teeth were there is flesh without a line
between: it is drawn, as dark as the lips of that face become in their shadow.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from engine import facemesh as points
from engine.mesh import Mesh, Shape
from engine.resample import box_around, fill, smooth
from engine.types import Floats, Picture, floats

PARTED: Final = 0.02
"""Gap of the portrait's lips in mouth widths from which their line has to be drawn."""
OPEN: Final = 0.10
"""Gap in mouth widths from which on it is not seen: the mouth is drawn there."""
WIDTH: Final = 0.030
"""Thickness of the line in mouth widths, with its soft edge."""
DARK: Final = 0.45
"""Brightness of the line in that of the lips."""
STRENGTH: Final = 0.8
"""How far the line covers what is under it in the middle."""
TAPER: Final = 0.2
"""Share of the line at each corner over which it fades to a third."""


class Seam:
    """Draws one avatar's line between the lips.

    Args:
        mesh: the avatar's.
        portrait: its picture.
    """

    def __init__(self, mesh: Mesh, portrait: Picture) -> None:
        self._mesh = mesh
        lower, upper = list(points.LIP_LOWER_INNER), list(points.LIP_UPPER_INNER)
        gap = float((mesh.source[lower] - mesh.source[upper])[:, 1].max())
        self._needed = gap > PARTED * mesh.mouth_width
        self._colour = DARK * _lips(portrait, mesh)

    def paint(self, picture: Picture, shape: Shape) -> None:
        """Paint into `picture` [size, size, 3] as far as the lips of `shape` are closed."""
        if not self._needed:
            return
        upper = shape.face[list(points.LIP_UPPER_INNER), :2]
        lower = shape.face[list(points.LIP_LOWER_INNER), :2]
        gap = float((lower - upper)[:, 1].max()) / self._mesh.mouth_width
        share = STRENGTH * float(np.clip(1.0 - gap / OPEN, 0.0, 1.0))
        line = smooth(np.float32(0.5) * (upper + lower))
        width = WIDTH * self._mesh.mouth_width
        x0, y0, x1, y1 = box_around(line, round(2 * width) + 2, picture.shape[0])
        if share <= 0.0 or x1 - x0 < 3 or y1 - y0 < 3:
            return
        cover = _stroke(line - floats([x0, y0]), (y1 - y0, x1 - x0), width)[..., None]
        region = picture[y0:y1, x0:x1]
        region[...] = (region + (self._colour - region) * (cover * np.float32(share))).astype(
            np.uint8
        )


def _stroke(line: Floats, size: tuple[int, int], width: float) -> Floats:
    """A soft line of `width` pixels, its middle the darkest, float32 [h, w] in 0..1."""
    mask = np.zeros(size, np.uint8)
    fixed = np.round(line * 16 - 8).astype(np.int32)
    cv2.polylines(mask, [fixed], False, (255,), max(1, round(width / 2)), cv2.LINE_AA, 4)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), max(0.7, width / 3)), np.float32)
    along = (line[-1] - line[0]) / max(float(np.square(line[-1] - line[0]).sum()), 1.0)
    x, y = np.arange(size[1], dtype=np.float32), np.arange(size[0], dtype=np.float32)
    place = (x - line[0, 0]) * along[0] + ((y - line[0, 1]) * along[1])[:, None]
    taper = np.clip(np.minimum(place, 1.0 - place) / np.float32(TAPER), 1.0 / 3.0, 1.0)
    return floats(soft * taper / max(float(soft.max()), 1.0))


def _lips(portrait: Picture, mesh: Mesh) -> Floats:
    """The lips' median colour, [3]; what lies between them does not count."""
    outer = mesh.source[[*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER[::-1]], :2]
    inner = mesh.source[[*points.LIP_UPPER_INNER, *points.LIP_LOWER_INNER[::-1]], :2]
    lips = np.zeros(portrait.shape[:2], np.uint8)
    fill(lips, outer, smooth=False)
    between = np.zeros_like(lips)
    fill(between, inner, smooth=False)
    flesh = (lips > 0) & (between == 0)
    return floats(np.median(portrait[flesh], axis=0) if flesh.any() else [90, 45, 45])
