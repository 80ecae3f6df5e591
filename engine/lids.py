"""Lids that close: the lid's skin comes out of its fold, and its rim carries the lashes.

An open eye's lid is a narrow strip of shadow and lashes; stretched over the eyeball it
is a smear. While a lid closes, clean skin is drawn instead, which moves with the rim as a
blind does; above the fold the portrait's own skin stays. The lashes are drawn over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from engine import facemesh as points
from engine.lid_frame import LidFrame
from engine.lid_tone import LidTone
from engine.mesh import Mesh, Shape
from engine.resample import affine, box_around
from engine.retouch import with_bare_lids
from engine.types import Floats, Picture, floats

SKIN: Final = (0.12, 0.6)
LINE: Final = (0.12, 0.7)
"""Closure from which on clean skin and the line of lashes show, and where they do wholly."""
FOLD: Final = (2.0, 0.7)
"""Shares of the lid above its rim between which clean skin fades in: 1 is at the crease."""
AROUND: Final = 0.15
"""Outer eye distances around a lid within which skin has its tone."""
ENDS: Final = 0.12
"""Shares of the lid at both corners over which clean skin fades in."""
SOFT: Final = 0.02
"""Softness of the clean skin's edge, rim apart, in outer eye distances."""
LASH: Final = 0.016
"""Thickness of the line of lashes in outer eye distances."""
FRINGE: Final = 0.012
"""Softness of that line's edges in outer eye distances."""
DARK: Final = 0.65
"""How far the line covers what is under it."""
SHADOW: Final = 0.6
"""How dark the shadow is that lashes lay around the line."""
REACH: Final = (0.035, 0.014)
"""How far that goes, below the line and above it, in outer eye distances."""
_ALONG: Final = (-0.26, 0.02, 0.3, 0.7, 0.97, 1.2)
_THICK: Final = (0.0, 0.9, 1.0, 0.9, 0.75, 0.0)
"""Thickness of the line along the lid. Lids meet beyond the corners that are tracked, too,
and a line that ends there looks drawn."""
_EYES: Final = (
    (points.CREASE_RIGHT, points.LID_UPPER_RIGHT, points.LID_LOWER_RIGHT, points.EYE_RIGHT[::8]),
    (points.CREASE_LEFT, points.LID_UPPER_LEFT, points.LID_LOWER_LEFT, points.EYE_LEFT[::8]),
)
"""Crease, rims and corners (outer, inner) of each eye."""


@dataclass(frozen=True, slots=True)
class _Lid:
    """One eye's upper lid: points of its crease, and of both rims from corner to corner."""

    crease: list[int]
    rim: list[int]
    lower: list[int]
    lashes: Floats


class Lids:
    """Paints one avatar's closing lids.

    Args:
        mesh: the avatar's.
        portrait: its picture.
    """

    def __init__(self, mesh: Mesh, portrait: Picture) -> None:
        self._mesh = mesh
        self._skin = with_bare_lids(portrait, mesh)
        self._lids = [self._lid(portrait, *eye) for eye in _EYES]

    def _lid(
        self,
        portrait: Picture,
        crease: tuple[int, ...],
        upper: tuple[int, ...],
        lower: tuple[int, ...],
        corners: tuple[int, ...],
    ) -> _Lid:
        """One lid; gives its skin the lid's tone."""
        outer, inner = corners
        rim, shut = [outer, *upper, inner], [outer, *lower, inner]
        fold, above, below = (self._mesh.source[list(line), :2] for line in (crease, rim, shut))
        tone = LidTone.of(portrait, self._skin, fold, above[1:-1], below[1:-1])
        margin = round(AROUND * self._mesh.eye_distance)
        x0, y0, x1, y1 = box_around(np.concatenate([fold, below]), margin, portrait.shape[0])
        corner = floats([x0, y0])
        frame = LidFrame.of(below - corner, fold - corner, (y1 - y0, x1 - x0))
        region = self._skin[y0:y1, x0:x1]
        region[...] = np.clip(region * tone(frame.up), 0, 255)
        return _Lid(list(crease), rim, shut, tone.lashes)

    def paint(self, picture: Picture, shape: Shape) -> None:
        """Paint both eyes' lids, over the eyes.

        Args:
            picture: uint8 [size, size, 3], warped; painted into.
            shape: the face in this tick.
        """
        for lid in self._lids:
            closed = self._closure(shape, lid)
            if closed > min(SKIN[0], LINE[0]):
                self._paint(picture, shape, lid, closed)

    def _paint(self, picture: Picture, shape: Shape, lid: _Lid, closed: float) -> None:
        rim, crease = shape.face[lid.rim, :2], shape.face[lid.crease, :2]
        margin = round(2 * REACH[0] * self._mesh.eye_distance) + 3
        box = box_around(np.concatenate([rim, crease]), margin, picture.shape[0])
        x0, y0, x1, y1 = box
        if x1 - x0 < 3 or y1 - y0 < 3:
            return
        corner, size = floats([x0, y0]), (y1 - y0, x1 - x0)
        frame = LidFrame.of(rim - corner, crease - corner, size)
        region = picture[y0:y1, x0:x1]
        skin = self._skin_at(lid, shape, corner, size)
        cover = self._cover(frame) * _between(closed, SKIN)
        line = self._line(frame) * _between(closed, LINE)
        mixed = region + (skin - region) * cover[..., None]
        region[...] = (mixed + (lid.lashes - mixed) * line[..., None]).astype(np.uint8)

    def _closure(self, shape: Shape, lid: _Lid) -> float:
        """0 as in the portrait, 1 for lids that meet."""
        opening = (shape.still[lid.lower] - shape.still[lid.rim])[1:-1, 1].mean()
        rest = (self._mesh.neutral[lid.lower] - self._mesh.neutral[lid.rim])[1:-1, 1].mean()
        return float(1.0 - opening / max(float(rest), 1.0))

    def _skin_at(self, lid: _Lid, shape: Shape, corner: Floats, size: tuple[int, int]) -> Floats:
        """The lid's skin in a box, float32 [h, w, 3].

        What is at the lower rim when lids meet is at the upper lid's rim always.
        """
        axes = floats(shape.turn.rotation[:2, :2] * shape.turn.scale)
        before = self._mesh.source[lid.lower, :2][2:-2].mean(axis=0) - np.float32(0.5)
        after = shape.face[lid.rim, :2][2:-2].mean(axis=0) - np.float32(0.5)
        start = after - axes @ before - corner
        return floats(affine(self._skin, np.column_stack([axes, start]), size))

    def _cover(self, frame: LidFrame) -> Floats:
        """How far clean skin covers each pixel, [h, w]: sharp at the rim, soft elsewhere."""
        fold = np.clip((frame.up - FOLD[0]) / np.float32(FOLD[1] - FOLD[0]), 0.0, 1.0)
        ends = np.clip(np.minimum(frame.along, 1 - frame.along) / np.float32(ENDS), 0.0, 1.0)
        soft = cv2.GaussianBlur(fold * ends, (0, 0), SOFT * self._mesh.eye_distance)
        return floats(soft * np.clip(frame.above + np.float32(0.5), 0.0, 1.0))

    def _line(self, frame: LidFrame) -> Floats:
        """Coverage of the lashes along the rim and of their shadow, [h, w] in 0..1."""
        unit = self._mesh.eye_distance
        thick = floats(np.interp(frame.along, _ALONG, _THICK))
        half = thick * np.float32(LASH * unit / 2)
        soft = np.float32(max(0.5, FRINGE * unit))
        away = np.abs(frame.above)
        core = np.clip((half - away) / (2 * soft) + 0.5, 0.0, np.minimum(half / soft, 1.0))
        reach = np.where(frame.above < 0, *(np.float32(share * unit) for share in REACH))
        shadow = thick * np.exp(-away / reach)
        return floats(1 - (1 - np.float32(DARK) * core) * (1 - np.float32(SHADOW) * shadow))


def _between(closed: float, ends: tuple[float, float]) -> np.float32:
    """0 up to the first closure, 1 from the second on, smooth between them."""
    share = np.clip((closed - ends[0]) / (ends[1] - ends[0]), 0.0, 1.0)
    return np.float32(share * share * (3.0 - 2.0 * share))
