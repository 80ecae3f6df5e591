"""ARKit's 52 blendshapes on MediaPipe's 468 landmarks.

MakeHuman's base mesh has the blendshapes; `landmarks` tells where the landmarks lie
on it. Units are movements at weight 1, float32 [52, 468, 3] in engine.arkit's order
(mouth, then expression), in outer eye distances (landmark 33 to 263) and image axes:
x to the right, which is the subject's left, y down, z away from the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arkit import EXPRESSION, MOUTH
from engine.facemesh import LIP_LOWER_INNER, LIP_UPPER_INNER
from engine.types import Floats
from train.people.canonical import MIRROR, Canonical, eye_distance
from train.people.head import Anatomy
from train.people.landmarks import Person, Place

NAMES = MOUTH + EXPRESSION
TO_IMAGE = np.array([1, -1, -1], np.float32)
"""From MakeHuman's axes to the image's."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """`factor` on the units whose names begin with `name`, smoothed `passes` more times."""

    name: str
    factor: float
    why: str
    passes: int = 0


ADJUSTMENTS = (
    Adjustment("mouthPucker", 1.7, "a tracker reads nothing of the plain unit on a photograph"),
    Adjustment(
        "mouthFunnel",
        2.0,
        "MakeHuman zips the lips near the corners, a rounded vowel is round: smoothing "
        "spreads the opening, and of the factor 1.5 restores its height, 1.3 makes it readable",
        passes=4,
    ),
    Adjustment("mouthLowerDown", 1.4, "lower teeth must show where they do in speech"),
    Adjustment("mouthUpperUp", 1.4, "upper teeth must show where they do in speech"),
    Adjustment("browInnerUp", 2.0, "3 mm as made: unread below twice that, people lift 8 mm"),
    Adjustment("browOuterUp", 1.5, "as browInnerUp, but made larger"),
)


def transfer(
    anatomy: Anatomy, found: Sequence[tuple[Person, Place]], canonical: Canonical
) -> Floats:
    """Units as the mean over people: made symmetric, smoothed and adjusted."""
    moved = [units_on(anatomy, person, place) for person, place in found]
    return adjusted(smooth(symmetric(np.mean(moved, 0), canonical), canonical), canonical)


def units_on(anatomy: Anatomy, person: Person, place: Place) -> Floats:
    """Units as they come from one person."""
    still = np.zeros_like(person.shape)
    units = [place.of(anatomy.express(still, {name: 1.0})) for name in NAMES]
    return np.array(units, np.float32) * TO_IMAGE / eye_distance(place.of(person.shape))


def symmetric(units: Floats, canonical: Canonical) -> Floats:
    """The mean of every unit and the mirror image of its other side's."""
    partners = [NAMES.index(other_side(name)) for name in NAMES]
    mirrored = units[partners][:, canonical.mirror] * MIRROR
    return ((units + mirrored) / 2).astype(np.float32)


def smooth(units: Floats, canonical: Canonical) -> Floats:
    """Half of each landmark's movement from its neighbours, the mouth's edge along itself."""
    around: Floats = np.einsum("ij,ujk->uik", canonical.neighbours(), units)
    blended = (units + around) / 2
    for edge in (list(LIP_UPPER_INNER), list(LIP_LOWER_INNER)):
        lip = units[:, edge]
        # Takes the kink out of mouthFunnel near the corners, which themselves stay.
        blended[:, edge[1:-1]] = lip[:, 1:-1] / 2 + (lip[:, :-2] + lip[:, 2:]) / 4
        blended[:, [edge[0], edge[-1]]] = lip[:, [0, -1]]
    return np.array(blended, np.float32)


def adjusted(
    units: Floats, canonical: Canonical, adjustments: Sequence[Adjustment] = ADJUSTMENTS
) -> Floats:
    """`units` with `adjustments`."""
    result = units.copy()
    for adjustment in adjustments:
        chosen = [name.startswith(adjustment.name) for name in NAMES]
        for _ in range(adjustment.passes):
            result[chosen] = smooth(result[chosen], canonical)
        result[chosen] *= np.float32(adjustment.factor)
    return result


def other_side(name: str) -> str:
    """The unit's name on the other side of the face; its own if it has no side."""
    if "Left" in name:
        return name.replace("Left", "Right")
    return name.replace("Right", "Left")
