"""A person with all that is worn, who can be posed: what the booth takes pictures of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.mesh import pivot_of, rotation
from engine.types import Floats, Picture, floats
from train import takes
from train.people import glasses
from train.people.colour import plain
from train.people.head import Anatomy
from train.people.inside import inside_mouth
from train.people.landmarks import Place
from train.people.makehuman import Indices, Mesh, Proxy
from train.people.material import (
    BROW,
    CLOTH,
    EYE,
    HAIR,
    RIM,
    SKIN,
    TEETH,
    TONGUE,
    Material,
)  # fmt: skip
from train.people.member import Follow, Member, Pose
from train.people.model import BELOW_NECK, SINK, lifted
from train.people.muscles import Muscles
from train.people.neck import hair_weights, head_weights
from train.people.person import Person, shape_of
from train.people.scene import Surface
from train.people.wardrobe import Wardrobe

TO_IMAGE: Final = np.array([1, -1, -1], np.float32)
"""From MakeHuman's axes to the image's and back."""
DEPTHS: Final = {"skin": (5.0, 0.9), "teeth": (2.6, 0.82), "tongue": (4.2, 0.85)}
"""Inside the mouth: loss of light with depth behind the teeth's front, 1/dm, and at the front."""
TONGUE_DROP: Final = 0.4
LOWER_TEETH_DROP: Final = 0.16
UPPER_TEETH_DROP: Final = 0.035
"""How much farther than MakeHuman's tongue and lower teeth go down, in ways of the jaw, and how
much lower the upper teeth sit, decimetres: else the lower teeth show in vowels, not the upper."""
FACE: Final = 0.62
"""Half the width of the face that a fringe must leave free, decimetres."""


class Figure:
    """A person out of MakeHuman's material."""

    def __init__(self, anatomy: Anatomy, wardrobe: Wardrobe, place: Place, person: Person) -> None:
        self.anatomy, self.wardrobe, self.place, self.person = anatomy, wardrobe, place, person
        self.rest = shape_of(anatomy, person)
        self.muscles = Muscles(anatomy, place, self.rest)
        self.calm = self.muscles.body(np.zeros(52, np.float32))
        self.along = head_weights(anatomy)
        face = place.of(self.calm)
        self.pivot = floats(pivot_of(face * TO_IMAGE) * TO_IMAGE)
        self.chin, self.lips = float(face[152, 1]), float(face[[0, 17], 2].mean())
        neck = self.rest[anatomy.group_vertices("joint-neck"), 1].mean()
        self.floor = float(neck) - BELOW_NECK
        self.members = tuple(self._members())
        self._still = {
            place: member.surface.normals(member.follow(self.calm))
            for place, member in enumerate(self.members)
            if member.still
        }

    @cached_property
    def eyes(self) -> Floats:
        """The place between the eyes, [3]."""
        joints = [self.rest[self.anatomy.group_vertices(f"joint-{side}-eye")] for side in "lr"]
        return floats(np.concatenate(joints).mean(0))

    def pose(self, coefficients: Floats, turn: Floats, shift: Floats) -> Pose:
        """Express and turn: `coefficients` [52], `turn` [3] degrees, `shift` [3] x and y in
        decimetres (y down) and the logarithm of scale."""
        body = self.muscles.body(coefficients)
        turned = floats(TO_IMAGE[:, None] * rotation(*turn.tolist()) * TO_IMAGE)
        scaled = turned * np.float32(np.exp(shift[2]))
        way = floats([shift[0], -shift[1], 0])

        def moved(places: Floats, along: Floats) -> Floats:
            after = (places - self.pivot) @ scaled.T + self.pivot + way
            return floats(places + along[:, None] * (after - places))

        vertices, normals = [], []
        for number, member in enumerate(self.members):
            places, along = member.follow(body), member.along[:, None]
            facing = self._still.get(number)
            facing = member.surface.normals(places) if facing is None else facing
            vertices.append(moved(places, member.along))
            normals.append(floats(facing + along * (facing @ turned.T - facing)))
        face = self.place.of(body)
        return Pose(tuple(vertices), tuple(normals), moved(face, np.ones(len(face), np.float32)))

    def _members(self) -> Iterator[Member]:
        wardrobe, person = self.wardrobe, self.person
        dress, covered = self._clothes()
        yield self._skin(covered)
        yield dress
        eyes = self._worn("eyes", "eyes/high-poly", wardrobe.eyes(person), EYE, takes.EYES)
        yield replace(eyes, exposure=_shaded(eyes.follow(self.calm)), numbered=True)
        folder = f"teeth/{person.teeth}"
        teeth = self._worn("teeth", folder, wardrobe.teeth(person), TEETH, takes.MOUTH)
        yield replace(
            teeth, follow=self._with_jaw(teeth.follow, LOWER_TEETH_DROP, UPPER_TEETH_DROP)
        )
        tongue = self._worn("tongue", "tongue/tongue01", wardrobe.tongue(), TONGUE, takes.MOUTH)
        yield replace(tongue, follow=self._with_jaw(tongue.follow, TONGUE_DROP, 0.0))
        if person.glasses is not None:
            yield self._glasses(person.glasses.colour)
        folder = f"eyebrows/{person.brows}"
        yield self._worn("brows", folder, wardrobe.brows(person), BROW, takes.SKIN)
        folder = f"eyelashes/{person.eyelashes}"
        yield self._worn("lashes", folder, wardrobe.lashes(person), BROW, takes.SKIN)
        if person.hair is not None:
            yield self._hair(person.hair)

    def _skin(self, covered: Indices) -> Member:
        mesh = self.anatomy.mesh
        hidden = np.zeros(len(self.rest), bool)
        hidden[covered] = True
        high = self.calm[mesh.faces, 1].mean(1) > self.floor
        surface = Surface.of(mesh, mesh.faces_of("body") & high & ~hidden[mesh.faces].all(1))
        used, own = np.unique(surface.source, return_inverse=True)
        surface = replace(surface, source=own)
        sunk = np.zeros_like(self.rest)
        under = np.unique(mesh.faces[hidden[mesh.faces].any(1)])
        sunk[under] = np.float32(SINK / 2) * self.anatomy.skin(self.rest).normals(self.calm)[under]
        inside = inside_mouth(self.anatomy)[used]
        light = np.where(inside > 0, self._light("skin", self.calm[used]), 1)
        return Member(
            "skin", surface, lambda body: floats((body - sunk)[used]), self.along[used],
            self.wardrobe.skin(self.person), SKIN, takes.SKIN, True, floats(light), inside,
        )  # fmt: skip

    def _clothes(self) -> tuple[Member, Indices]:
        name = f"clothes/{self.person.clothes.name}"
        proxy, mesh = self.wardrobe.read(name)
        vertices = proxy.fit(self.calm, self.rest)
        keep = vertices[mesh.faces, 1].max(1) > self.floor
        along = np.zeros(len(vertices), np.float32)
        texture = self.wardrobe.clothes(self.person)
        member = self._stiff("clothes", mesh, vertices, along, texture, CLOTH, takes.CLOTHES, keep)
        return member, proxy.covered

    def _hair(self, name: str) -> Member:
        proxy, mesh = self.wardrobe.read(f"hair/{name}")
        proxy = replace(proxy, offsets=proxy.offsets * np.float32(self.person.volume))
        vertices = proxy.fit(self.calm, self.rest)
        if self.person.fringe is not None:
            vertices = lifted(vertices, self.eyes, self.person.fringe, FACE)
        along = hair_weights(vertices, self.chin)
        texture = self.wardrobe.hair(self.person)
        return self._stiff("hair", mesh, vertices, along, texture, HAIR, takes.HAIR)

    def _glasses(self, colour: tuple[int, int, int]) -> Member:
        assert self.person.glasses is not None
        mesh = glasses.fitted(self.person.glasses, self.place.of(self.calm))
        along = np.ones(len(mesh.vertices), np.float32)
        return self._stiff("glasses", mesh, mesh.vertices, along, plain(colour), RIM, takes.OTHER)

    def _stiff(
        self,
        name: str,
        mesh: Mesh,
        vertices: Floats,
        along: Floats,
        texture: Picture,
        material: Material,
        region: int,
        keep: NDArray[np.bool_] | None = None,
    ) -> Member:
        """Something that does not move with the face's skin."""
        full = np.ones(len(vertices), np.float32)
        return Member(
            name, Surface.of(mesh, keep), lambda _: vertices, along, texture, material, region,
            True, full, full * 0, still=True,
        )  # fmt: skip

    def _worn(
        self, name: str, folder: str, texture: Picture, material: Material, region: int
    ) -> Member:
        proxy, mesh = self.wardrobe.read(folder)
        vertices = proxy.fit(self.calm, self.rest)
        full = np.ones(len(vertices), np.float32)
        light = self._light(name, vertices) if name in DEPTHS else full
        return Member(
            name, Surface.of(mesh), _fit(proxy, self.rest), full, texture, material, region,
            False, light, full * 0,
        )  # fmt: skip

    def _with_jaw(self, follow: Follow, lower: float, upper: float) -> Follow:
        """`follow`, what goes with the jaw `lower` farther down, the rest `upper` decimetres."""
        teeth = self.anatomy.group_vertices("helper-lower-teeth")
        jaw = float(self.anatomy.units["jawOpen"].offsets[:, 1].min())
        opened = self.anatomy.express(self.calm, {"jawOpen": 1.0})
        goes = np.abs(follow(opened) - follow(self.calm)).max(1) > -0.02 * jaw

        def dropped(body: Floats) -> Floats:
            way = min(0.0, float((body - self.calm)[teeth, 1].mean()))
            vertices = follow(body).copy()
            vertices[:, 1] += np.where(goes, lower * way, -upper)
            return vertices

        return dropped

    def _light(self, name: str, vertices: Floats) -> Floats:
        """The light that falls through the lips onto what lies behind them."""
        rate, most = DEPTHS[name]
        depth = np.clip(self.lips - 0.12 - vertices[:, 2], 0, None)
        return floats(most * np.exp(-rate * depth))


def _fit(proxy: Proxy, rest: Floats) -> Follow:
    return lambda body: proxy.fit(body, rest)


def _shaded(eyes: Floats) -> Floats:
    """Light on eyeballs: their upper part lies in the lid's shadow."""
    height = eyes[:, 1] - eyes[:, 1].mean()
    share = np.clip(height / max(float(height.max()), 1e-6), 0, 1)
    return floats(0.95 - 0.5 * share)
