"""The portrait's landmark mesh, moved by coefficients: the analytic face.

Once per avatar the landmarks become a neutral face with closed lips; per tick the 52
coefficients and the pose move it. Lengths are pixels of the portrait, axes x right,
y down, z away from the camera, projection parallel. `flow.py` turns the result into
a picture's displacement, `mouth.py` and `eyes.py` paint what no warp can give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine import facemesh as points
from engine.arkit import EXPRESSION, MOUTH
from engine.relief import POINTS as POINTS
from engine.relief import RELIEF as RELIEF
from engine.relief import in_relief as in_relief
from engine.relief import solid as solid
from engine.rings import RINGS as RINGS
from engine.rings import Rings
from engine.tracker import Face
from engine.turn import Turn as Turn
from engine.turn import pivot_of as pivot_of
from engine.turn import rotation as rotation
from engine.types import Floats, Motion, floats

NAMES: Final = {name: place for place, name in enumerate((*MOUTH, *EXPRESSION))}

SMILE_REMOVED: Final = 0.8
"""Share of the mouth coefficients read on the portrait that is taken away: all of it
would overshoot, because the tracker reads more than the transferred units move."""
READ_SHAPE: Final = (0.1, 0.5)
"""Readings up to the first are taken for the mouth's shape, from the second on for what it
does: a third of a smile is read on mouths that do nothing."""
LIP_REACH: Final = 0.33
"""How far closing the lips reaches, in mouth widths (standard deviation)."""
LID_FOLLOWS: Final = 0.35
"""Share of the opening by which the upper lid sinks with a full look down."""
CREASE_FOLLOWS: Final = 0.5
"""Share of the upper lid's way that the crease above goes along."""
OVERLAP: Final = 0.025
"""Outer eye distances by which the upper lid goes beyond the rim of the open lower one, and
takes it along: closed lashes lie below it, and lids that blink meet before the end."""


@dataclass(frozen=True, slots=True)
class FaceModel:
    """What is the same for all avatars; arrays of the bundle's `mesh` asset.

    `units` float32 [52, 468, 3] in outer eye distances, `triangles` int [n, 3] of the
    face less its openings, `closing` float32 [468] how far a point goes with its lip
    (upper +, lower -), `partner` int [468] the inner-lip pair it goes with.
    """

    units: Floats
    triangles: NDArray[np.int64]
    closing: Floats
    partner: NDArray[np.int64]

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> FaceModel:
        """From the arrays `units`, `triangles` and `canonical` of the asset."""
        units = arrays["units"].astype(np.float32)
        for name, place in NAMES.items():
            if name.startswith(("eyeLook", "eyeBlink")):
                units[place] = 0.0  # lids and gaze are placed exactly, not by transferred units
        triangles = arrays["triangles"].astype(np.int64)
        openings = (
            {*points.LIP_UPPER_INNER, *points.LIP_LOWER_INNER},
            set(points.EYE_RIGHT),
            set(points.EYE_LEFT),
        )
        for opening in openings:
            triangles = triangles[~np.isin(triangles, list(opening)).all(axis=1)]
        closing, partner = lip_weights(arrays["canonical"].astype(np.float32))
        return cls(units, triangles, closing, partner)


def lip_weights(canonical: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """How each point goes with the lips: signed weight [468] and inner-lip pair [468].

    Args:
        canonical: the canonical face, float32 [468, 3], y up.
    """
    upper = canonical[list(points.LIP_UPPER_INNER)]
    lower = canonical[list(points.LIP_LOWER_INNER)]
    line = (upper[:, 1] + lower[:, 1]) / 2
    side = np.sign(canonical[:, 1] - np.interp(canonical[:, 0], upper[:, 0], line))
    side[[*points.LIP_UPPER_INNER, *points.LIP_UPPER_OUTER]] = 1.0
    side[[*points.LIP_LOWER_INNER[1:-1], *points.LIP_LOWER_OUTER[1:-1]]] = -1.0
    distances = [np.linalg.norm(canonical[:, None] - lip[None], axis=2) for lip in (upper, lower)]
    above = side > 0
    partner = np.where(above, distances[0].argmin(1), distances[1].argmin(1))
    nearest = np.where(above, distances[0].min(1), distances[1].min(1))
    width = np.linalg.norm(upper[0] - upper[-1])
    weight = np.exp(-((nearest / (LIP_REACH * width)) ** 2)) * side
    return weight.astype(np.float32), partner


@dataclass(frozen=True, slots=True)
class Shape:
    """The face in one tick.

    `still` [468, 3] is the face before the head's turn, `face` after it, `rings`
    [len(RINGS) * 36, 2] the points around it, `turn` what moved it.
    """

    still: Floats
    face: Floats
    rings: Floats
    turn: Turn


class Mesh:
    """One avatar's face.

    Args:
        model: what all avatars share.
        face: what was read on the portrait, in its pixels.
        width: of the portrait in pixels.
    """

    def __init__(self, model: FaceModel, face: Face, width: int) -> None:
        self._model = model
        self._width = width
        self._pivot = pivot_of(face.points)
        self.source = solid(face.points)
        self._rings = Rings(self.source, float(self._pivot[2]))
        self.source_rings = self._rings.source
        eyes = self.source[[points.EYE_OUTER_RIGHT, points.EYE_OUTER_LEFT]]
        self.eye_distance = float(np.linalg.norm(eyes[0] - eyes[1]))
        self.facing = rotation(*(float(angle) for angle in face.turn))
        self._units = self.eye_distance * model.units @ self.facing.T
        self.settle(self._close(self._without_speech(face)))

    def settle(self, neutral: Floats) -> None:
        """Take this face, float32 [468, 3] in pixels of the portrait, for the one at rest."""
        self.neutral = neutral
        corners = self.neutral[[points.LIP_UPPER_INNER[0], points.LIP_UPPER_INNER[-1]]]
        self.mouth_width = float(np.linalg.norm(corners[0] - corners[1]))
        middle = self.neutral[[points.LIP_UPPER_INNER[5], points.LIP_LOWER_INNER[5]]]
        self.mouth_centre = 0.3 * corners.mean(axis=0) + 0.7 * middle.mean(axis=0)

    def shape(self, motion: Motion) -> Shape:
        """The face that does `motion` (pose relative to the portrait's own)."""
        code = np.concatenate([motion.mouth, motion.expression])
        active = np.flatnonzero(code)
        still = self.neutral + floats(np.tensordot(code[active], self._units[active], (0, 0)))
        self._part_lips(still)
        self._set_lids(still, code)
        turn = self._turn(motion.pose)
        face = turn(still)
        return Shape(still, face, self._rings(still, turn), turn)

    def _without_speech(self, face: Face) -> Floats:
        read = face.coefficients.copy()
        read[len(MOUTH) :] = 0.0
        low, high = READ_SHAPE
        read *= SMILE_REMOVED * np.clip((read - low) / (high - low), 0.0, 1.0)
        return self.source - floats(np.tensordot(read, self._units, (0, 0)))

    def _gap(self, face: Floats) -> Floats:
        return face[list(points.LIP_LOWER_INNER)] - face[list(points.LIP_UPPER_INNER)]

    def _close(self, face: Floats) -> Floats:
        """Bring the inner lips together, whatever the portrait does."""
        move = 0.5 * self._gap(face)[self._model.partner]
        closed: Floats = face + self._model.closing[:, None] * move
        return closed

    def _part_lips(self, face: Floats) -> None:
        """Lips may touch but never cross."""
        crossed = np.minimum(self._gap(face)[:, 1], 0.0)
        if crossed.any():
            face[:, 1] += self._model.closing * 0.5 * crossed[self._model.partner]

    def _set_lids(self, face: Floats, code: Floats) -> None:
        for side, upper, lower, crease in (
            ("Right", points.LID_UPPER_RIGHT, points.LID_LOWER_RIGHT, points.CREASE_RIGHT),
            ("Left", points.LID_UPPER_LEFT, points.LID_LOWER_LEFT, points.CREASE_LEFT),
        ):
            looks = code[NAMES[f"eyeLookDown{side}"]] - 0.4 * code[NAMES[f"eyeLookUp{side}"]]
            blink = float(code[NAMES[f"eyeBlink{side}"]])
            closed = min(1.0, blink + (1.0 - blink) * LID_FOLLOWS * float(looks))
            opening = face[list(lower)] - face[list(upper)]
            widest = max(float(np.linalg.norm(opening, axis=1).max()), 1.0)
            way = closed + OVERLAP * self.eye_distance * blink / widest
            face[list(lower)] += np.float32(max(way - 1.0, 0.0)) * opening
            face[list(upper)] += np.float32(way) * opening
            face[list(crease)] += np.float32(CREASE_FOLLOWS * closed) * opening

    def _turn(self, pose: Floats) -> Turn:
        yaw, pitch, roll, x, y, scale = (float(value) for value in pose)
        shift = floats([x * self._width, y * self._width, 0.0])
        return Turn(rotation(yaw, pitch, roll), float(np.exp(scale)), self._pivot, shift)
