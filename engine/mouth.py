"""The inside of the mouth: teeth and tongue painted behind the parted lips.

The atlas shows them at several openings of the jaw, in the mouth plane: origin in the
middle of the upper front teeth's edge, x right, y down, unit = the closed mouth's width. A
tile of n pixels shows SPAN units with CENTRE in its middle (`train/people/mouth.py`).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from engine import facemesh as points
from engine.mesh import NAMES, Mesh, Shape
from engine.resample import affine, box_around, cover, lookup
from engine.types import Floats, Motion, Picture, floats

SPAN: Final = 1.8
CENTRE: Final = 0.4
CAVITY: Final = (33, 11, 11)
"""RGB of the dark behind the teeth, in good light."""
DROP: Final = 0.07
"""Mouth widths by which the upper teeth's edge hangs below the closed lip line."""
BEHIND: Final = 0.10
"""Depth of the teeth behind the lips, in outer eye distances."""
FULL_LIGHT: Final = 150.0
"""Mean brightness of a skin on which the atlas is painted as it is."""
MARGIN: Final = 4
"""Pixels around the lips that are drawn."""
TEETH_APART: Final = 0.05
"""Mouth widths between the rows of teeth below which they are drawn as closed."""
SMALLEST: Final = 1.2
"""Opening in pixels below which nothing is seen."""


class MouthAtlas:
    """Teeth and tongue at any opening of the jaw.

    Args:
        tiles: the asset `mouth`, RGBA uint8 [n, levels * n, 4]; alpha is tooth or tongue.
        lower: edge of the lower front teeth in each tile, float32 [levels], mouth widths
            below the edge of the upper ones; the levels are evenly spaced jaw openings.
    """

    def __init__(self, tiles: Picture, lower: Floats) -> None:
        size = tiles.shape[0]
        count = tiles.shape[1] // size
        alpha = tiles[..., 3:].astype(np.float32) / 255.0
        painted = tiles[..., :3] * alpha + floats(CAVITY) * (1.0 - alpha)
        self.size = size
        self._lower = lower
        self._rows = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) * SPAN + CENTRE
        self._columns = np.tile(np.arange(size, dtype=np.float32), (size, 1))
        self._tiles = [
            np.ascontiguousarray(tile) for tile in np.split(painted.astype(np.uint8), count, axis=1)
        ]

    def tile(self, jaw: float) -> Picture:
        """The mouth at jaw opening 0..1, uint8 [n, n, 3].

        The nearest tile, its lower teeth and tongue moved to where the jaw has them:
        two tiles blended would show two rows of teeth.
        """
        place = float(np.clip(jaw, 0.0, 1.0)) * (len(self._tiles) - 1)
        nearest = round(place)
        edge = float(np.interp(place, np.arange(len(self._lower)), self._lower))
        drawn = float(self._lower[nearest])
        if min(edge, drawn) < TEETH_APART:
            return self._tiles[0] if edge < TEETH_APART else self._tiles[nearest]
        y = self._rows
        between = np.where(y > 0, y * (drawn / edge), y)
        from_y = np.where(y < edge, between, y - edge + drawn)
        row = ((from_y - CENTRE) / SPAN + 0.5) * self.size - 0.5
        rows = np.broadcast_to(floats(row)[:, None], self._columns.shape)
        return lookup(self._tiles[nearest], np.dstack([self._columns, rows]))


class Mouth:
    """Paints one avatar's mouth.

    Args:
        atlas: shared by all avatars.
        mesh: the avatar's.
        portrait: its picture; the light on the face is taken from it.
    """

    def __init__(self, atlas: MouthAtlas, mesh: Mesh, portrait: Picture) -> None:
        self._atlas = atlas
        self._mesh = mesh
        self._light = _light(portrait, mesh)

    def paint(self, picture: Picture, shape: Shape, motion: Motion) -> None:
        """Paint into `picture` [size, size, 3] what the lips of `shape` uncover."""
        upper = shape.face[list(points.LIP_UPPER_INNER), :2]
        lower = shape.face[list(points.LIP_LOWER_INNER), :2]
        opening = float((lower - upper)[:, 1].max())
        if opening < SMALLEST:
            return
        outline = np.concatenate([_smooth(upper), _smooth(lower)[::-1]])
        x0, y0, x1, y1 = box_around(outline, MARGIN, picture.shape[0])
        if x1 - x0 < 3 or y1 - y0 < 3:
            return
        corner = floats([x0, y0])
        mask = cover(outline - corner, (y1 - y0, x1 - x0))
        jaw = float(motion.mouth[NAMES["jawOpen"]])
        inside = self._inside(shape, jaw, corner, (y1 - y0, x1 - x0))
        lit = inside * self._shade(mask, opening)[..., None] * self._light
        region = picture[y0:y1, x0:x1]
        mask = mask[..., None]
        region[...] = np.clip(region * (1.0 - mask) + lit * mask, 0, 255).astype(np.uint8)

    def _inside(self, shape: Shape, jaw: float, corner: Floats, size: tuple[int, int]) -> Picture:
        mesh, tile = self._mesh, self._atlas.tile(jaw)
        axes = floats([[0.0, DROP, 0.0], [1.0, DROP, 0.0], [0.0, 1.0 + DROP, 0.0]]) * np.float32(
            mesh.mouth_width
        )
        axes[:, 2] += BEHIND * mesh.eye_distance
        origin, right, down = shape.turn(axes @ mesh.facing.T + mesh.mouth_centre)[:, :2] - corner
        # tile pixel (c, r) -> plane ((c + .5) / n - .5) * SPAN, ((r + .5) / n - .5) * SPAN + CENTRE
        unit = SPAN / self._atlas.size
        across, along = right - origin, down - origin
        start = 0.5 * unit - 0.5 * SPAN
        shift = origin + across * start + along * (start + CENTRE)
        matrix = floats(np.stack([across * unit, along * unit, shift], axis=1))
        return np.asarray(affine(tile, matrix, size, border=CAVITY), np.uint8)

    def _shade(self, mask: Floats, opening: float) -> Floats:
        """Light inside the mouth, [h, w]: dark under the upper lip and in a small opening."""
        reach = max(1.0, 0.05 * self._mesh.mouth_width)
        blurred = cv2.GaussianBlur(mask, (0, 0), reach)
        lowered = floats([[1.0, 0.0, 0.0], [0.0, 1.0, 0.6 * reach]])
        shadow = affine(np.asarray(blurred), lowered, (mask.shape[0], mask.shape[1]))
        wide = min(1.0, opening / (0.30 * self._mesh.mouth_width))
        return floats((0.72 + 0.28 * wide) * (0.3 + 0.7 * shadow))


def _light(portrait: Picture, mesh: Mesh) -> Floats:
    """Factor [3] from the skin around the mouth: how bright, and a little of its colour."""
    around = mesh.source[[*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER, 1, 205, 425], :2]
    x0, y0, x1, y1 = box_around(around, 0, portrait.shape[0])
    colour = np.median(portrait[y0:y1, x0:x1].reshape(-1, 3), axis=0)
    bright = float(np.clip(np.sqrt(colour.mean() / FULL_LIGHT), 0.6, 1.1))
    tint = colour / max(colour.mean(), 1.0)
    return floats(bright * (0.8 + 0.2 * tint))


def _smooth(curve: Floats, times: int = 4) -> Floats:
    """Catmull-Rom through the points of `curve` [n, 2], `times` as many."""
    padded = np.concatenate([2 * curve[:1] - curve[1:2], curve, 2 * curve[-1:] - curve[-2:-1]])
    share = (np.arange(times, dtype=np.float32) / times)[None, :, None]
    a, b, c, d = (padded[n : len(curve) - 1 + n, None] for n in range(4))
    between = 0.5 * (
        2 * b + (c - a) * share + (2 * a - 5 * b + 4 * c - d) * share**2
        + (3 * b - a - 3 * c + d) * share**3
    )  # fmt: skip
    return np.concatenate([between.reshape(-1, 2), curve[-1:]])
