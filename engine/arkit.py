"""Names of the built-in bundle's coefficients: ARKit's 52 blendshapes and six of pose.

MediaPipe, Live Link Face and Audio2Face-3D speak the same names, so any of them
can drive the built-in model. `Left` is the subject's left.
"""

from __future__ import annotations

from collections.abc import Mapping
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
