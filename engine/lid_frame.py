"""Where the pixels around an eye lie on its upper lid: along the rim, and above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.resample import smooth
from engine.types import Floats, floats


@dataclass(frozen=True, slots=True)
class LidFrame:
    """The pixels of a box as an upper lid has them, all float32 [h, w].

    `along` is 0 at the outer corner of the eye and 1 at the inner one; `above` says how many
    pixels a place lies above the lid's rim, and `up` the same as a share of the lid: 0 at
    the rim, 1 at the crease.
    """

    along: Floats
    above: Floats
    up: Floats

    @classmethod
    def of(cls, rim: Floats, crease: Floats, size: tuple[int, int]) -> LidFrame:
        """The frame of a lid in a box.

        Args:
            rim: from the outer corner of the eye to the inner one, [n, 2] in the box.
            crease: above it, from the outer end to the inner one, [m, 2].
            size: height and width of the box.
        """
        axes = _axes(rim)
        origin, length = rim[0], max(float((rim[-1] - rim[0]) @ axes[0]), 1.0)
        x = np.arange(size[1], dtype=np.float32) + np.float32(0.5) - origin[0]
        y = np.arange(size[0], dtype=np.float32)[:, None] + np.float32(0.5) - origin[1]
        along = (x * axes[0, 0] + y * axes[0, 1]) / np.float32(length)
        down = x * axes[1, 0] + y * axes[1, 1]
        edge = _height(along, (smooth(rim) - origin) @ axes.T, length)
        upper = np.concatenate([rim[:1], crease, rim[-1:]])
        fold = _height(along, (upper - origin) @ axes.T, length)
        above = edge - down
        return cls(along, floats(above), floats(above / np.maximum(edge - fold, 1.0)))


def _axes(rim: Floats) -> Floats:
    """Unit vectors from the outer to the inner corner and downwards, [2, 2]."""
    way = rim[-1] - rim[0]
    right, down = way / max(float(np.linalg.norm(way)), 1e-3)
    sign = 1.0 if right > 0 else -1.0
    return floats([[right, down], [-sign * down, sign * right]])


def _height(along: Floats, curve: Floats, length: float) -> Floats:
    """How far down a curve [n, 2] lies at places along the lid, [h, w]."""
    places = np.maximum.accumulate(curve[:, 0]) / length
    return floats(np.interp(along, places, curve[:, 1]))
