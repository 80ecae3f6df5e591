"""A driver's face becomes the motion of another: what is read, less the driver's own rest.

Nobody's face is at rest where a tracker's zero is: one smiles, one sits turned to the side.
What a driver does is measured from the driver's own rest, which is learnt in the first second
and whenever somebody asks, and added to the portrait's own rest. So a portrait does not
inherit the driver's features, and its head neither swells nor drifts when the driver leans
back: where the head is counts only against where it was in the last seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from engine.arkit import EXPRESSION, MOUTH, POSE, mirrored
from engine.one_euro import OneEuro
from engine.rest import Rest, share_of
from engine.steady_crop import View
from engine.types import Component, Floats, Motion, floats

NAMES: Final = (*MOUTH, *EXPRESSION)
RECENTRE_SECONDS: Final = 8.0
"""Time constant with which a head's place becomes its new rest; its turn never does."""
FACE_CM: Final = 15.0
FACE_SHARE: Final = 0.42
"""A face is so wide, and takes so much of a portrait's width."""
USUAL_CM: Final = 50.0
"""From a head to its camera."""
PLACE_GAIN: Final = 0.5
"""A crop carries half of what a head does before its border shows."""
GAINS: Final[Mapping[str, float]] = {
    "eyeBlinkLeft": 1.6,
    "eyeBlinkRight": 1.6,
    "jawOpen": 1.25,
    "mouthClose": 0.5,
    "browDownLeft": 1.3,
    "browDownRight": 1.3,
    "cheekPuff": 1.5,
    "noseSneerLeft": 1.5,
    "noseSneerRight": 1.5,
}
"""What full movements read in MediaPipe's landmarker lies below 1: a closed eye 0.6 to 0.7,
an open mouth 0.8. `mouthClose` is read whenever lips are near each other."""
PAIRS: Final = (
    ("jawLeft", "jawRight"),
    ("mouthLeft", "mouthRight"),
    ("eyeLookInLeft", "eyeLookOutLeft"),
    ("eyeLookInRight", "eyeLookOutRight"),
    ("eyeLookUpLeft", "eyeLookDownLeft"),
    ("eyeLookUpRight", "eyeLookDownRight"),
)
"""Two ends of one movement: less than at rest of the one is some of the other."""
FROWNS: Final = ("browDownLeft", "browDownRight")
RAISED: Final = (("browOuterUpLeft", "browInnerUp"), ("browOuterUpRight", "browInnerUp"))
"""Brows that are read as lowered at rest go up first by being lowered less. On films of invented
people who raise their brows, what is read then goes with what they do by 0.82, not 0.76."""
DEGREES: Final = 20.0
"""What counts as one unit of a head's turn to the filter."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tracker reads on a driver's face in one picture.

    `coefficients` float32 [52] in the order of `engine.arkit` (mouth, then expression);
    `turn` float32 [3]: yaw, pitch, roll in degrees (yaw + to image right, pitch + down,
    roll + counter-clockwise); `place` float32 [3]: the head before the camera in
    centimetres, right, up, and away from it; `view`: the picture itself, where it was read here,
    for watchers who read it themselves.
    """

    coefficients: Floats
    turn: Floats
    place: Floats
    view: View | None = None

    def vector(self) -> Floats:
        """All numbers in a row, float32 [58]."""
        return np.concatenate([self.coefficients, self.turn, self.place])


class Watches(Protocol):
    """Turns the readings of one driver into motions of a bundle's coefficients."""

    still: Motion
    """Of a face that does nothing."""
    reads_faces: bool
    """Whether it reads pictures itself, and has no use for coefficients without them."""

    @property
    def learnt(self) -> bool:
        """Whether the driver's rest is known."""
        ...

    def calibrate(self) -> None:
        """Learn the driver's rest from what comes next; the old one holds until then."""
        ...

    def __call__(
        self, reading: Reading, time: float, steadiness: float, mirror: bool = False
    ) -> Motion | None:
        """The motion of a reading; None until the driver's rest is known.

        Args:
            reading: of the driver's face.
            time: of the picture, seconds, later than the last one's.
            steadiness: see `engine.one_euro`.
            mirror: whether the driver's left is the face's right.
        """
        ...


class Watcher:
    """Watches by a tracker's coefficients; see `Watches`.

    Args:
        names: the bundle's coefficients by component; those that it does not share with
            ARKit stay at rest.
    """

    reads_faces = False

    def __init__(self, names: Mapping[Component, Sequence[str]]) -> None:
        self._places = {part: [_place(name) for name in listed] for part, listed in names.items()}
        self._mirror = {part: _swap(listed) for part, listed in names.items()}
        self.still = Motion.of({part: np.zeros(len(it), np.float32) for part, it in names.items()})
        unit = np.ones(len(NAMES) + len(POSE), np.float32)
        unit[len(NAMES) : len(NAMES) + 3] = DEGREES
        self._filter = OneEuro(unit)
        self._gains = floats([GAINS.get(name, 1.0) for name in NAMES])
        self._rest = Rest()
        self._last = 0.0

    @property
    def learnt(self) -> bool:
        """See `Watches.learnt`."""
        return self._rest.known

    def calibrate(self) -> None:
        """See `Watches.calibrate`."""
        self._rest.calibrate()

    def __call__(
        self, reading: Reading, time: float, steadiness: float, mirror: bool = False
    ) -> Motion | None:
        """See `Watches.__call__`; a mirror swaps coefficients."""
        read = reading.vector()
        self._rest.learn(read, time)
        step, self._last = time - self._last, time
        self._rest.drift(slice(len(NAMES) + 3, None), read, share_of(step, RECENTRE_SECONDS))
        rest = self._rest.settled(step)
        if rest is None:
            return None
        moved = np.concatenate([_coefficients(read, rest, self._gains), _pose(read, rest)])
        padded = np.append(self._filter(moved, time, steadiness), np.float32(0))
        motion = Motion.of({part: padded[places] for part, places in self._places.items()})
        return self._mirrored(motion) if mirror else motion

    def _mirrored(self, motion: Motion) -> Motion:
        swaps = self._mirror.items()
        return Motion.of({part: motion[part][places] * signs for part, (places, signs) in swaps})


def _coefficients(read: Floats, rest: Floats, gains: Floats) -> Floats:
    """How much further than at rest, as a share of what is left to go."""
    rest = np.clip(rest[: len(NAMES)], 0.0, 0.9)
    moved = floats((read[: len(NAMES)] - rest) / (1 - rest))
    for one, other in _PAIR_PLACES:
        moved[one], moved[other] = moved[one] - moved[other], moved[other] - moved[one]
    for frown, brows in _BROW_PLACES:
        moved[brows] += max(0.0, -moved[frown]) * _BOTH  # both frowns raise the inner brow
    return floats(np.clip(moved * gains, 0.0, 1.0))


def _pose(read: Floats, rest: Floats) -> Floats:
    """Yaw, pitch, roll in degrees; x, y as shares of the width; logarithm of the scale."""
    turn = read[len(NAMES) : len(NAMES) + 3] - rest[len(NAMES) : len(NAMES) + 3]
    right, up, away = read[-3:]
    right_rest, up_rest, away_rest = rest[-3:]
    shift = PLACE_GAIN * FACE_SHARE / FACE_CM
    nearer = np.log(max(away_rest, 1.0) / max(away, 1.0))
    return floats(
        [*turn, shift * (right - right_rest), shift * (up_rest - up), PLACE_GAIN * nearer]
    )


def turn_of(matrix: Floats) -> Floats:
    """Yaw, pitch, roll in degrees of a rotation-and-scale matrix [4, 4] (R = Ry Rx Rz)."""
    rotation = matrix[:3, :3] / np.linalg.norm(matrix[:3, 0])
    yaw = np.arctan2(rotation[0, 2], rotation[2, 2])
    pitch = np.arcsin(np.clip(-rotation[1, 2], -1.0, 1.0))
    roll = np.arctan2(rotation[1, 0], rotation[1, 1])
    return floats(np.degrees([yaw, pitch, roll]))


def place_of(matrix: Floats) -> Floats:
    """Right, up and away in centimetres of a head's transformation matrix [4, 4]."""
    right, up, nearer = matrix[:3, 3]
    return floats([right, up, -nearer])


def place_shown(x: float, y: float, scale: float) -> Floats:
    """The place of a head that is shown moved by shares of the width, and scaled (logarithm)."""
    shift = FACE_CM / FACE_SHARE
    return floats([shift * x, -shift * y, USUAL_CM * np.exp(-scale)])


def _place(name: str) -> int:
    """Where a coefficient lies in the watcher's row; behind its end if it is unknown."""
    row = (*NAMES, *POSE)
    return row.index(name) if name in row else len(row)


def _swap(names: Sequence[str]) -> tuple[list[int], Floats]:
    places, signs = mirrored(names)
    return places, floats(signs)


_BROW_PLACES: Final = tuple(
    (NAMES.index(frown), [NAMES.index(it) for it in brows])
    for frown, brows in zip(FROWNS, RAISED, strict=True)
)
_BOTH: Final = floats([1.0, 0.5])
_PAIR_PLACES: Final = tuple((NAMES.index(one), NAMES.index(other)) for one, other in PAIRS)
