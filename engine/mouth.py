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
from engine.mouth_light import light_in_mouth
from engine.resample import affine, box_around, cover, lookup, smooth
from engine.seam import Seam
from engine.types import Floats, Motion, Picture, floats

SPAN: Final = 1.8
CENTRE: Final = 0.4
CAVITY: Final = (33, 11, 11)
"""RGB of the dark behind the teeth, in good light."""
DROP: Final = 0.07
"""Mouth widths by which the upper teeth's edge hangs below the closed lip line."""
BEHIND: Final = 0.10
"""Depth of the teeth behind the lips, in outer eye distances."""
SIDES: Final = 0.65
"""Light on teeth half a mouth width beside the middle: cheeks shade them."""
LOWER: Final = 0.85
"""Light on the lower teeth: the lower lip shades them."""
MARGIN: Final = 4
"""Pixels around the lips that are drawn."""
TEETH_APART: Final = 0.05
"""Mouth widths between the rows of teeth below which they are drawn as closed."""
DEEP: Final = (0.6, 0.4)
"""Light at the edge of a slit between the lips, and of a mouth that is wide open."""
SLIT: Final = 0.5
"""Light in the middle of a slit below which it gets no darker: teeth show in it."""
HOOD: Final = (6.5, 8.0, 8.5)
"""Loss of red, green and blue light in the mouth with the way of the lips before the teeth, per
outer eye distance: in a rounded vowel they leave a small dark hole, which the flesh lights red."""
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
        painted *= _in_light(size, lower)[..., None]
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
        portrait: its picture.
        light: in the mouth, see `engine.mouth_light`; the portrait tells it where it is left out.
    """

    def __init__(
        self, atlas: MouthAtlas, mesh: Mesh, portrait: Picture, light: Floats | None = None
    ) -> None:
        self._atlas = atlas
        self._mesh, self._size = mesh, portrait.shape[0]
        self._light = light_in_mouth(portrait, mesh) if light is None else light
        self._seam = Seam(mesh, portrait)

    def paint(self, picture: Picture, shape: Shape, motion: Motion) -> None:
        """Paint into `picture` [size, size, 3] what the lips of `shape` uncover."""
        self._seam.paint(picture, shape)
        upper = shape.face[list(points.LIP_UPPER_INNER), :2]
        lower = shape.face[list(points.LIP_LOWER_INNER), :2]
        opening = float((lower - upper)[:, 1].max())
        if opening < SMALLEST:
            return
        outline = np.concatenate([smooth(upper), smooth(lower)[::-1]])
        x0, y0, x1, y1 = box_around(outline, MARGIN, picture.shape[0])
        if x1 - x0 < 3 or y1 - y0 < 3:
            return
        corner = floats([x0, y0])
        mask = cover(outline - corner, (y1 - y0, x1 - x0))
        jaw = float(motion.mouth[NAMES["jawOpen"]])
        inside = self._inside(shape, jaw, corner, (y1 - y0, x1 - x0))
        lit = np.asarray(cv2.transform(inside, self._light), np.float32)
        lit *= self._shade(mask, opening)[..., None]
        lit *= self._hooded(shape)
        region = picture[y0:y1, x0:x1]
        mask = mask[..., None]
        region[...] = np.clip(region * (1.0 - mask) + lit * mask, 0, 255).astype(np.uint8)

    def opening(self, shape: Shape, cells: int) -> Floats:
        """How far the opening between the lips covers each cell of the picture, [cells, cells]."""
        scale = np.float32(cells / self._size)
        upper = shape.face[list(points.LIP_UPPER_INNER), :2]
        lower = shape.face[list(points.LIP_LOWER_INNER), :2]
        if (lower - upper)[:, 1].max() < SMALLEST:
            return np.zeros((cells, cells), np.float32)
        return cover(np.concatenate([smooth(upper), smooth(lower)[::-1]]) * scale, (cells, cells))

    def _inside(self, shape: Shape, jaw: float, corner: Floats, size: tuple[int, int]) -> Floats:
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
        return floats(affine(tile, matrix, size, border=CAVITY))

    def _shade(self, mask: Floats, opening: float) -> Floats:
        """Light inside the mouth, [h, w]: dark under the upper lip."""
        reach = max(1.0, 0.05 * self._mesh.mouth_width)
        blurred = cv2.GaussianBlur(mask, (0, 0), reach)
        lowered = floats([[1.0, 0.0, 0.0], [0.0, 1.0, 0.6 * reach]])
        shadow = affine(np.asarray(blurred), lowered, (mask.shape[0], mask.shape[1]))
        shadow = shadow / np.float32(max(SLIT, float(shadow.max())))
        wide = min(1.0, opening / (0.30 * self._mesh.mouth_width))
        deep = DEEP[0] + (DEEP[1] - DEEP[0]) * wide
        return floats(deep + (1.0 - deep) * shadow)

    def _hooded(self, shape: Shape) -> Floats:
        """Light that lips which are pushed forward leave, RGB 0..1."""
        mesh, lips = self._mesh, [*points.LIP_UPPER_INNER, *points.LIP_LOWER_INNER]
        way = (shape.still[lips] - mesh.neutral[lips]).mean(axis=0) @ mesh.facing[:, 2]
        return floats(np.exp(-np.array(HOOD) * max(0.0, -float(way) / mesh.eye_distance)))


def _in_light(size: int, lower: Floats) -> Floats:
    """Light on the atlas, float32 [size, levels * size]: less at the sides and below."""
    place = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) * SPAN
    across = 1.0 - (1.0 - SIDES) * np.clip(np.abs(place) / 0.5, 0.0, 1.0) ** 2
    down = place + CENTRE
    below = [np.clip((down - 0.5 * edge) / max(0.5 * edge, 0.02), 0.0, 1.0) for edge in lower]
    return floats(np.concatenate([np.outer(1.0 - (1.0 - LOWER) * b, across) for b in below], 1))
