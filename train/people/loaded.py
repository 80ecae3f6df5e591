"""A member of a figure in OpenGL's memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np

from engine.types import Floats, Picture, floats
from train.people.member import Member

CORNER_BYTES = 24
"""Of a place and a normal."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A member's buffers, its vertex array for each program, and its texture; `first` is the
    number of its first triangle."""

    member: Member
    corners: Any
    arrays: Mapping[str, Any]
    texture: Any
    things: tuple[Any, ...]
    first: int

    @classmethod
    def of(cls, context: Any, programs: Mapping[str, Any], member: Member, first: int) -> Loaded:
        """Load all of `member` but its pose."""
        surface = member.surface
        corners = context.buffer(reserve=len(surface.source) * CORNER_BYTES, dynamic=True)
        extra = np.stack([member.exposure, member.inside], 1)[surface.source]
        fixed = context.buffer(floats(np.concatenate([surface.uvs, extra], 1)).tobytes())
        triangles = context.buffer(surface.triangles.tobytes())
        arrays = {
            name: context.vertex_array(program, _layout(program, corners, fixed), triangles)
            for name, program in programs.items()
        }
        texture = _texture(context, member.texture)
        return cls(member, corners, arrays, texture, (fixed, triangles), first)

    def place(self, vertices: Floats, normals: Floats) -> None:
        """Put the member's vertices [n, 3] into a pose."""
        table = np.concatenate([vertices, normals], 1)
        self.corners.write(table[self.member.surface.source].tobytes())

    def release(self) -> None:
        """Give back the memory."""
        for thing in (*self.arrays.values(), self.corners, self.texture, *self.things):
            thing.release()


def _layout(program: Any, corners: Any, fixed: Any) -> list[tuple[Any, ...]]:
    """The buffers with those of their columns that `program` reads."""
    layouts: list[tuple[Any, ...]] = []
    for buffer, columns in (
        (corners, (("position", "3f", "12x"), ("normal", "3f", "12x"))),
        (fixed, (("uv", "2f", "8x"), ("extra", "2f", "8x"))),
    ):
        names = [name for name, _, _ in columns if name in program]
        kinds = " ".join(kind if name in program else gap for name, kind, gap in columns)
        if names:
            layouts.append((buffer, kinds, *names))
    return layouts


def _texture(context: Any, picture: Picture) -> Any:
    height, width = picture.shape[:2]
    texture = context.texture((width, height), 4, np.ascontiguousarray(picture).tobytes())
    texture.build_mipmaps()
    texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
    return texture
