"""Puts an invented person together from MakeHuman's material, in front of a camera."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.types import Floats, Picture
from train.people.colour import Colour, dyed, enlarged, faded, plain, toned, with_iris
from train.people.head import Anatomy, read_texture
from train.people.makehuman import Mesh, Proxy, read_proxy
from train.people.material import BROW, CLOTH, CORNEA, EYE, HAIR, SKIN, Material, Piece
from train.people.person import FRIENDLY, Person, shape_of
from train.people.scene import Camera, Part, Surface
from train.people.smooth import finer

BELOW_NECK: Final = 4.0
"""How far below the neck's joint anything is drawn, decimetres."""
SINK: Final = 0.12
"""How far skin under clothes is pushed in, decimetres: rounded edges must not cross."""
FRINGE: Final = 0.3
"""To which share a fringe is squeezed, and the height of what is left of it, decimetres."""
SKIN_SIDE: Final = 2048


def lifted(hair: Floats, eyes: Floats, height: float, reach: float = 0.74) -> Floats:
    """`hair` [n, 3] with the fringe moved up to end `height` above the `eyes` [3], decimetres.

    What hangs over the face is squeezed upwards; beside the face, from `reach` decimetres off
    its middle, it stays.
    """
    made = hair.copy()
    aside, up, front = (hair - eyes).T
    over_face = np.clip((reach - np.abs(aside)) / 0.2, 0, 1) * np.clip((front + 0.35) / 0.3, 0, 1)
    below = np.clip(height + FRINGE - up, 0, None)
    share = over_face**2 * (3 - 2 * over_face)
    made[:, 1] += share * below * (1 - FRINGE)
    return made


class Model:
    """A person in front of the camera."""

    def __init__(self, anatomy: Anatomy, makehuman: Path, person: Person) -> None:
        self.anatomy, self.makehuman, self.person = anatomy, makehuman, person
        self.rest = shape_of(anatomy, person)
        self.body = anatomy.express(self.rest, {**FRIENDLY, **person.look})
        neck = self.rest[anatomy.group_vertices("joint-neck"), 1].mean()
        self.floor = float(neck) - BELOW_NECK

    def camera(self, height: float) -> Camera:
        """Level with the eyes from 1.6 m; the picture shows `height` decimetres."""
        return Camera(self._eyes() + np.array([0, -0.075 * height, 16], np.float32), 16.0, height)

    def pieces(self) -> Iterator[Piece]:
        """Everything that is drawn; hair and brows last."""
        person = self.person
        dress, covered = self._clothes()
        yield dress
        yield self._skin(covered)
        eye = with_iris(self._texture("eyes/materials/grey_eye.png"), person.iris)
        yield self._worn("eyes/high-poly", eye, EYE)
        yield self._worn("eyes/high-poly", eye, CORNEA)
        lashes = self._texture("eyelashes/eyelashes01/eyelashes01.png")
        yield self._worn("eyelashes/eyelashes01", faded(lashes, person.lashes), BROW)
        brows = dyed(self._own_texture(f"eyebrows/{person.brows}"), self._brow_colour(), 0.3)
        yield self._worn(f"eyebrows/{person.brows}", faded(brows, person.brow_opacity), BROW)
        if person.hair is not None:
            yield self._hair(person.hair)

    def _hair(self, name: str) -> Piece:
        person = self.person
        own = self._own_texture(f"hair/{name}")
        texture = dyed(own, person.hair_colour, person.hair_contrast)
        proxy, mesh = self._read(f"hair/{name}")
        proxy = replace(proxy, offsets=proxy.offsets * np.float32(person.volume))
        vertices = proxy.fit(self.body, self.rest)
        if person.fringe is not None:
            vertices = lifted(vertices, self._eyes(), person.fringe)
        everything = np.ones(len(mesh.faces), bool)
        return _piece(_chosen(mesh, vertices, everything), texture, HAIR, True)

    def _eyes(self) -> Floats:
        """The place between the eyes, [3]."""
        joints = [self.rest[self.anatomy.group_vertices(f"joint-{side}-eye")] for side in "lr"]
        return np.array(np.concatenate(joints).mean(0), np.float32)

    def _brow_colour(self) -> Colour:
        return self.person.brow_colour or self.person.hair_colour

    def _skin(self, covered: NDArray[np.int64]) -> Piece:
        mesh, person = self.anatomy.mesh, self.person
        hidden = np.zeros(len(self.body), bool)
        hidden[covered] = True
        normals = self.anatomy.skin(self.rest).normals(self.body)
        sunk = self.body.copy()
        for inside in (covered, np.unique(mesh.faces[hidden[mesh.faces].any(1)])):
            sunk[inside] -= np.float32(SINK / 2) * normals[inside]
        high = self.body[mesh.faces, 1].mean(1) > self.floor
        keep = mesh.faces_of("body") & high & ~hidden[mesh.faces].all(1)
        skin = enlarged(self._texture(f"skins/{person.skin}.jpg"), SKIN_SIDE)
        return _piece(
            _chosen(mesh, sunk, keep), toned(skin, person.tone, person.evenness), SKIN, True
        )

    def _clothes(self) -> tuple[Piece, NDArray[np.int64]]:
        clothes = self.person.clothes
        proxy, mesh = self._read(f"clothes/{clothes.name}")
        vertices = proxy.fit(self.body, self.rest)
        keep = vertices[mesh.faces, 1].max(1) > self.floor
        if clothes.colour is not None and not clothes.patterned:
            texture = plain(clothes.colour)
        else:
            texture = self._own_texture(f"clothes/{clothes.name}")
            if clothes.colour is not None:
                texture = dyed(texture, clothes.colour, 0.3)
        return _piece(_chosen(mesh, vertices, keep), texture, CLOTH, True), proxy.covered

    def _worn(self, folder: str, texture: Picture, material: Material) -> Piece:
        proxy, mesh = self._read(folder)
        everything = np.ones(len(mesh.faces), bool)
        worn = _chosen(mesh, proxy.fit(self.body, self.rest), everything)
        return _piece(worn, texture, material, False)

    def _read(self, folder: str) -> tuple[Proxy, Mesh]:
        return read_proxy(self.makehuman / folder / f"{Path(folder).name}.mhclo")

    def _texture(self, file: str) -> Picture:
        return read_texture(self.makehuman / file)

    def _own_texture(self, folder: str) -> Picture:
        """The texture in `folder` that shows colours."""
        found = [*sorted((self.makehuman / folder).glob("*_diffuse.*"))]
        name = Path(folder).name
        return read_texture(found[0] if found else self.makehuman / folder / f"{name}.png")


def _chosen(mesh: Mesh, vertices: Floats, keep: NDArray[np.bool_]) -> Mesh:
    """`mesh` with other `vertices` and only the faces to `keep`."""
    groups = tuple(np.array(mesh.groups)[keep])
    return replace(
        mesh,
        vertices=vertices,
        faces=mesh.faces[keep],
        uv_faces=mesh.uv_faces[keep],
        groups=groups,
    )


def _piece(mesh: Mesh, texture: Picture, material: Material, round_off: bool) -> Piece:
    made = finer(mesh) if round_off else mesh
    light = np.ones(len(made.vertices), np.float32)
    return Piece(Part(Surface.of(made), made.vertices, texture, light), material)
