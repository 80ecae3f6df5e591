"""Readings of a driver's face, by the names of their coefficients."""

from __future__ import annotations

from engine.arkit import both_sides
from engine.types import floats
from engine.watch import NAMES, Reading


def reading(
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0),
    place: tuple[float, float, float] = (0.0, 0.0, 50.0),
    **values: float,
) -> Reading:
    """A reading with some coefficients set; a name without Left or Right sets both sides."""
    full = both_sides(values)
    coefficients = floats([full.pop(name, 0.0) for name in NAMES])
    assert not full, f"unknown coefficients {list(full)}"
    return Reading(coefficients, floats(turn), floats(place))
