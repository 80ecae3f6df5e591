"""Motions of the built-in bundle by the names of their coefficients."""

from __future__ import annotations

import numpy as np

from engine.arkit import EXPRESSION, MOUTH, POSE, both_sides
from engine.types import Component, Motion


def motion(**values: float) -> Motion:
    """A motion with some coefficients set; a name without Left or Right sets both sides."""
    values = both_sides(values)
    vectors = {
        part: np.array([values.pop(name, 0.0) for name in names], np.float32)
        for part, names in zip(
            (Component.MOUTH, Component.POSE, Component.EXPRESSION),
            (MOUTH, POSE, EXPRESSION),
            strict=True,
        )
    }
    assert not values, f"unknown coefficients {list(values)}"
    return Motion.of(vectors)
