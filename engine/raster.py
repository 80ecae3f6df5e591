"""Triangles drawn as numbers into a grid, all of them in a few array operations.

OpenCV draws a triangle a call: a thousand calls take three times as long, and as many times another
thread may take the interpreter's lock away. Scan conversion as ever: a row of cells crosses two
edges, and what lies between is filled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.types import Floats


def numbered(
    corners: Floats, order: NDArray[np.int64], size: int, beyond: float = 0.0
) -> NDArray[np.int32]:
    """Which triangle covers the middle of each cell, int32 [size, size].

    Args:
        corners: of n triangles, float32 [n, 3, 2]; x, y in cells, whole numbers are middles.
        order: int [m], in which they are drawn, later ones over earlier ones.
        size: cells a side.
        beyond: cells by which each reaches beyond its edges, beside, above and below.

    Returns:
        A triangle's place in `corners`, n where there is none. An edge belongs to both sides.
    """
    top, middle, bottom = _by_height(*corners.take(order, axis=0).transpose(1, 2, 0))
    reach = np.float32(beyond)
    first, rows = _between(top[1] - reach, bottom[1] + reach, size)
    of = np.repeat(np.arange(len(order)), rows)
    y = _counted(first, rows)
    height = np.clip(y.astype(np.float32), top[1].take(of), bottom[1].take(of))
    below = height >= middle[1].take(of)
    one = _crossing(top, bottom, of, height)
    other = np.where(
        below, _crossing(middle, bottom, of, height), _crossing(top, middle, of, height)
    )
    left, cells = _between(np.minimum(one, other) - reach, np.maximum(one, other) + reach, size)
    numbers = np.full(size * size, len(corners), np.int32)
    numbers[_counted(y * size + left, cells)] = np.repeat(order.take(of), cells)
    return numbers.reshape(size, size)


def _by_height(a: Floats, b: Floats, c: Floats) -> tuple[Floats, Floats, Floats]:
    """The corners of each triangle, x, y [2, n] each, from the top down."""
    a, b = _higher_first(a, b)
    b, c = _higher_first(b, c)
    return *_higher_first(a, b), c


def _higher_first(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    lower = one[1] > other[1]
    return np.where(lower, other, one), np.where(lower, one, other)


def _crossing(start: Floats, end: Floats, of: NDArray[np.intp], height: Floats) -> Floats:
    """Where edges [2, n] of triangles `of` cross rows; the same for both sides of an edge."""
    rise = end[1] - start[1]
    slope = (end[0] - start[0]) / np.where(rise > 0, rise, np.float32(1))
    crossing: Floats = start[0].take(of) + (height - start[1].take(of)) * slope.take(of)
    return crossing


def _between(low: Floats, high: Floats, size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first whole number from `low` to `high` within 0..size - 1, and how many there are."""
    first = np.clip(np.ceil(low), 0, size).astype(np.intp)
    end = np.clip(np.floor(high) + 1, 0, size).astype(np.intp)
    return first, np.maximum(end - first, 0)


def _counted(first: NDArray[np.intp], lengths: NDArray[np.intp]) -> NDArray[np.intp]:
    """first[0], first[0] + 1, ... `lengths[0]` of them, then the same from first[1] on."""
    ends = np.cumsum(lengths)
    return np.repeat(first - (ends - lengths), lengths) + np.arange(len(lengths) and ends[-1])
