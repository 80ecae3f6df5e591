"""From a take to what the network is taught with: pairs of a portrait and a target.

The portrait is read as a user's upload is: by the product's own tracker, and drawn by its
own mesh. Beside what the mesh makes of a target lies what the target really looks like, and
from where in the mesh's picture each place should come. Made once a take and kept.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import facemesh as points
from engine.arkit import MOUTH
from engine.correction import FLOW
from engine.render import MeshIdentity
from engine.resample import resized_floats
from engine.types import Floats, Motion, Picture, floats
from models.lite.decoder import MOST_RESIDUAL
from train.takes import EYES, Take, flow, relative

STEPS: Final = 4
"""Of the fixed-point iteration for the residual."""
_BOXES: Final = (
    (*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER),
    points.EYE_RIGHT,
    points.EYE_LEFT,
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """All that one person teaches.

    Of s portraits: `portraits` uint8 [s, 128, 128, 3], `landmarks` float16 [s, 5, 128, 128],
    `readings` [s, 55]. Of n targets: `wanted` uint8 [n, 256, 256, 3], `inside` bool
    [n, 128, 128] (the inside of the mouth), `boxes` [n, 3, 4]: x0, y0, x1, y1 of mouth,
    right and left eye in shares of the width. Of m pairs: `source` and `target` [m] their
    numbers, `motions` [m, 58] mouth, pose and expression, `drawn` uint8 [m, 256, 256, 3],
    `flow` and `residual` float16 [m, 2, 64, 64] in shares of the width, `known` bool
    [m, 64, 64]: where the residual is the truth.
    """

    portraits: Picture
    landmarks: NDArray[np.float16]
    readings: Floats
    wanted: Picture
    inside: NDArray[np.bool_]
    boxes: Floats
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    motions: Floats
    drawn: Picture
    flow: NDArray[np.float16]
    residual: NDArray[np.float16]
    known: NDArray[np.bool_]

    def save(self, path: Path, made_by: str) -> None:
        """Write the pairs and what they were made by."""
        written = path.with_suffix(".part")
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        with written.open("wb") as file:
            np.savez(file, made_by=np.array(made_by), **arrays)
        written.replace(path)

    @classmethod
    def load(cls, path: Path, made_by: str) -> Pairs | None:
        """What `save` wrote, if it was made by the same."""
        if not path.exists():
            return None
        with np.load(path) as stored:
            if str(stored["made_by"]) != made_by:
                return None
            return cls(**{field.name: stored[field.name] for field in fields(cls)})


def motion_of(take: Take, target: int, source: int) -> Motion:
    """What the face of portrait `source` has to do to be picture `target`."""
    code = take.coefficients[target]
    return Motion(
        floats(code[: len(MOUTH)]), relative(take, target, source), floats(code[len(MOUTH) :])
    )


def pair_of(
    take: Take, identity: MeshIdentity, source: int, target: int
) -> tuple[Floats, Picture, Floats, Floats, NDArray[np.bool_]]:
    """Motion [58], the mesh's picture and flow, the residual and where it is known."""
    motion = motion_of(take, target, source)
    drawn, moved = identity.sketch(motion)
    mesh = resized_floats(moved, FLOW, FLOW, average=True) / np.float32(take.width)
    true, visible = flow(take, target, source)
    residual = residual_of(mesh, true)
    eyes = cv2.dilate((take.region[target] == EYES).astype(np.uint8), np.ones((5, 5)))
    painted = cv2.resize(eyes, (FLOW, FLOW), interpolation=cv2.INTER_AREA) > 0
    small = np.abs(residual).max(axis=2) < 0.9 * MOST_RESIDUAL
    return (
        np.concatenate([motion.mouth, motion.pose, motion.expression]),
        drawn,
        mesh.transpose(2, 0, 1),
        residual.transpose(2, 0, 1),
        visible & small & ~painted,
    )


def residual_of(mesh: Floats, true: Floats) -> Floats:
    """From where in a picture that was warped by `mesh` each place comes by `true`.

    r(x) with r(x) + mesh(x + r(x)) = true(x), flows [n, n, 2] in shares of the width.
    """
    size = mesh.shape[0]
    axis = np.arange(size, dtype=np.float32)
    cells = np.stack(np.meshgrid(axis, axis), axis=2)
    residual = true - mesh
    for _ in range(STEPS):
        places = cells + residual * np.float32(size)
        there = cv2.remap(
            mesh, places, np.empty(0), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        residual = true - floats(there)
    return floats(residual)


def boxes_of(take: Take) -> Floats:
    marks = take.points[..., :2] / np.float32(take.width)
    areas = [marks[:, list(area)] for area in _BOXES]
    return floats(
        np.stack([np.concatenate([a.min(axis=1), a.max(axis=1)], axis=1) for a in areas], axis=1)
    )
