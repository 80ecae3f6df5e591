"""A sitting: one person's pictures with all that is known about them, a `Take`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.mesh import in_relief, pivot_of
from engine.types import Floats, Picture, floats
from train.expressions import random_coefficients, random_shift, random_turn
from train.people.booth import Booth
from train.people.clutter import random_clutter
from train.people.figure import Figure
from train.people.member import Pose
from train.people.scene import Camera
from train.people.staging import Staging, random_staging
from train.takes import Take

PLAIN_TURN: Final = 0.25
"""Share of a usual turn in the first picture, a portrait."""


READ_DEPTH: Final = 0.88
"""Share of the true depth that the tracker reads, on heads whose shape is known."""


@dataclass(frozen=True, slots=True)
class View:
    """A camera and the size of its pictures in pixels."""

    camera: Camera
    size: int

    @classmethod
    def of(cls, figure: Figure, staging: Staging, size: int) -> View:
        """Before the person's eyes, which are a little above the middle."""
        aside, up = staging.middle
        offset = np.array([aside, up - 0.075 * staging.height, staging.distance], np.float32)
        return cls(Camera(figure.eyes + offset, staging.distance, staging.height), size)

    def pixels(self, places: Floats) -> Floats:
        """Places [n, 3] in decimetres as x, y and depth away from the camera in pixels."""
        projected = self.camera.project(places)[:, :2] * self.size
        depth = self.camera.eye[2] - self.camera.distance - places[:, 2]
        return floats(np.c_[projected, depth * self.size / self.camera.height])


@dataclass(frozen=True, slots=True)
class Poses:
    """What a figure does in n pictures, the first calm and facing the camera.

    `coefficients` [n, 52], `turns` [n, 3] in degrees, `shifts` [n, 3]: decimetres aside and
    down, and the logarithm of scale.
    """

    coefficients: Floats
    turns: Floats
    shifts: Floats

    @classmethod
    def random(cls, rng: np.random.Generator, count: int, height: float) -> Poses:
        """`count` poses before a camera that shows `height` decimetres."""
        codes = np.stack([random_coefficients(rng) for _ in range(count)])
        turns = np.stack([random_turn(rng) for _ in range(count)])
        shifts = np.stack([random_shift(rng) for _ in range(count)])
        codes[0], turns[0], shifts[0] = 0, PLAIN_TURN * turns[0], 0
        shifts[:, :2] *= height
        return cls(floats(codes), floats(turns), floats(shifts))

    def of(self, figure: Figure, number: int) -> Pose:
        """The figure in one of them."""
        return figure.pose(self.coefficients[number], self.turns[number], self.shifts[number])


class Sitting:
    """A figure before a camera, and what it will do there; the same for the same seed.

    Args:
        figure: who is drawn.
        booth: draws; another figure may have been in it since.
        count: pictures that are wanted.
        seed: of light, backdrop, camera and poses, and of the camera's noise.
    """

    def __init__(self, figure: Figure, booth: Booth, count: int, seed: int) -> None:
        self.figure, self.booth = figure, booth
        self._rng = np.random.default_rng([seed, 0xCA3E])
        self.staging = random_staging(self._rng, booth.size, figure.person.backdrop)
        self._clutter = random_clutter(self._rng)
        self.view = View.of(figure, self.staging, booth.size)
        self.poses = Poses.random(self._rng, count, self.staging.height)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Pictures are taken in here."""
        with self.booth.open():
            self.booth.admit(self.figure.members)
            yield

    def picture(self, pose: Pose) -> Picture:
        """What the camera keeps of a pose of the figure, RGB uint8 [size, size, 3]."""
        self.booth.place(pose)
        light, backdrop = self.staging.light, self.staging.backdrop
        return self._clutter(self.booth.picture(self.view.camera, light, backdrop), self._rng)


def take_pictures(figure: Figure, booth: Booth, name: str, count: int, seed: int) -> Take:
    """`count` pictures of `figure`, the first calm and facing the camera."""
    sitting = Sitting(figure, booth, count, seed)
    view, poses = sitting.view, sitting.poses
    triangles, used = numbered_triangles(figure)
    pictures, points, vertices, labels = [], [], [], []
    with sitting.open():
        for pose in (poses.of(figure, number) for number in range(count)):
            pictures.append(sitting.picture(pose))
            points.append(_as_read(view.pixels(pose.landmarks)))
            vertices.append(view.pixels(_numbered(figure, pose)[used]))
            labels.append(booth.labels(view.camera))
    return Take(
        name=name,
        pictures=np.stack(pictures),
        coefficients=poses.coefficients,
        turn=poses.turns,
        points=np.stack(points),
        triangles=triangles,
        vertices=np.stack(vertices),
        shown=np.stack([label.shown for label in labels]),
        region=np.stack([label.region for label in labels]),
    )


def _as_read(points: Floats) -> Floats:
    """Landmarks with the depth that the engine's tracker would read, flatter than the truth."""
    return in_relief(points, pivot_of(points), READ_DEPTH)


def numbered_triangles(figure: Figure) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Triangles [t, 3] of all numbered members, in the booth's order, and of which of their
    vertices, one member's after the other's, their corners are made."""
    tables, start = [], 0
    for member in figure.members:
        if member.numbered:
            tables.append(member.surface.source[member.surface.triangles] + start)
            start += len(member.along)
    used, own = np.unique(np.concatenate(tables), return_inverse=True)
    return own.reshape(-1, 3).astype(np.int32), used


def _numbered(figure: Figure, pose: Pose) -> Floats:
    pairs = zip(figure.members, pose.vertices, strict=True)
    return np.concatenate([vertices for member, vertices in pairs if member.numbered])
