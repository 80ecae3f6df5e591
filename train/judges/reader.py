"""What the face tracker says that a picture does: coefficients, turn, and where points are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine import facemesh as points
from engine.arkit import EXPRESSION, MOUTH
from engine.tracker import Face, FaceTracker
from engine.types import Floats, Picture, floats
from train.takes import angles_of

_NAMES: Final = (*MOUTH, *EXPRESSION)
UPPER_LIP, LOWER_LIP = 13, 14
RIGID: Final = (168, 6, 197, 195, 5, 33, 133, 362, 263, 127, 356, 234, 454)
"""Points that no face moves by itself: ridge of the nose, eye corners, temples, ears."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One picture as it is read.

    `values` by name: the mean of both sides for pairs, and the tracker's `yaw`, `pitch`,
    `roll` in degrees. `gap` of the lips in outer eye distances.
    """

    values: dict[str, float]
    gap: float
    points: Floats

    @classmethod
    def of(cls, face: Face) -> Reading:
        """What matters of a face."""
        by_name = dict(zip(_NAMES, face.coefficients.tolist(), strict=True))
        values: dict[str, float] = {}
        for name, value in by_name.items():
            if name.endswith("Left"):
                stem = name.removesuffix("Left")
                values[stem] = (value + by_name[f"{stem}Right"]) / 2
            elif not name.endswith("Right"):
                values[name] = value
        values |= dict(zip(("yaw", "pitch", "roll"), face.turn.tolist(), strict=True))
        return cls(values, gap_of(face.points), face.points[:468])


def gap_of(marks: Floats) -> float:
    """How far the lips are apart, in outer eye distances."""
    eyes = np.linalg.norm(marks[points.EYE_OUTER_RIGHT, :2] - marks[points.EYE_OUTER_LEFT, :2])
    return float(np.linalg.norm(marks[LOWER_LIP, :2] - marks[UPPER_LIP, :2]) / eyes)


class Reader:
    """Reads pictures and counts those without a face."""

    def __init__(self, tracker: FaceTracker) -> None:
        self._tracker = tracker
        self.read = self.lost = 0

    def __call__(self, picture: Picture) -> Reading | None:
        """The largest face of a picture."""
        faces = self._tracker(picture)
        self.read += 1
        if not faces:
            self.lost += 1
            return None
        return Reading.of(max(faces, key=lambda face: float(np.ptp(face.points[:, 1]))))


def head_turn(before: Floats, after: Floats) -> Floats:
    """Yaw, pitch, roll in degrees that the rigid points [468, 3] of a face turned.

    The scaled orthographic fit of DeMenthon and Davis (1995, without its iterations) of the
    face before to the picture after. It asks nothing of the depth after, which the tracker
    guesses, and unlike the tracker's own turn it does not look at the lips.
    """
    one, other = (marks[list(RIGID)].astype(np.float64) for marks in (before, after))
    seen = (other - other.mean(axis=0))[:, :2]
    fitted = np.linalg.lstsq(one - one.mean(axis=0), seen, rcond=None)[0].T
    u, _, v = np.linalg.svd(fitted, full_matrices=False)
    across, down = u @ v
    return angles_of(floats(np.stack([across, down, np.cross(across, down)])))
