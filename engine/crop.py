"""By which rule a square is taken out of a picture of somebody: as a bundle's renderer knows faces.

The mesh wants hair and shoulders. EDTalk's networks learnt from close crops: its program widens
a detector's box, which goes from the brows to the chin (0.78 of a face's height here), by 0.8
and shows the face a little above the middle; that is a square of 1.4 heights of the face. The
crop of films that it learnt from, 10 % more on each side of all places of the face, comes to the
same for somebody who moves a little. Its templates of landmarks are not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.types import Floats, floats


@dataclass(frozen=True, slots=True)
class Crop:
    """A rule, in heights of the face.

    `side` of the square, and `tightest`, which it has at the least where the picture ends
    before; `headroom`: share of it above the middle of the face; `levels`: whether the picture
    is turned until the eyes are level.
    """

    side: float
    tightest: float
    headroom: float
    levels: bool = True

    def square(self, points: Floats, room: Floats) -> tuple[float, Floats]:
        """Side and corner (x, y) of the square around a face, in pixels.

        It stays inside a picture of width and height `room` where that leaves `tightest`.

        Args:
            points: the face's landmarks [n, 3].
            room: width and height of the picture.
        """
        height = float(np.ptp(points[:468, 1]))
        side = max(min(self.side * height, float(room.min())), self.tightest * height)
        middle = points[:468, :2].mean(axis=0)
        corner = middle - side * floats([0.5, self.headroom])
        if side <= room.min():
            corner = np.clip(corner, 0.0, room - side)
        return side, floats(corner)


MESH: Final = Crop(side=2.1, tightest=1.5, headroom=0.53)
"""Hair and chin are shown wherever the picture has them."""
EDTALK: Final = Crop(side=1.4, tightest=1.4, headroom=0.5)
UNCROPPED: Final = Crop(side=float("inf"), tightest=0.0, headroom=0.5, levels=False)
"""As it is; of a picture that is no square the largest with the face in it."""
CROPS: Final[Mapping[str, Crop]] = {"mesh": MESH, "edtalk": EDTALK}
"""By the names that manifests use."""
