"""Names of the built-in bundle's coefficients: ARKit's 52 blendshapes and six of pose.

MediaPipe, Live Link Face and Audio2Face-3D speak the same names, so any of them
can drive the built-in model. `Left` is the subject's left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

MOUTH: Final[tuple[str, ...]] = (
    "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "tongueOut",
)  # fmt: skip
EXPRESSION: Final[tuple[str, ...]] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight",
    "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
POSE: Final[tuple[str, ...]] = ("yaw", "pitch", "roll", "x", "y", "scale")
"""Degrees (yaw + turns to image right, pitch + looks down, roll + counter-clockwise in
the picture), shares of the picture's width, and the logarithm of scale."""


def both_sides(values: Mapping[str, float]) -> dict[str, float]:
    """Values by full names: the name of a pair without its side means both."""
    known = {*MOUTH, *EXPRESSION}
    full: dict[str, float] = {}
    for name, value in values.items():
        pair = (f"{name}Left", f"{name}Right")
        full |= dict.fromkeys(pair if pair[0] in known else (name,), value)
    return full


def mirrored(names: Sequence[str]) -> tuple[list[int], list[float]]:
    """How a motion is mirrored: where each coefficient comes from, and by what it is multiplied.

    Args:
        names: of a component's coefficients.
    """
    places = {name: place for place, name in enumerate(names)}
    sources = [places.get(_other_side(name), place) for name, place in places.items()]
    signs = [-1.0 if name in ("yaw", "roll", "x") else 1.0 for name in names]
    return sources, signs


def _other_side(name: str) -> str:
    """The same coefficient on the other side; the gaze of the other eye keeps in and out."""
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    return name.removesuffix("Right") + "Left"
