"""Glasses: two rims, a bridge and two temples, bent from tubes to fit a face."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine import facemesh
from engine.types import Floats, floats
from train.people.makehuman import Indices, Mesh
from train.people.person import Glasses

SIDES: Final = 6
"""Of a tube."""
AROUND: Final = 28
"""Pieces of a rim."""
OFF_FACE: Final = 0.09
"""How far the rims stand before the eyes' outer corners, in eye distances."""


def fitted(glasses: Glasses, landmarks: Floats) -> Mesh:
    """The frame on a face, `landmarks` [468, 3] in MakeHuman's axes, looking along +z."""
    corners = landmarks[[facemesh.EYE_OUTER_RIGHT, facemesh.EYE_OUTER_LEFT]]
    unit = float(np.linalg.norm(corners[1] - corners[0]))
    front = float(landmarks[[*facemesh.LID_UPPER_RIGHT, *facemesh.LID_UPPER_LEFT], 2].max())
    front = max(front, float(landmarks[[*facemesh.CREASE_RIGHT], 2].max())) + OFF_FACE * unit
    tubes = []
    inner = []
    for side, eye in ((-1, facemesh.EYE_RIGHT), (1, facemesh.EYE_LEFT)):
        middle = landmarks[list(eye)].mean(0) - [0, 0.04 * unit, 0]
        middle[0] += side * 0.02 * unit
        rim = _rim(glasses, middle, unit)
        rim[:, 2] = front - 0.12 * np.abs(rim[:, 0] - landmarks[6, 0]) ** 2 / unit
        tubes.append(_tube(rim, glasses.thickness, closed=True))
        inner.append(rim[np.abs(rim[:, 0]).argmin()] + [0, 0.08 * unit, 0])
        outer = rim[np.abs(rim[:, 0]).argmax()] + [0, 0.06 * unit, 0]
        ear = landmarks[facemesh.EAR_LEFT if side > 0 else facemesh.EAR_RIGHT]
        # Past the widest part of the head, else temples would cut through it.
        end = np.array([ear[0] + side * 0.06 * unit, outer[1], ear[2] - 0.5 * unit])
        tubes.append(_tube(np.linspace(outer, end, 6), glasses.thickness))
    bow = np.linspace(inner[0], inner[1], 7)
    bow[:, 1] += 0.03 * unit * np.sin(np.linspace(0, np.pi, 7))
    tubes.append(_tube(bow, glasses.thickness))
    return _joined(tubes)


def _rim(glasses: Glasses, middle: Floats, unit: float) -> Floats:
    """A lens's outline, a superellipse, [AROUND, 3]."""
    angle = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
    power = 0.45 + 0.55 * glasses.roundness
    x, y = np.cos(angle), np.sin(angle)
    x, y = np.sign(x) * np.abs(x) ** power, np.sign(y) * np.abs(y) ** power
    size = np.array([glasses.width, glasses.height]) * unit * 0.92
    return floats(np.c_[middle[0] + x * size[0], middle[1] + y * size[1], np.zeros(AROUND)])


def _tube(path: Floats, thickness: float, closed: bool = False) -> tuple[Floats, Indices]:
    """A tube along `path` [n, 3]: vertices [n * SIDES, 3] and quads."""
    count = len(path)
    along = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    helper = np.where(np.abs(along[:, 2:]) > 0.8, [[0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]])
    aside = np.cross(along, helper)
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    upwards = np.cross(along, aside)
    angle = np.linspace(0, 2 * np.pi, SIDES, endpoint=False)[None, :, None]
    rings = path[:, None] + thickness * (
        np.cos(angle) * aside[:, None] + np.sin(angle) * upwards[:, None]
    )
    ring, side = np.meshgrid(np.arange(count if closed else count - 1), np.arange(SIDES))
    first, second = ring.ravel(), (ring.ravel() + 1) % count
    here, there = side.ravel(), (side.ravel() + 1) % SIDES
    quads = np.stack([first * SIDES + here, second * SIDES + here,
                      second * SIDES + there, first * SIDES + there], 1)  # fmt: skip
    return floats(rings.reshape(-1, 3)), quads.astype(np.int64)


def _joined(tubes: list[tuple[Floats, Indices]]) -> Mesh:
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in tubes)])
    faces = np.concatenate(
        [quads + start for (_, quads), start in zip(tubes, starts, strict=False)]
    )
    vertices = np.concatenate([vertices for vertices, _ in tubes])
    return Mesh(
        floats(vertices), np.zeros((1, 2), np.float32), faces, faces * 0, ("glasses",) * len(faces)
    )
