"""Which part of the skin lies inside the mouth."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.types import Floats
from train.people.head import Anatomy

CELL: Final = 0.01
HIDDEN: Final = 0.05
"""Size of the grid in which the closed face is seen from the front, and how far behind the
front a vertex lies that is inside, decimetres."""
REACH: Final = (0.36, 0.24)
NOSE: Final = 0.13
"""Half the width and height of the place where a mouth is, and how far above its middle the
nose's own insides begin."""


def inside_mouth(anatomy: Anatomy) -> Floats:
    """1 for vertices behind the lips of the base mesh, else 0, [n]."""
    vertices = anatomy.mesh.vertices
    teeth = np.concatenate(
        [anatomy.group_vertices(f"helper-{which}-teeth") for which in ("upper", "lower")]
    )
    middle = vertices[teeth].mean(0)
    front = vertices[teeth, 2].max()
    body = anatomy.mesh.faces[anatomy.mesh.faces_of("body")]
    near = (np.abs(vertices - middle)[:, :2] < REACH).all(1) & (vertices[:, 2] > front - 1.6)
    near &= vertices[:, 1] < middle[1] + NOSE
    triangles = np.concatenate([body[:, [0, 1, 2]], body[:, [0, 2, 3]]])
    triangles = triangles[near[triangles].any(1)]
    shape = tuple(int(2.4 * reach / CELL) for reach in REACH)
    depth = np.full(shape, -np.inf, np.float32)
    corner = middle[:2] - 1.2 * np.array(REACH)
    steps = np.linspace(0, 1, 16)
    shares = np.array([(1 - a - b, a, b) for a in steps for b in steps if a + b <= 1])
    places = np.einsum("sc,tck->tsk", shares, vertices[triangles]).reshape(-1, 3)
    cells = ((places[:, :2] - corner) / CELL).astype(int)
    inside = ((cells >= 0) & (cells < shape)).all(1)
    np.maximum.at(depth, tuple(cells[inside].T), places[inside, 2].astype(np.float32))
    candidates = np.unique(body)
    candidates = candidates[near[candidates]]
    at = ((vertices[candidates, :2] - corner) / CELL).astype(int)
    behind = depth[tuple(at.T)] - vertices[candidates, 2]
    flags = np.zeros(len(vertices), np.float32)
    flags[candidates[behind > HIDDEN]] = 1
    return flags
