"""The rim of a square that lies in a larger picture: it stays, so that nothing is cut.

Beyond such a square the picture goes on and does not move. Towards it a displacement may
go half the way at most, so that hair and neck are pressed together there but never folded;
at the rim itself, and where the square is blended into the picture, there is none. A head
turns no further than its face can go with it whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.placement import Placement
from engine.types import Floats, floats

FEATHER: Final = 0.03
"""Width of the rim that is blended into the picture, in sides of the square."""
EDGE: Final = 0.5
"""Share of the way to the rim that a displacement may go."""


@dataclass(frozen=True, slots=True)
class Rim:
    """At which sides of a square its picture goes on."""

    left: bool = False
    top: bool = False
    right: bool = False
    bottom: bool = False

    @classmethod
    def of(cls, place: Placement) -> Rim:
        """Those sides of a placed square that lie inside its picture, if only in part."""
        height, width = place.room
        a, b, c, d = place.corners.round(3)
        sides = ((d, a), (a, b), (b, c), (c, d))
        return cls(*(_crosses(one, other, width, height) for one, other in sides))

    @property
    def any(self) -> bool:
        """Whether there is such a side."""
        return self.left or self.top or self.right or self.bottom

    def distance(self, cells: int) -> Floats:
        """How far each cell's middle is from the next such side, in sides, [cells, cells]."""
        axis = (np.arange(cells, dtype=np.float32) + 0.5) / np.float32(cells)
        far = np.full(cells, np.inf, np.float32)
        across = np.minimum(axis if self.left else far, 1 - axis if self.right else far)
        down = np.minimum(axis if self.top else far, 1 - axis if self.bottom else far)
        return floats(np.minimum(across[None, :], down[:, None]))

    def most(self, cells: int) -> Floats:
        """How far a cell may be displaced in x and in y, in sides, [cells, cells, 1]."""
        free = np.clip(self.distance(cells) - np.float32(FEATHER), 0.0, 1.0)
        return floats(EDGE * free)[..., None]

    def strain(self, before: Floats, after: Floats) -> float:
        """How far points [n, 2] are moved, in the most that is allowed where they get to.

        Both in sides of the square. Up to 1 all of it is shown.
        """
        free = np.full(len(after), np.inf, np.float32)
        for here, axis, end in (
            (self.left, 0, 0.0), (self.top, 1, 0.0), (self.right, 0, 1.0), (self.bottom, 1, 1.0),
        ):  # fmt: skip
            if here:
                free = np.minimum(free, np.abs(after[:, axis] - np.float32(end)))
        most = EDGE * np.maximum(free - np.float32(FEATHER), np.float32(1e-3))
        return float((np.abs(after - before).max(axis=1) / most).max())

    def feather(self, pixels: int) -> Floats:
        """How much of each pixel of the square is seen, [pixels, pixels] in 0..1."""
        share = np.clip(self.distance(pixels) / np.float32(FEATHER), 0.0, 1.0)
        return floats(share * share * (3 - 2 * share))


def _crosses(one: Floats, other: Floats, width: int, height: int) -> bool:
    """Whether any of the line between two places lies within a picture, not on its edge."""
    share = np.linspace(0.0, 1.0, 65)[:, None]
    x, y = (one + share * (other - one)).T
    return bool(((x > 0) & (x < width) & (y > 0) & (y < height)).any())
