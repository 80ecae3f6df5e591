"""MediaPipe's canonical face mesh: 468 landmarks, 898 triangles, and who mirrors whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.facemesh import (
    EYE_LEFT,
    EYE_OUTER_LEFT,
    EYE_OUTER_RIGHT,
    EYE_RIGHT,
    LIP_LOWER_INNER,
    LIP_UPPER_INNER,
)
from engine.types import Floats
from train.people.makehuman import Indices, Mesh, read_obj

OPENINGS = (LIP_UPPER_INNER + LIP_LOWER_INNER, EYE_RIGHT, EYE_LEFT)
MIRROR = np.array([-1, 1, 1], np.float32)
"""To the other side of the face."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """`vertices` [468, 3] in centimetres (x to the subject's left, y up, z out of the face).

    `triangles` [898, 3]; `mirror` [468] is the landmark on the other side of each.
    """

    vertices: Floats
    triangles: Indices
    mirror: Indices

    @classmethod
    def of(cls, mesh: Mesh) -> Canonical:
        """Find the mirror images in `mesh`, whose plane of symmetry is x = 0."""
        flipped = mesh.vertices * MIRROR
        distance = np.linalg.norm(flipped[:, None] - mesh.vertices[None], axis=2)
        return cls(mesh.vertices, mesh.faces[:, :3], distance.argmin(1))

    def neighbours(self) -> Floats:
        """Share of each landmark in the mean of another's neighbours, [468, 468], rows sum to 1.

        The triangles that close mouth and eyes do not count: they would glue lips and lids.
        """
        count = len(self.vertices)
        joined = np.zeros((count, count), np.float32)
        closing = [np.isin(self.triangles, opening).all(1) for opening in OPENINGS]
        skin = self.triangles[~np.any(closing, 0)]
        for first, second in ((0, 1), (1, 2), (2, 0)):
            joined[skin[:, first], skin[:, second]] = 1
            joined[skin[:, second], skin[:, first]] = 1
        shares: Floats = joined / np.maximum(joined.sum(1, keepdims=True), 1)
        return shares


def read_canonical(path: Path) -> Canonical:
    return Canonical.of(read_obj(path))


def eye_distance(landmarks: Floats) -> float:
    """Distance of the eyes' outer corners, the unit of length of all movement."""
    return float(np.linalg.norm(landmarks[EYE_OUTER_LEFT] - landmarks[EYE_OUTER_RIGHT]))
