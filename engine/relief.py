"""How deep a face is: the tracker's reading of it, corrected."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine import facemesh as points
from engine.turn import pivot_of
from engine.types import Floats, floats

POINTS: Final = 468
"""Landmarks of the face; the tracker's further ten are the irises."""
RELIEF: Final = 1.65
"""Depth of the face in units of what the tracker reads. On heads whose shape is known it
reads 0.88 of the depth, a camera a metre away sees what is near move faster, and STEEPEST
takes some. Turned by 12 degrees such a head reads 10.7; with the depth as read, ours 8."""
LEAN: Final = 0.08
"""Depth per way down the face that the tracker reads too much: chins lie behind the bridge of
the nose by a quarter of the eyes' distance in its readings of photographs and of invented
people, and by an eighth on the latter's true heads, 0.1 in all. Mouths lagged behind turning
heads; where all of it goes, the tracker reads less of an open mouth on a turned head."""
STEEPEST: Final = 2.8
"""Depth per distance in the picture at most. What the portrait shows at a steeper angle is a
few pixels wide, its own edge among them: turned to the front it would be streaks."""


def solid(face: Floats) -> Floats:
    """The face [468, 3] as it is turned, from landmarks [468 or more, 3] as they are read."""
    return _less_steep(_upright(in_relief(face[:POINTS], pivot_of(face))))


def in_relief(face: Floats, pivot: Floats, relief: float = RELIEF) -> Floats:
    """A copy of `face` [n, 3], its depth enlarged about the pivot's."""
    deep = face.copy()
    deep[:, 2] = pivot[2] + np.float32(relief) * (face[:, 2] - pivot[2])
    return deep


def _upright(face: Floats) -> Floats:
    """A copy of `face` [n, 3] whose lower part is not farther away than it is."""
    eyes = face[[points.EYE_OUTER_RIGHT, points.EYE_OUTER_LEFT], :2]
    across = (eyes[1] - eyes[0]) / max(float(np.linalg.norm(eyes[1] - eyes[0])), 1e-6)
    down = (face[:, :2] - eyes.mean(axis=0)) @ floats([-across[1], across[0]])
    straight = face.copy()
    straight[:, 2] -= np.float32(LEAN) * down
    return straight


def _less_steep(face: Floats) -> Floats:
    """A copy of `face` [n, 3] whose depth nowhere grows by more than `STEEPEST`."""
    eased = face.copy()
    apart = np.linalg.norm(face[:, None, :2] - face[None, :, :2], axis=2)
    eased[:, 2] = (face[:, 2] + STEEPEST * apart).min(axis=1)
    return eased
