"""What a portrait looks like, in numbers: whether it is fit, and what it is a case of.

Measured on the colours around known landmarks, in CIELAB (lightness 0..255, as OpenCV
gives it, the two colour axes around 0). The bounds were set by looking at 880 portraits
in the order of each measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from engine import facemesh
from engine.mesh import NAMES
from engine.portrait import Portrait
from engine.resample import fill
from engine.types import Floats, Picture, floats

CHEEKS: Final = (50, 205, 101, 280, 425, 330)
LIPS: Final = (37, 0, 267, 84, 17, 314)
UNDER_EYES: Final = ((230, 231, 229, 119, 118, 120), (450, 451, 449, 348, 347, 349))
CHIN: Final = 152
HAIR_ABOVE: Final = 0.2
"""Heights of the face above the highest landmark at which hair begins for certain."""
JAWS: Final = (172, 397)
"""Corners of the jaw, the subject's right first."""

LEAST_SPREAD: Final = 6.0
"""Spread of colours below which a picture is black and white, or toned."""
LEAST_CONTRAST: Final = 0.26
"""From the dark to the light of an open eye, in the cheeks' lightness; dark glasses and
eyes in deep shadow have less."""
DARKEST_UNDER_EYES: Final = 0.5
"""Lightness under the eyes in that of the cheeks: less is a dark glass."""
STRANGEST_UNDER_EYES: Final = 20.0
"""Distance of colours under the eyes from the cheeks': more is a coloured mirror."""
MOST_GLARE: Final = 0.03
"""Share of white reflection around an eye."""
MOST_CLOSED: Final = 0.6
"""Reading of `eyeBlink` from which the eyes are shut or something lies over them."""
WHITE: Final = (238.0, 14.0)
"""Least lightness and most colour of a reflection."""


@dataclass(frozen=True, slots=True)
class Traits:
    """Measures of one portrait.

    `spread` of its colours; `contrast` in the eyes, `under` them lightness and `strange`
    colour, `glare` around them, `closed` lids; `smile` 0..1, `tone` of the skin in degrees
    (individual typology angle, fair > 40, dark < 10), `hair` lightness 0..255 over the
    forehead, dark < 80, `styled` > 0 for red lips and hair beside the chin.
    """

    spread: float
    contrast: float
    under: float
    strange: float
    glare: float
    closed: float
    smile: float
    tone: float
    hair: float
    styled: float


def unfit(traits: Traits) -> str | None:
    """Why a portrait should not be used, or nothing."""
    if traits.spread < LEAST_SPREAD:
        return "black and white"
    if traits.closed > MOST_CLOSED:
        return "eyes shut or covered"
    if traits.under < DARKEST_UNDER_EYES or traits.strange > STRANGEST_UNDER_EYES:
        return "dark glasses"
    if traits.contrast < LEAST_CONTRAST:
        return "eyes not to be seen"
    if traits.glare > MOST_GLARE:
        return "reflections on glasses"
    return None


def traits_of(portrait: Portrait) -> Traits:
    """Measure a portrait."""
    lab = _lab(portrait.picture)
    points, read = portrait.face.points[:, :2], portrait.face.coefficients
    cheek = _colour(lab, points[list(CHEEKS)], 6)
    light = max(float(cheek[0]), 40.0)
    under = [_colour(lab, points[list(places)], 6) for places in UNDER_EYES]
    colours = lab[..., 1:].reshape(-1, 2)
    apart = np.linalg.norm(colours - np.median(colours, axis=0), axis=1)
    hair = _colour(lab, above_forehead(points), 8)
    rims = (facemesh.EYE_RIGHT, facemesh.EYE_LEFT)
    return Traits(
        spread=float(np.percentile(apart, 95)),
        contrast=min(_contrast(lab, points[list(rim)]) for rim in rims) / light,
        under=min(float(colour[0]) for colour in under) / light,
        strange=max(float(np.linalg.norm((colour - cheek)[1:])) for colour in under),
        glare=max(_glare(lab, points, rim) for rim in rims),
        closed=_mean(read, "eyeBlink"),
        smile=_mean(read, "mouthSmile"),
        tone=float(np.degrees(np.arctan2(cheek[0] / 2.55 - 50.0, cheek[2]))),
        hair=float(hair[0]),
        styled=_styled(lab, points, hair, cheek),
    )


def _lab(picture: Picture) -> Floats:
    lab = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2LAB), np.float32)
    return lab - floats([0.0, 128.0, 128.0])


def _colour(lab: Floats, places: Floats, reach: int) -> Floats:
    """Median colour [3] of the squares around places [n, 2]."""
    found = []
    for x, y in np.clip(places, 0, lab.shape[0] - 1).astype(int):
        square = lab[max(y - reach, 0) : y + reach, max(x - reach, 0) : x + reach]
        found.append(square.reshape(-1, 3))
    return floats(np.median(np.concatenate(found), axis=0))


def _mean(read: Floats, name: str) -> float:
    return float(read[NAMES[f"{name}Left"]] + read[NAMES[f"{name}Right"]]) / 2


def _contrast(lab: Floats, rim: Floats) -> float:
    inside = _within(lab, rim)[:, 0]
    if len(inside) < 10:
        return 0.0
    dark, light = np.percentile(inside, [5, 90])
    return float(light - dark)


def _within(lab: Floats, outline: Floats) -> Floats:
    mask = np.zeros(lab.shape[:2], np.uint8)
    fill(mask, outline, smooth=False)
    return lab[mask > 0]


def _glare(lab: Floats, points: Floats, rim: tuple[int, ...]) -> float:
    """Share of white around an eye where a glass would be, the eye itself left out."""
    distance = np.linalg.norm(points[facemesh.EYE_OUTER_LEFT] - points[facemesh.EYE_OUTER_RIGHT])
    middle = points[list(rim)].mean(axis=0)
    low = np.clip(middle - distance * floats([0.25, 0.14]), 0, None).astype(int)
    high = (middle + distance * floats([0.25, 0.26])).astype(int)
    mask = np.zeros(lab.shape[:2], np.uint8)
    mask[low[1] : high[1], low[0] : high[0]] = 1
    cv2.fillPoly(mask, [points[list(rim)].astype(np.int32)], (0,))
    around = lab[mask > 0]
    if len(around) == 0:
        return 0.0
    white = (around[:, 0] > WHITE[0]) & (np.linalg.norm(around[:, 1:], axis=1) < WHITE[1])
    return float(white.mean())


def above_forehead(points: Floats) -> Floats:
    """A place in the hair over the forehead, [1, 2], from points [468 or more, 2]."""
    top, chin = points[facemesh.FOREHEAD], points[CHIN]
    return floats([top - HAIR_ABOVE * (chin - top)])


def _styled(lab: Floats, points: Floats, hair: Floats, cheek: Floats) -> float:
    """Red lips, and beside the chin rather the colour of the hair than of the background."""
    wide = np.linalg.norm(points[facemesh.EAR_RIGHT] - points[facemesh.EAR_LEFT])
    side = lab.shape[0] - 20
    behind = _colour(lab, floats([[20, 20], [side, 20]]), 12)
    beside = []
    for jaw, way in zip(JAWS, (-0.14, 0.14), strict=True):
        colour = _colour(lab, (points[jaw] + wide * floats([way, 0.02]))[None], 7)
        beside.append(np.linalg.norm(colour - hair) - np.linalg.norm(colour - behind))
    red = _colour(lab, points[list(LIPS)], 3)[1] - cheek[1]
    return float(red / 4.0 - np.clip(min(beside), -100.0, 100.0) / 60.0 - 1.0)
