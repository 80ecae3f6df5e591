"""Makes a take of a portrait: the photograph, and what the product's renderer makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.arkit import EXPRESSION, MOUTH
from engine.arrays import read_arrays
from engine.bundle import BUILTIN, Bundle
from engine.mesh import POINTS, RELIEF, FaceModel, Mesh, Shape, in_relief, pivot_of, rotation
from engine.portrait import Portrait
from engine.render import MeshRenderer, resized
from engine.renderers import mesh_renderer
from engine.tracker import Face, FaceTracker
from engine.types import Floats, Motion, floats
from train.expressions import random_coefficients, random_shift, random_turn
from train.photos.surface import Surface
from train.takes import Take, angles_of

SIZE: Final = 256
"""Pixels a side of a picture."""
MOST_TURNED: Final = (16.0, 12.0, 10.0)
"""Yaw, pitch, roll in degrees by which a photograph is turned at most: beyond, its sides
are stretched more than a target should be."""


@dataclass(frozen=True, slots=True)
class Studio:
    """What a bundle draws with: the mesh that all people share, and its renderer."""

    model: FaceModel
    renderer: MeshRenderer
    tracker: FaceTracker

    @classmethod
    def open(cls, folder: Path = BUILTIN) -> Studio:
        """From a bundle's folder; its `render` graph is left aside, the mesh is the teacher."""
        bundle = Bundle.open(folder)
        mesh = bundle.asset("mesh")
        return cls(
            FaceModel.of(read_arrays(mesh)),
            mesh_renderer(mesh, bundle.asset("mouth")),
            FaceTracker(bundle.asset("tracker")),
        )


def random_motion(rng: np.random.Generator, turn: Floats) -> Motion:
    """A plausible face in a plausible pose for a portrait whose head is turned by `turn` [3].

    Half of the portrait's own turn is taken back on average, so that heads look all ways.
    """
    code = random_coefficients(rng)
    wanted = random_turn(rng) - floats(rng.uniform(0.0, 1.0) * turn)
    angles = np.clip(wanted, -floats(MOST_TURNED), floats(MOST_TURNED))
    pose = floats([*angles, *random_shift(rng)])
    return Motion(code[: len(MOUTH)], pose, code[len(MOUTH) :])


def still_motion() -> Motion:
    """The portrait's own calm face, lips closed, not turned."""
    return Motion(*(np.zeros(count, np.float32) for count in (len(MOUTH), 6, len(EXPRESSION))))


def shoot(name: str, portrait: Portrait, studio: Studio, count: int, seed: int) -> Take:
    """A take of `count` pictures, `count` > 1.

    Number 0 is the photograph; its coefficients are what the tracker reads on the mouth,
    while the rest of the face is calm by definition. Number 1 is the calm face, lips
    closed; the others are drawn at random.
    """
    rng = np.random.default_rng(seed)
    picture, face = resized(portrait, SIZE)
    identity = studio.renderer.identity(portrait, SIZE)
    mesh = Mesh(studio.model, face, SIZE)
    surface = Surface(studio.model, mesh, face, picture)
    motions = [still_motion(), *(random_motion(rng, face.turn) for _ in range(count - 2))]
    moved = [(mesh.shape(motion), motion) for motion in motions]
    posed = [(surface.rest(), None), *moved]
    looks = [surface.look(shape, motion) for shape, motion in posed]
    return Take(
        name=name,
        pictures=np.stack([picture, *map(identity.draw, motions)]),
        coefficients=floats([_read_on_mouth(face), *map(_coefficients, motions)]),
        turn=floats([face.turn, *(_turned(face.turn, motion) for motion in motions)]),
        points=floats([face.points[:POINTS], *(_as_read(shape, mesh, face) for shape, _ in moved)]),
        triangles=surface.triangles,
        vertices=floats([surface.corners(shape, motion) for shape, motion in posed]),
        shown=np.stack([shown for shown, _ in looks]),
        region=np.stack([region for _, region in looks]),
    )


def _coefficients(motion: Motion) -> Floats:
    return np.concatenate([motion.mouth, motion.expression])


def _read_on_mouth(face: Face) -> Floats:
    """The tracker's reading of the mouth; the rest of a photograph counts as calm, as the
    mesh takes it."""
    read = face.coefficients.copy()
    read[len(MOUTH) :] = 0.0
    return read


def _turned(start: Floats, motion: Motion) -> Floats:
    """Yaw, pitch, roll of a head that was turned by `start` and turns with `motion`."""
    return angles_of(rotation(*motion.pose[:3].tolist()) @ rotation(*start.tolist()))


def _as_read(shape: Shape, mesh: Mesh, face: Face) -> Floats:
    """Landmarks [468, 3] as the tracker would read them.

    Their depth is less than the mesh's, and not eased where the face is steep: the mesh
    does both again with what it gets.
    """
    pivot = pivot_of(face.points)
    eased = in_relief(face.points[:POINTS], pivot)[:, 2] - mesh.source[:, 2]
    whole = shape.still.copy()
    whole[:, 2] += eased
    read = shape.face.copy()
    read[:, 2] = shape.turn(whole)[:, 2]
    return in_relief(read, pivot, 1.0 / RELIEF)
