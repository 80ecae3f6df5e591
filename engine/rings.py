"""What surrounds the face: rings of points that follow the head less and less.

Hair goes with the head nearly whole; the neck is held by the shoulders, which stay.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine import facemesh as points
from engine.turn import Turn
from engine.types import Floats, floats

RINGS: Final = ((1.22, 0.94, 0.75, 0.45), (1.5, 0.60, 0.25, 0.12), (2.0, 0.0, 0.0, 0.0))
"""Radius in outlines of the face, share of the pose above and beside the face, the same
below the chin, share of the expression."""
BACK: Final = (0.35, 0.9, 1.0)
"""How far each ring lies behind the outline of the face, as a share of the way to the
pivot's depth: the crown is above the ears, so that a nod shows more of it."""
BELOW: Final = (0.3, 0.8)
"""Cosine of the direction, from straight down, where below begins and where it is reached."""


class Rings:
    """The rings around one face.

    Args:
        face: its landmarks, [468, 3] in pixels.
        depth: of the pivot, in pixels.
    """

    def __init__(self, face: Floats, depth: float) -> None:
        self._outline = face[list(points.OVAL)]
        middle = self._outline[:, :2].mean(axis=0)
        away = self._outline[:, :2] - middle
        down = away[:, 1] / np.linalg.norm(away, axis=1)
        below = np.clip((down - BELOW[0]) / (BELOW[1] - BELOW[0]), 0.0, 1.0)
        self.source = floats(np.concatenate([middle + away * radius for radius, *_ in RINGS]))
        near = self._outline[:, 2]
        depths = np.concatenate([near + (depth - near) * share for share in BACK])
        self._before = np.concatenate([self.source, floats(depths)[:, None]], axis=1)
        shares = [beside + (under - beside) * below for _, beside, under, _ in RINGS]
        self._with_pose = floats(np.concatenate(shares))[:, None]
        self._with_face = floats(np.repeat([share for *_, share in RINGS], len(away)))[:, None]

    def __call__(self, still: Floats, turn: Turn) -> Floats:
        """Where the rings are, [len(RINGS) * 36, 2], around the face `still` turned by `turn`."""
        moved = still[list(points.OVAL)] - self._outline
        after = turn(self._before + self._with_face * np.tile(moved, (len(RINGS), 1)))
        return floats((self._before + self._with_pose * (after - self._before))[:, :2])
