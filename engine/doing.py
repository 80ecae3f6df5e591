"""What the face in a picture does, in the built-in coefficients: absolute, from nothing on."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arkit import MOUTH
from engine.tracker import Face
from engine.types import Floats, Motion, floats
from engine.watch import GAINS, NAMES

READ_NOISE: Final = 0.08
"""Readings below this are the tracker's noise."""
_GAINS: Final[Floats] = floats([GAINS.get(name, 1.0) for name in NAMES])


def doing(face: Face) -> Motion:
    """The motion by which another face does the same; its place is not told."""
    full = np.where(face.coefficients < READ_NOISE, np.float32(0), face.coefficients) * _GAINS
    read = floats(np.clip(full, 0.0, 1.0))
    pose = floats([*face.turn, 0.0, 0.0, 0.0])
    return Motion(read[: len(MOUTH)], pose, read[len(MOUTH) :])
