"""A take: all pictures of one person, and what is known about them.

Both generators of pictures (`train.people`, `train.photos`) write takes and the
training reads them; one `.npz` file a person. Pixels count from the picture's
corner, so that the middle of the first pixel lies at 0.5.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.mesh import in_relief, pivot_of, rotation
from engine.types import Floats, Picture, floats

GRID: Final = 128
"""Cells a side of `Take.shown` and `Take.region`."""
FLOW: Final = 64
"""Cells a side of a flow."""
HELD_OUT: Final = 10
"""One person in this many is never trained on."""
SAME_DEPTH: Final = 0.015
"""Shares of the width by which a place may lie behind what its picture shows there: the
depth of a cell's middle stands for all of the cell."""
RIGID: Final = (168, 6, 197, 195, 5, 33, 133, 362, 263)
"""Landmarks that keep to the skull whatever the face does, and whose depth the mesh takes as
it is read: ridge of the nose and corners of the eyes."""

BACKGROUND, SKIN, MOUTH, EYES, HAIR, CLOTHES, OTHER = range(7)
"""What `Take.region` says of a cell; MOUTH is the inside of the mouth, OTHER glasses."""


@dataclass(frozen=True, slots=True)
class Take:
    """All pictures of one person.

    `pictures` uint8 [n, 256, 256, 3], number 0 a plain portrait: face forward, calm.
    `coefficients` [n, 52] in the order of `engine.arkit`, 0 = this person's own calm face.
    `turn` [n, 3] yaw, pitch, roll in degrees, 0 = to the camera (signs of
    `engine.mesh.rotation`). `points` [n, 468, 3] landmarks in pixels, as the tracker reads
    them: their depth is what `engine.mesh.in_relief` enlarges. `triangles` int32 [t, 3] of
    the person's surface, `vertices` [n, v, 3] where its corners are: x and y in pixels, z
    away from the camera. `shown` int32 [n, 128, 128]: the triangle that each cell shows,
    -1 = nothing that moves with the surface. `region` uint8 [n, 128, 128]: BACKGROUND ..
    OTHER.
    """

    name: str
    pictures: Picture
    coefficients: Floats
    turn: Floats
    points: Floats
    triangles: NDArray[np.int32]
    vertices: Floats
    shown: NDArray[np.int32]
    region: NDArray[np.uint8]

    @property
    def width(self) -> int:
        """Of a picture in pixels."""
        return int(self.pictures.shape[2])

    def save(self, path: Path) -> None:
        """Write the take; a file that is there is whole, even if the writing is broken off."""
        written = path.with_suffix(".part")
        with written.open("wb") as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})
        written.replace(path)

    @classmethod
    def load(cls, path: Path) -> Take:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            arrays = {field.name: stored[field.name] for field in fields(cls)}
        return cls(**{**arrays, "name": str(arrays["name"])})


def held_out(name: str) -> bool:
    """Whether a person is kept for judging and must not be trained on."""
    return zlib.crc32(name.encode()) % HELD_OUT == 0


def flow(take: Take, target: int, source: int) -> tuple[Floats, NDArray[np.bool_]]:
    """From where in picture `source` each place of picture `target` comes.

    Returns:
        Displacement target to source in shares of the width, float32 [64, 64, 2] (0 where
        `target` shows no surface), and whether the place can be seen in `source`, [64, 64].
    """
    numbers = take.shown[target]
    seen = numbers >= 0
    corners = take.triangles[numbers[seen]]
    middles = _middles(take.width)[seen]
    before, after = take.vertices[target][corners], take.vertices[source][corners]
    shares = _shares(middles, before)
    way = _between(shares, after - before)
    places, depth = middles + way[:, :2], _between(shares, after)[:, 2]
    found = _visible(take, source, places, depth, numbers[seen], take.region[target][seen])
    weight = np.zeros((GRID, GRID), np.float32)
    weight[seen] = found + np.float32(1e-3)  # what is hidden counts where nothing else is known
    moved = np.zeros((GRID, GRID, 2), np.float32)
    moved[seen] = way[:, :2] / np.float32(take.width) * weight[seen][:, None]
    total = _pooled(weight)
    mean = _pooled(moved) / np.maximum(total, np.float32(1e-6))[..., None]
    return floats(mean), total >= (GRID // FLOW) ** 2 / 2


def relative(take: Take, target: int, source: int) -> Floats:
    """The engine's pose, float32 [6], that turns the head of `source` into `target`'s.

    A head at q in its own frame is seen at s R q + c, c being its pivot. So p -> (p - c) R^T s
    + c + shift (`engine.mesh.Turn`) has R = R_target R_source^T; s and the shift fit where
    the rigid part of the face is seen, in the sense of least squares.
    """
    turned = rotation(*_numbers(take.turn[target])) @ rotation(*_numbers(take.turn[source])).T
    rigid = list(RIGID)
    pivot = pivot_of(take.points[source])
    before = (in_relief(take.points[source], pivot)[rigid] - pivot) @ turned.T
    after = take.points[target][rigid, :2]
    start, end = before[:, :2].mean(axis=0), after.mean(axis=0)
    spread = before[:, :2] - start
    scale = float(np.sum(spread * (after - end)) / np.sum(spread * spread))
    shift = (end - start * scale - pivot[:2]) / take.width
    return floats([*angles_of(turned), *shift, np.log(scale)])


def angles_of(turned: Floats) -> Floats:
    """Yaw, pitch, roll in degrees of which `engine.mesh.rotation` makes this matrix [3, 3]."""
    yaw = -np.arctan2(turned[0, 2], turned[2, 2])
    pitch = np.arcsin(np.clip(-turned[1, 2], -1.0, 1.0))
    roll = -np.arctan2(turned[1, 0], turned[1, 1])
    return floats(np.degrees([yaw, pitch, roll]))


def _numbers(angles: Floats) -> tuple[float, float, float]:
    yaw, pitch, roll = angles.tolist()
    return yaw, pitch, roll


def _middles(width: int) -> Floats:
    """The middles of the cells in pixels, [GRID, GRID, 2]."""
    axis = (np.arange(GRID, dtype=np.float32) + 0.5) * np.float32(width / GRID)
    return np.stack(np.meshgrid(axis, axis), axis=2)


def _shares(places: Floats, corners: Floats) -> Floats:
    """Barycentric coordinates [m, 3] of places [m, 2] in triangles [m, 3, 2 or 3]."""
    first = corners[:, 0, :2]
    e1, e2, way = corners[:, 1, :2] - first, corners[:, 2, :2] - first, places - first
    area = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]
    flat = np.abs(area) < 1e-3
    area = np.where(flat, 1.0, area)
    second = (way[:, 0] * e2[:, 1] - way[:, 1] * e2[:, 0]) / area
    third = (e1[:, 0] * way[:, 1] - e1[:, 1] * way[:, 0]) / area
    shares = np.stack([1.0 - second - third, second, third], axis=1)
    shares[flat] = 1.0 / 3.0
    return floats(shares)


def _between(shares: Floats, corners: Floats) -> Floats:
    """Values [m, k] at places in triangles, from those at their corners [m, 3, k].

    A cell is given to a triangle that touches it; beyond a thin one its values run wild.
    """
    first, second, third = corners[:, 0], corners[:, 1], corners[:, 2]
    values = shares[:, :1] * first + shares[:, 1:2] * second + shares[:, 2:] * third
    least = np.minimum(np.minimum(first, second), third)
    most = np.maximum(np.maximum(first, second), third)
    return floats(np.minimum(np.maximum(values, least), most))


def _depth(take: Take, picture: int, cells: NDArray[np.int64]) -> Floats:
    """How far away is what cells [m] (counted by rows) show; nothing is seen beyond -infinity."""
    numbers = take.shown[picture].ravel()[cells]
    corners = take.vertices[picture][take.triangles[numbers]]
    shares = _shares(_middles(take.width).reshape(-1, 2)[cells], corners)
    return np.where(numbers < 0, np.float32(-np.inf), _between(shares, corners[..., 2:])[:, 0])


def _visible(
    take: Take,
    source: int,
    places: Floats,
    depth: Floats,
    numbers: NDArray[np.int32],
    region: NDArray[np.uint8],
) -> NDArray[np.bool_]:
    """Whether picture `source` shows the surface at places [m, 2] of this depth [m].

    One of the four cells around must show the same triangle, or nothing nearer, and be of
    the same region: a lid hides an eye that is hardly farther away.
    """
    corner = np.floor(places * np.float32(GRID / take.width) - 0.5).astype(int)
    shown, regions = take.shown[source].ravel(), take.region[source].ravel()
    found = np.zeros(len(places), np.bool_)
    for step in ((0, 0), (1, 0), (0, 1), (1, 1)):
        todo = np.flatnonzero(~found)
        x, y = (corner[todo] + step).T
        inside = (x >= 0) & (x < GRID) & (y >= 0) & (y < GRID)
        todo, cells = todo[inside], (y * GRID + x)[inside]
        alike = regions[cells] == region[todo]
        todo, cells = todo[alike], cells[alike]
        seen = shown[cells] == numbers[todo]
        other = ~seen
        behind = depth[todo[other]] - _depth(take, source, cells[other])
        seen[other] = behind <= SAME_DEPTH * take.width
        found[todo] = seen
    return found


def _pooled(values: Floats) -> Floats:
    """Sums over the cells of each cell of the flow."""
    step = GRID // FLOW
    rest = values.shape[2:]
    return floats(values.reshape(FLOW, step, FLOW, step, *rest).sum(axis=(1, 3)))
