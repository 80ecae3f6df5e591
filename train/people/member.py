"""What a figure is made of, and where it is in a pose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from engine.types import Floats, Picture
from train.people.material import Material
from train.people.scene import Surface

Follow: TypeAlias = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Member:
    """One thing of a figure.

    `follow` makes its vertices [n, 3] out of the body's, `along` [n] is how far they go with the
    head, `exposure` [n] the light that reaches them and `inside` [n] is 1 inside the mouth.
    `region` is what `Take.region` calls it; what is `numbered` has triangles in a take.
    """

    name: str
    surface: Surface
    follow: Follow
    along: Floats
    texture: Picture
    material: Material
    region: int
    numbered: bool
    exposure: Floats
    inside: Floats
    still: bool = False


@dataclass(frozen=True, slots=True)
class Pose:
    """`vertices` and `normals` of every member, `landmarks` [468, 3], in MakeHuman's axes."""

    vertices: tuple[Floats, ...]
    normals: tuple[Floats, ...]
    landmarks: Floats
