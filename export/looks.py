"""Looks by the names of coefficients; a name of a pair without its side moves both."""

from __future__ import annotations

from typing import Final

EMOTIONS: Final[dict[str, dict[str, float]]] = {
    "warm": {"mouthSmile": 0.28, "cheekSquint": 0.2, "browInnerUp": 0.12},
    "happy": {"mouthSmile": 0.6, "cheekSquint": 0.5, "eyeSquint": 0.2, "browOuterUp": 0.1},
    "surprised": {"browInnerUp": 0.7, "browOuterUp": 0.6, "eyeWide": 0.6, "jawOpen": 0.06},
    "concerned": {"browInnerUp": 0.55, "browDown": 0.15, "mouthFrown": 0.2, "eyeSquint": 0.15},
    "sad": {"browInnerUp": 0.7, "mouthFrown": 0.5, "mouthShrugLower": 0.2, "eyeSquint": 0.2},
    "angry": {"browDown": 0.8, "noseSneer": 0.35, "eyeSquint": 0.35, "mouthPress": 0.25},
}
"""The built-in bundle's emotions."""
