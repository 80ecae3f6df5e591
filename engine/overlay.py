"""What is painted over a warped picture, as a layer of its own.

A backend that warps and blends for itself needs the painted eyes, lids and mouth apart
from the skin. All painting mixes linearly with what lies beneath: painted once on black
and once on white it tells its own colour and how much it covers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.types import Floats, Picture


def overlay(paint: Callable[[Picture], None], size: int) -> Floats:
    """What `paint` adds to a picture, float32 [size, size, 4] in 0..1.

    The first three channels are its colours, already multiplied by the fourth, its cover:
    a painted pixel is picture x (1 - cover) + colour.
    """
    black = np.zeros((size, size, 3), np.uint8)
    white = np.full_like(black, 255)
    paint(black)
    paint(white)
    colour = black.astype(np.float32) / np.float32(255)
    beneath = white.astype(np.float32) / np.float32(255) - colour
    cover = np.float32(1) - beneath.mean(axis=2, keepdims=True)
    return np.concatenate([colour, cover], axis=2)
