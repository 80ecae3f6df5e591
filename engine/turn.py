"""Rigid motions of a head: angles to matrices, and the point it turns about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine import facemesh as points
from engine.types import Floats, floats

PIVOT: Final = (0.47, 0.22)
"""Where a head turns, from the middle of the ears, in outer eye distances along the line
from forehead to nose and at right angles to it, inwards. The line leans by 9 degrees on a
canonical face: 0.5 below the ears and 0.15 behind them, about where the skull sits."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A rigid motion of the head: p -> (p - pivot) rotation^T scale + pivot + shift."""

    rotation: Floats
    scale: float
    pivot: Floats
    shift: Floats

    def __call__(self, places: Floats) -> Floats:
        """Move points [n, 3]."""
        turned = (places - self.pivot) @ self.rotation.T
        return floats(turned * self.scale + self.pivot + self.shift)


def pivot_of(face: Floats) -> Floats:
    """The point about which a head turns, [3], in the unit of its landmarks [468 or more, 3].

    It is fixed to the head: wherever the face is turned, and whatever the mouth does.
    """
    eyes = face[points.EYE_OUTER_LEFT] - face[points.EYE_OUTER_RIGHT]
    distance = np.linalg.norm(eyes)
    across = eyes / distance
    down = face[points.NOSE_BASE] - face[points.FOREHEAD]
    down = down - across * (across @ down)
    down = down / np.linalg.norm(down)
    ears = face[[points.EAR_RIGHT, points.EAR_LEFT]].mean(axis=0)
    return floats(ears + distance * (PIVOT[0] * down + PIVOT[1] * np.cross(across, down)))


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """Ry Rx Rz for angles in degrees: yaw + to image right, pitch + down, roll + counter-clockwise.

    For row vectors use its transpose; axes as in this module (x right, y down, z away).
    """
    y, p, r = np.radians([-yaw, pitch, -roll])
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return floats(np.array(about_y) @ np.array(about_x) @ np.array(about_z))
