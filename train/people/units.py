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


BROW_UPPER = [70, 63, 105, 66, 107, 336, 296, 334, 293, 300]
BROW_LOWER = [46, 53, 52, 65, 55, 285, 295, 282, 283, 276]
"""The two rows of landmarks along both brows."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """`factor` on the units whose names begin with `name`, smoothed `passes` more times."""

    name: str
    factor: float
    why: str
    passes: int = 0


BROW_WHY = (
    "the inner brow rises 3 mm as made where people lift it 8; a movement that ends at the "
    "brow's edge stretches its hair, so it is spread"
)
ADJUSTMENTS = (
    Adjustment(
        "mouthPucker",
        1.8,
        "a tracker reads nothing of the plain unit on a photograph; under the lower lip the "
        "skin folds, which pixels cannot: it would be a knob on the lip",
        passes=2,
    ),
    Adjustment(
        "mouthFunnel",
        1.6,
        "MakeHuman zips the lips near the corners: smoothing takes the kink out of their edge, "
        "the factor restores the height and makes it readable",
        passes=1,
    ),
    Adjustment("mouthLowerDown", 1.4, "lower teeth must show where they do in speech"),
    Adjustment("mouthUpperUp", 1.4, "upper teeth must show where they do in speech"),
    Adjustment("browInnerUp", 3.2, BROW_WHY, passes=2),
    Adjustment("browOuterUp", 1.6, BROW_WHY, passes=2),
    Adjustment("browDown", 1.2, BROW_WHY, passes=2),
)


def transfer(
    anatomy: Anatomy, found: Sequence[tuple[Person, Place]], canonical: Canonical
) -> Floats:
    """Units as the mean over people: made symmetric, smoothed and adjusted."""
    moved = [units_on(anatomy, person, place) for person, place in found]
    units = smooth(symmetric(np.mean(moved, 0), canonical), canonical)
    return adjusted(with_whole_brows(units), canonical)


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


def with_whole_brows(units: Floats) -> Floats:
    """`units` with both rows of each brow moved alike, or raised brows would grow thick."""
    result = units.copy()
    brows = [place for place, name in enumerate(NAMES) if name.startswith("brow")]
    for rows in (BROW_UPPER, BROW_LOWER):
        result[np.ix_(brows, rows)] = (
            units[np.ix_(brows, BROW_UPPER)] + units[np.ix_(brows, BROW_LOWER)]
        ) / 2
    return result


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
