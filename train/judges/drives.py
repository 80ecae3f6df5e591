"""What faces are told to do when they are judged, by the names of coefficients.

A name of a pair without its side moves both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.arkit import EXPRESSION, MOUTH, POSE, both_sides
from engine.types import Component, Floats, Motion, floats

Drive = Mapping[str, float]

REST: Final = "rest"
SHEET: Final[dict[str, Drive]] = {
    REST: {},
    "aa": {"jawOpen": 0.5, "mouthLowerDown": 0.25, "mouthUpperUp": 0.1},
    "ee": {"jawOpen": 0.12, "mouthStretch": 0.3, "mouthSmile": 0.35, "mouthLowerDown": 0.4},
    "oo": {"jawOpen": 0.1, "mouthPucker": 0.8, "mouthFunnel": 0.3},
    "f": {"jawOpen": 0.06, "mouthUpperUp": 0.25, "mouthRollLower": 0.55},
    "m": {"mouthPress": 0.5, "mouthRollLower": 0.3, "mouthRollUpper": 0.25},
    "blink": {"eyeBlink": 1.0},
    "smile": {"mouthSmile": 0.7, "cheekSquint": 0.4},
    "yaw +15": {"yaw": 15.0},
    "yaw -15": {"yaw": -15.0},
    "pitch +10": {"pitch": 10.0},
    "pitch -10": {"pitch": -10.0},
}
"""Columns of the contact sheets, and the full range of motion for `identity`."""

NAMES: Final = (*MOUTH, *EXPRESSION)


def motion(drive: Drive) -> Motion:
    """The motion of a drive (KeyError if it names what no face of ours has)."""
    named = both_sides(drive)
    if unknown := named.keys() - {*NAMES, *POSE}:
        raise KeyError(*unknown)
    parts = {Component.MOUTH: MOUTH, Component.POSE: POSE, Component.EXPRESSION: EXPRESSION}
    return Motion.of(
        {part: floats([named.get(name, 0.0) for name in names]) for part, names in parts.items()}
    )


def absolute(coefficients: Floats, pose: Floats) -> Motion:
    """The motion of a take's coefficients [52] and a pose [6] relative to the portrait's."""
    return Motion(coefficients[: len(MOUTH)], pose, coefficients[len(MOUTH) :])
