"""What faces do at random: what both generators of pictures draw from.

Coefficients are the 52 of engine.arkit (mouth, then expression), 0..1; 0 is the
person's own calm face. Every draw is a plausible face: a sound of speech, perhaps
with a smile or a frown, and lids, gaze and brows that go with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from engine.arkit import EXPRESSION, MOUTH
from engine.types import Floats

NAMES: Final = (*MOUTH, *EXPRESSION)
_PLACE: Final = {name: place for place, name in enumerate(NAMES)}


def both(name: str, weight: float) -> dict[str, float]:
    """The same weight on both sides."""
    return {f"{name}Left": weight, f"{name}Right": weight}


VISEMES: Final[Mapping[str, Mapping[str, float]]] = {
    "rest": {},
    "pp": {**both("mouthPress", 0.5), "mouthRollLower": 0.3, "mouthRollUpper": 0.25},
    "aa": {**both("mouthLowerDown", 0.25), **both("mouthUpperUp", 0.1), "jawOpen": 0.55},
    "ee": {
        **both("mouthStretch", 0.3),
        **both("mouthSmile", 0.35),
        **both("mouthLowerDown", 0.45),
        **both("mouthUpperUp", 0.3),
        "jawOpen": 0.12,
    },
    "eh": {
        **both("mouthStretch", 0.2),
        **both("mouthLowerDown", 0.35),
        **both("mouthUpperUp", 0.15),
        "jawOpen": 0.3,
    },
    "oh": {"mouthFunnel": 0.6, "mouthPucker": 0.3, "jawOpen": 0.33},
    "oo": {"mouthPucker": 0.85, "mouthFunnel": 0.3, "jawOpen": 0.1},
    "ff": {**both("mouthUpperUp", 0.25), "mouthRollLower": 0.55, "jawOpen": 0.06},
    "th": {**both("mouthLowerDown", 0.25), "jawOpen": 0.2, "tongueOut": 0.12},
    "sh": {**both("mouthLowerDown", 0.2), "mouthFunnel": 0.6, "jawOpen": 0.08},
    "ss": {
        **both("mouthStretch", 0.25),
        **both("mouthLowerDown", 0.3),
        **both("mouthUpperUp", 0.15),
        "jawOpen": 0.04,
    },
    "rr": {"mouthPucker": 0.4, "mouthFunnel": 0.25, "jawOpen": 0.13},
}
"""Twelve shapes of the speaking mouth; others lie between them."""

ASIDES: Final = (
    "mouthLeft",
    "mouthRight",
    "jawLeft",
    "jawRight",
    "jawForward",
    "mouthShrugUpper",
    "mouthShrugLower",
    "mouthDimpleLeft",
    "mouthDimpleRight",
)
"""Small movements that come with any mouth."""

TURN_SPREAD: Final = (8.0, 5.0, 4.0)
TURN_MOST: Final = (20.0, 12.0, 10.0)
"""Standard deviation and bound of yaw, pitch, roll in degrees."""
SHIFT_SPREAD: Final = (0.02, 0.02, 0.025)
SHIFT_MOST: Final = (0.06, 0.06, 0.08)
"""The same for x and y in shares of the picture's width and the logarithm of scale."""


def coefficients_of(weights: Mapping[str, float]) -> Floats:
    """Named weights as coefficients [52].

    Raises:
        KeyError: a name is not one of ARKit's.
    """
    vector = np.zeros(len(NAMES), np.float32)
    for name, weight in weights.items():
        vector[_PLACE[name]] = weight
    return vector


def random_coefficients(rng: np.random.Generator) -> Floats:
    """A plausible face, [52], 0..1."""
    vector = _speech(rng) + _feeling(rng) + _lids(rng) + _gaze(rng) + _brows(rng) + _rare(rng)
    face: Floats = np.clip(vector, 0, 1).astype(np.float32)
    return face


def random_turn(rng: np.random.Generator) -> Floats:
    """Yaw, pitch and roll in degrees, [3]."""
    return _bounded(rng, TURN_SPREAD, TURN_MOST)


def random_shift(rng: np.random.Generator) -> Floats:
    """The head's way in shares of the picture's width and the logarithm of its scale, [3]."""
    return _bounded(rng, SHIFT_SPREAD, SHIFT_MOST)


def _bounded(
    rng: np.random.Generator, spread: tuple[float, ...], most: tuple[float, ...]
) -> Floats:
    drawn: Floats = np.clip(rng.normal(0, spread), -np.array(most), most).astype(np.float32)
    return drawn


def _speech(rng: np.random.Generator) -> Floats:
    """Between two visemes, mostly near one of them; one face in twelve is silent."""
    if rng.random() < 1 / 12:
        return coefficients_of({})
    names = list(VISEMES)
    first, second = rng.choice(len(names), 2)
    share = rng.random() * (0.35 if rng.random() < 0.6 else 1.0)
    mixed = (1 - share) * coefficients_of(VISEMES[names[first]])
    mixed += share * coefficients_of(VISEMES[names[second]])
    vector = mixed * rng.uniform(0.35, 1.15)
    for name in ASIDES:
        if rng.random() < 0.1:
            vector[_PLACE[name]] += rng.uniform(0, 0.3)
    return np.asarray(vector, np.float32)


def _feeling(rng: np.random.Generator) -> Floats:
    """A smile with its cheeks, a frown, or none."""
    chance = rng.random()
    if chance < 0.35:
        smile, other = rng.uniform(0.1, 0.85), rng.normal(0, 0.08)
        return coefficients_of(
            {
                "mouthSmileLeft": smile,
                "mouthSmileRight": max(0.0, smile + other),
                **both("cheekSquint", 0.5 * smile),
                **both("eyeSquint", 0.25 * smile),
            }
        )
    if chance < 0.48:
        return coefficients_of(both("mouthFrown", rng.uniform(0.1, 0.6)))
    return coefficients_of({})


def _lids(rng: np.random.Generator) -> Floats:
    """A blink or a part of one, wide eyes, narrowed eyes, or none."""
    chance = rng.random()
    if chance < 0.16:
        return coefficients_of(both("eyeBlink", 1.0))
    if chance < 0.3:
        return coefficients_of(both("eyeBlink", rng.uniform(0.15, 0.95)))
    if chance < 0.32:
        side = "Left" if rng.random() < 0.5 else "Right"
        return coefficients_of({f"eyeBlink{side}": 1.0, f"cheekSquint{side}": 0.4})
    if chance < 0.44:
        return coefficients_of(both("eyeWide", rng.uniform(0.1, 0.6)))
    if chance < 0.58:
        return coefficients_of(both("eyeSquint", rng.uniform(0.1, 0.6)))
    return coefficients_of({})


def _gaze(rng: np.random.Generator) -> Floats:
    """Half of all faces look at the camera, the others nearby; both eyes together."""
    if rng.random() < 0.5:
        return coefficients_of({})
    aside, down = np.clip(rng.normal(0, 0.28, 2), -0.7, 0.7)
    # Positive `aside` is the subject's left.
    names = ("OutLeft", "InRight") if aside > 0 else ("InLeft", "OutRight")
    sideways = {f"eyeLook{name}": float(abs(aside)) for name in names}
    upright = both("eyeLookDown" if down > 0 else "eyeLookUp", float(abs(down)))
    return coefficients_of({**sideways, **upright})


def _brows(rng: np.random.Generator) -> Floats:
    chance = rng.random()
    if chance < 0.18:
        return coefficients_of({"browInnerUp": rng.uniform(0.1, 0.8)})
    if chance < 0.36:
        up = rng.uniform(0.1, 0.8)
        inner = up * rng.uniform(0.5, 1.0)
        return coefficients_of({"browInnerUp": inner, **both("browOuterUp", up)})
    if chance < 0.4:
        side = "Left" if rng.random() < 0.5 else "Right"
        return coefficients_of({f"browOuterUp{side}": rng.uniform(0.2, 0.8)})
    if chance < 0.56:
        return coefficients_of(both("browDown", rng.uniform(0.1, 0.8)))
    return coefficients_of({})


def _rare(rng: np.random.Generator) -> Floats:
    """Puffed cheeks or a wrinkled nose."""
    chance = rng.random()
    if chance < 0.04:
        return coefficients_of({"cheekPuff": rng.uniform(0.1, 0.6)})
    if chance < 0.1:
        return coefficients_of(both("noseSneer", rng.uniform(0.1, 0.5)))
    return coefficients_of({})
