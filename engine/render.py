"""Identity and motion to a picture.

`MeshRenderer` moves the portrait's own pixels by its landmark mesh and, where the bundle
has a `render` graph, lets that correct what was drawn (`engine.correction`). For bundles
whose graphs make the whole picture there is `engine.graph_render` behind the same protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from engine.correction import SEEN, Correction, Corrector
from engine.doing import doing
from engine.eyes import Eyes
from engine.flow import Flow, Warp
from engine.lids import Lids
from engine.lips import Lips, MeshLips
from engine.mesh import FaceModel, Mesh, Shape
from engine.mouth import Mouth, MouthAtlas
from engine.overlay import overlay
from engine.portrait import Portrait
from engine.resample import lookup, resized_picture
from engine.retouch import skin_of
from engine.rim import Rim
from engine.tracker import Face
from engine.types import Component, Floats, Motion, Picture

EASED: Final = 6
"""How often a pose is made less at the most where a rim leaves too little room for it."""
STEP: Final = 1.5
"""By how much at once: a point that comes to the rim itself says nothing about how much."""


class Identity(Protocol):
    """One avatar, prepared once; draws pictures of `width` x `height` pixels."""

    @property
    def width(self) -> int:
        """Of its pictures, pixels."""
        ...

    @property
    def height(self) -> int:
        """Of its pictures, pixels."""
        ...

    @property
    def own(self) -> Mapping[Component, Floats]:
        """What the portrait's own face does, as far as the renderer can tell; from nothing on."""
        ...

    def draw(self, motion: Motion) -> Picture:
        """The picture of `motion`, RGB uint8 [height, width, 3]; safe from several threads."""
        ...


class Likeness(Identity, Protocol):
    """An avatar that is the square around a face, `size` x `size` pixels."""

    @property
    def size(self) -> int:
        """Side of its pictures, pixels."""
        ...

    def moved(self, motion: Motion) -> tuple[Picture, Floats | None]:
        """The picture of `motion`, and from where in the portrait each of its pixels came.

        That is float32 [size, size, 2]: x, y; None where the renderer cannot tell.
        """
        ...


class Renderer(Protocol):
    """Makes identities."""

    def identity(self, portrait: Portrait, size: int, rim: Rim | None = None) -> Likeness:
        """Prepare an avatar for pictures of `size` pixels.

        Args:
            portrait: who it is.
            size: of the pictures, pixels.
            rim: where they lie in a larger picture, and must not move.
        """
        ...

    def lips(self) -> Lips:
        """Something that gives one filmed person new lips."""
        ...


class MeshRenderer:
    """The analytic face, with an optional learnt correction.

    Args:
        model: the mesh that all avatars share.
        atlas: teeth and tongue.
        corrector: the bundle's graphs, if it has them.
    """

    def __init__(
        self, model: FaceModel, atlas: MouthAtlas, corrector: Corrector | None = None
    ) -> None:
        self._model, self._atlas, self._corrector = model, atlas, corrector

    def identity(self, portrait: Portrait, size: int, rim: Rim | None = None) -> MeshIdentity:
        """See `Renderer.identity`."""
        picture, face = resized(portrait, size)
        correction = self._corrector.correction(picture, face) if self._corrector else None
        return MeshIdentity(self._model, self._atlas, picture, face, correction, rim)

    def lips(self) -> MeshLips:
        """See `Renderer.lips`; they are not corrected."""
        return MeshLips(self._model, self._atlas)


class MeshIdentity:
    """One avatar of the mesh renderer."""

    def __init__(
        self,
        model: FaceModel,
        atlas: MouthAtlas,
        picture: Picture,
        face: Face,
        correction: Correction | None,
        rim: Rim | None = None,
    ) -> None:
        self.size = self.width = self.height = picture.shape[0]
        read = doing(face)
        self.own = {part: read[part] for part in Component}
        self._rim = rim if rim is not None and rim.any else None
        self._mesh = Mesh(model, face, self.size)
        self._flow = Flow(model, self._mesh, self.size, rim)
        self._warp = Warp(self.size)
        self.skin = skin_of(picture, self._mesh)
        self._mouth = Mouth(atlas, self._mesh, picture)
        self._lids = Lids(self._mesh, picture)
        self._eyes = Eyes(self._mesh, face, picture)
        self.correction = correction

    def draw(self, motion: Motion) -> Picture:
        """See `Identity.draw`."""
        return self.moved(motion)[0]

    def moved(self, motion: Motion) -> tuple[Picture, Floats]:
        """See `Likeness.moved`; the little that a correction bends is not told."""
        motion, shape = self._carried(motion)
        picture, flow, places = self._sketch(shape, motion)
        if self.correction is not None:
            opening = self._mouth.opening(shape, SEEN)
            picture = self.correction(motion, flow, picture, opening)
        return picture, places

    def sketch(self, motion: Motion) -> tuple[Picture, Floats]:
        """The mesh's own picture, and the flow in pixels, [GRID, GRID, 2], that made it."""
        motion, shape = self._carried(motion)
        picture, flow, _ = self._sketch(shape, motion)
        return picture, flow

    def _carried(self, motion: Motion) -> tuple[Motion, Shape]:
        """The motion with as much of its pose as the rim leaves room for, and the face in it."""
        shape = self._mesh.shape(motion)
        if self._rim is None:
            return motion, shape
        size = np.float32(self.size)
        for _ in range(EASED):
            strain = self._rim.strain(self._mesh.source[:, :2] / size, shape.face[:, :2] / size)
            if strain <= 1:
                break
            motion = replace(motion, pose=motion.pose / np.float32(min(strain, STEP)))
            shape = self._mesh.shape(motion)
        return motion, shape

    def _sketch(self, shape: Shape, motion: Motion) -> tuple[Picture, Floats, Floats]:
        """The mesh's picture, its flow, and where each pixel came from."""
        flow = self._flow(shape)
        places = self._warp.places(flow)
        picture = lookup(self.skin, places)
        self._paint(picture, shape, motion)
        return picture, flow, places

    def layers(self, motion: Motion) -> tuple[Floats, Floats, Floats]:
        """What a backend that warps `skin` itself needs besides: flow, overlay, opening.

        The flow is in pixels, [GRID, GRID, 2]; for the overlay see `engine.overlay`, for the
        opening of the mouth, [SEEN, SEEN], `engine.correction`.
        """
        motion, shape = self._carried(motion)
        flow = self._flow(shape)
        painted = overlay(lambda picture: self._paint(picture, shape, motion), self.size)
        return flow, painted, self._mouth.opening(shape, SEEN)

    def _paint(self, picture: Picture, shape: Shape, motion: Motion) -> None:
        self._eyes.paint(picture, shape, motion)
        self._lids.paint(picture, shape)
        self._mouth.paint(picture, shape, motion)


def resized(portrait: Portrait, size: int) -> tuple[Picture, Face]:
    """The portrait's picture at `size` pixels, and its face in the new pixels."""
    scale = size / portrait.picture.shape[0]
    if scale == 1.0:
        return portrait.picture, portrait.face
    picture = resized_picture(portrait.picture, size)
    face = portrait.face
    moved = Face(face.points * np.float32(scale), face.coefficients, face.turn)
    return picture, moved
