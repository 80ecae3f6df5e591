"""The face at rest of somebody who is filmed: found again in every picture, without a tremor.

What a picture tells about lips at rest is uncertain, most of all while somebody speaks. But
nobody's lips at rest change: what all pictures told is averaged, fixed to the bones of the head,
and laid into each of them. So the voice that was filmed does not shine through a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arkit import MOUTH
from engine.mesh import FaceModel, Mesh
from engine.types import Floats, floats

FIXED: Final = 0.06
"""Share of the furthest way that mouths move a point, below which it counts as bone."""
FREE: Final = 0.25
"""And from which on it is wholly placed by the average."""
MEMORY: Final = 100
"""Pictures, 4 s, over which is averaged: beards do not grow, but light and focus change."""
CUT: Final = 0.08
"""Outer eye distances by which fixed points are off where another face, or shot, has begun."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A similarity: p -> scale p rotation^T + shift."""

    rotation: Floats
    scale: float
    shift: Floats

    @classmethod
    def of(cls, source: Floats, target: Floats) -> Alignment:
        """That which brings points [n, 3] nearest to others.

        Umeyama: Least-squares estimation of transformation parameters between two point
        patterns, PAMI 1991.
        """
        middles = source.mean(axis=0), target.mean(axis=0)
        one, other = source - middles[0], target - middles[1]
        left, sizes, right = np.linalg.svd(other.T @ one)
        signs = np.ones(3)
        signs[2] = np.sign(np.linalg.det(left @ right))
        rotation = floats(left * signs @ right)
        scale = float(sizes @ signs / np.square(one).sum())
        return cls(rotation, scale, floats(middles[1] - scale * rotation @ middles[0]))

    def there(self, points: Floats) -> Floats:
        """Points [n, 3] of the source where they are in the target."""
        return floats(self.scale * points @ self.rotation.T + self.shift)

    def back(self, points: Floats) -> Floats:
        """Points [n, 3] of the target where they are in the source."""
        return floats((points - self.shift) @ self.rotation / np.float32(self.scale))


class SteadyRest:
    """One filmed person's face at rest.

    Args:
        model: tells which points a mouth moves.
    """

    def __init__(self, model: FaceModel) -> None:
        reach = np.linalg.norm(model.units[: len(MOUTH)], axis=2).max(axis=0)
        reach = reach / reach.max()
        self._fixed = np.flatnonzero(reach < FIXED)
        self._share = floats(np.clip((reach - FIXED) / (FREE - FIXED), 0.0, 1.0))[:, None]
        self._rest: Floats | None = None
        self._seen = 0

    def restart(self) -> None:
        """The next picture shows somebody else, or another shot."""
        self._rest, self._seen = None, 0

    def __call__(self, mesh: Mesh) -> Floats:
        """The rest [468, 3] of the face that was read in the next picture, in its pixels.

        Where mouths do not reach it is the picture's own.
        """
        here = mesh.neutral
        if self._rest is None:
            self._rest = here
        bones = Alignment.of(here[self._fixed], self._rest[self._fixed])
        there = bones.there(here)
        off = np.linalg.norm(there[self._fixed] - self._rest[self._fixed], axis=1).mean()
        if off > CUT * bones.scale * mesh.eye_distance:
            self.restart()
            return self(mesh)
        self._seen = min(self._seen + 1, MEMORY)
        self._rest = floats(self._rest + (there - self._rest) / self._seen)
        return floats(here + self._share * (bones.back(self._rest) - here))
