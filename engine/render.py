"""Identity and motion to a picture.

Two renderers behind one protocol. `MeshRenderer` moves the portrait's own pixels by
its landmark mesh and, where the bundle has a `render` graph, lets that correct the
result: a residual displacement and a blended picture, both nothing before training.
`GraphRenderer` is for bundles whose graph makes the whole picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.backends import Graph, Tensors
from engine.errors import BundleError
from engine.eyes import Eyes
from engine.flow import Flow, Warp
from engine.lids import Lids
from engine.mesh import FaceModel, Mesh
from engine.mouth import Mouth, MouthAtlas
from engine.portrait import Portrait
from engine.resample import lookup, resized_floats, resized_picture
from engine.retouch import skin_of
from engine.tracker import Face
from engine.types import Floats, Motion, Picture

NETWORK_FLOW: Final = 64
"""Cells a side of the flow that a correcting network sees and gives back."""
NETWORK_PORTRAIT: Final = 256
"""Width in pixels of the portrait that a `portrait` graph sees."""


class Identity(Protocol):
    """One avatar, prepared once; draws pictures of `size` x `size` pixels."""

    size: int

    def draw(self, motion: Motion) -> Picture:
        """The picture of `motion`, RGB uint8 [size, size, 3]; safe from several threads."""
        ...


class Renderer(Protocol):
    """Makes identities."""

    def identity(self, portrait: Portrait, size: int) -> Identity:
        """Prepare an avatar for pictures of `size` pixels."""
        ...


class MeshRenderer:
    """The analytic face, with an optional learnt correction.

    Args:
        model: the mesh that all avatars share.
        atlas: teeth and tongue.
        encode: the bundle's `portrait` graph, if it has one.
        correct: the bundle's `render` graph, if it has one.
    """

    def __init__(
        self,
        model: FaceModel,
        atlas: MouthAtlas,
        encode: Graph | None = None,
        correct: Graph | None = None,
    ) -> None:
        self._model, self._atlas = model, atlas
        self._encode, self._correct = encode, correct

    def identity(self, portrait: Portrait, size: int) -> MeshIdentity:
        """See `Renderer.identity`."""
        correction = None
        if self._correct is not None:
            statics = _encode(self._encode, portrait.picture) if self._encode else {}
            correction = Correction(self._correct, statics)
        picture, face = resized(portrait, size)
        return MeshIdentity(self._model, self._atlas, picture, face, correction)


class MeshIdentity:
    """One avatar of the mesh renderer."""

    def __init__(
        self,
        model: FaceModel,
        atlas: MouthAtlas,
        picture: Picture,
        face: Face,
        correction: Correction | None,
    ) -> None:
        self.size = picture.shape[0]
        self._mesh = Mesh(model, face, self.size)
        self._flow = Flow(model, self._mesh, self.size)
        self._warp = Warp(self.size)
        self._skin = skin_of(picture, self._mesh)
        self._mouth = Mouth(atlas, self._mesh, picture)
        self._lids = Lids(self._mesh, picture)
        self._eyes = Eyes(self._mesh, face, picture)
        self._correction = correction

    def draw(self, motion: Motion) -> Picture:
        """See `Identity.draw`."""
        shape = self._mesh.shape(motion)
        flow = self._flow(shape)
        answer = None
        if self._correction is not None:
            answer = self._correction(motion, flow, self.size)
            flow = flow + answer.residual
        places = self._warp.places(flow)
        picture = lookup(self._skin, places)
        self._lids.paint(picture, places, shape)
        self._eyes.paint(picture, shape, motion)
        self._mouth.paint(picture, shape, motion)
        return picture if answer is None else blend(picture, answer.colour)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a correcting network says.

    `residual` float32 [g, g, 2] in pixels on the flow's grid; `colour` RGBA float32
    [n, n, 4] in 0..1.
    """

    residual: Floats
    colour: Floats


class Correction:
    """The bundle's `render` graph over the mesh.

    Inputs `mouth`, `pose`, `expression` [1, n], `flow` [1, 2, 64, 64] in shares of the
    picture's width, and whatever the `portrait` graph gave; outputs `residual`
    [1, 2, 64, 64] in the same unit and `colour` [1, 4, n, n] in 0..1.
    """

    def __init__(self, graph: Graph, statics: Mapping[str, NDArray[Any]]) -> None:
        self._graph, self._statics = graph, dict(statics)

    def __call__(self, motion: Motion, flow: Floats, size: int) -> Answer:
        """Ask the network about one picture."""
        small = resized_floats(flow, NETWORK_FLOW, NETWORK_FLOW, average=True)
        outputs = self._graph.run(
            {
                **self._statics,
                **_inputs(motion),
                "flow": np.ascontiguousarray(small.transpose(2, 0, 1)[None] / np.float32(size)),
            }
        )
        residual = outputs["residual"][0].transpose(1, 2, 0) * np.float32(size)
        enlarged = resized_floats(residual, flow.shape[1], flow.shape[0])
        return Answer(enlarged, outputs["colour"][0].transpose(1, 2, 0))


def blend(picture: Picture, colour: Floats) -> Picture:
    """`picture` + alpha x (network - picture), only where alpha says something."""
    alpha = colour[..., 3]
    rows, columns = np.flatnonzero(alpha.max(1) > 1 / 255), np.flatnonzero(alpha.max(0) > 1 / 255)
    if len(rows) == 0:
        return picture
    scale = picture.shape[0] / alpha.shape[0]
    full = resized_floats(colour, picture.shape[1], picture.shape[0])
    y = slice(int(max(rows[0] - 1, 0) * scale), int((rows[-1] + 2) * scale))
    x = slice(int(max(columns[0] - 1, 0) * scale), int((columns[-1] + 2) * scale))
    region, patch = picture[y, x], full[y, x]
    mixed = region + patch[..., 3:] * (patch[..., :3] * 255 - region)
    region[...] = np.clip(np.round(mixed), 0, 255).astype(np.uint8)
    return picture


class GraphRenderer:
    """Pictures straight out of the bundle's graphs.

    Args:
        encode: the `portrait` graph: `picture` [1, 3, 256, 256] in -1..1 to identity tensors.
        render: the `render` graph: those and `mouth`, `pose`, `expression` [1, n] to
            `picture` uint8 [1, n, n, 3].
    """

    def __init__(self, encode: Graph, render: Graph) -> None:
        self._encode, self._render = encode, render

    def identity(self, portrait: Portrait, size: int) -> GraphIdentity:
        """See `Renderer.identity`."""
        return GraphIdentity(self._render, _encode(self._encode, portrait.picture), size)


class GraphIdentity:
    """One avatar of a graph renderer."""

    def __init__(self, graph: Graph, statics: Tensors, size: int) -> None:
        self.size = size
        self._graph, self._statics = graph, statics

    def draw(self, motion: Motion) -> Picture:
        """See `Identity.draw`."""
        picture = self._graph.run({**self._statics, **_inputs(motion)})["picture"][0]
        if picture.dtype != np.uint8 or picture.ndim != 3:
            raise BundleError("the bundle's render graph does not give a uint8 picture")
        if picture.shape[0] != self.size:
            return resized_picture(picture, self.size, cv2.INTER_CUBIC)
        return np.asarray(picture, np.uint8)


def resized(portrait: Portrait, size: int) -> tuple[Picture, Face]:
    """The portrait's picture at `size` pixels, and its face in the new pixels."""
    scale = size / portrait.picture.shape[0]
    if scale == 1.0:
        return portrait.picture, portrait.face
    picture = resized_picture(portrait.picture, size)
    face = portrait.face
    moved = Face(face.points * np.float32(scale), face.coefficients, face.turn)
    return picture, moved


def _encode(graph: Graph, picture: Picture) -> Tensors:
    small = resized_picture(picture, NETWORK_PORTRAIT).astype(np.float32)
    return graph.run({"picture": small.transpose(2, 0, 1)[None] / np.float32(127.5) - 1})


def _inputs(motion: Motion) -> Tensors:
    return {
        "mouth": motion.mouth[None],
        "pose": motion.pose[None],
        "expression": motion.expression[None],
    }
