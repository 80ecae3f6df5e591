"""Are mouth and eyes where they are on the true picture? Errors in pixels at 256.

Asked twice: the tracker reads our picture and the true one, which judges what is seen but
adds the tracker's own noise; and the mesh's points are put against the labels, which judges
the geometry alone, with the reading of the portrait in it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine import facemesh as points
from engine.mesh import POINTS, Mesh
from engine.tracker import FaceTracker
from engine.types import Floats, Motion, Picture, floats

MOUTH: Final = (
    *points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER[1:-1],
    *points.LIP_UPPER_INNER, *points.LIP_LOWER_INNER[1:-1],
)  # fmt: skip
EYES: Final = (*points.EYE_RIGHT, *points.EYE_LEFT)


def read(tracker: FaceTracker, picture: Picture) -> Floats | None:
    """The points [468, 3] of the largest face of a picture, if there is one."""
    faces = tracker(picture)
    if not faces:
        return None
    largest = max(faces, key=lambda face: float(np.ptp(face.points[:, 1])))
    return largest.points[:POINTS]


def errors(found: Floats, true: Floats) -> tuple[float, float]:
    """Mean distance of the points of the mouth, and of both eyes, [468, 2 or 3] each."""
    apart = np.linalg.norm(found[:, :2] - true[:, :2], axis=1)
    return float(apart[list(MOUTH)].mean()), float(apart[list(EYES)].mean())


def mesh_points(mesh: Mesh, motion: Motion) -> Floats:
    """Where the mesh puts the face's points, [468, 2]."""
    return floats(mesh.shape(motion).face[:, :2])
