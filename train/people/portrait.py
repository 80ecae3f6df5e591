"""Takes portraits: a picture is the mean of many passes, each lit by one ray of the studio.

Each pass casts its ray's shadows, is shifted by a share of a pixel, and draws what is
partly transparent (hair, lashes) whole or not at all, by chance. Their mean has soft
shadows, dark creases, smooth edges and blended hair without further tricks.

The light on skin is summed apart from its colour: it spreads below the surface before it
leaves it (see train.people.develop).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np

from engine.types import Floats
from train.people.light import Ray
from train.people.material import Piece
from train.people.scene import Camera
from train.people.shaders import CUTOUT, SHADED, VERTEX

SHADOW_SIDE = 1024
SHADOW_REACH = 3.2
"""Half the width of what casts and takes shadows, decimetres."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a portrait is developed from; all [size, size, n], linear light.

    `plain` (RGBA) is the light from everything but skin, and what covers the background;
    `skin_light` (RGB, share) the light that falls on skin, `skin_colour` what it returns.
    """

    plain: Floats
    skin_light: Floats
    skin_colour: Floats


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A piece in OpenGL's memory: its arrays for the two programs and its texture."""

    piece: Piece
    cutout: Any
    shaded: Any
    texture: Any


class Studio:
    """An OpenGL context (EGL, no window) that takes square pictures of `size` pixels."""

    def __init__(self, size: int) -> None:
        self.size = size
        settings: dict[str, Any] = {"backend": "egl"}
        # Any: moderngl's stubs do not know these settings nor write-only uniforms.
        self.context: Any = moderngl.create_context(standalone=True, **settings)
        self.context.gc_mode = "auto"
        sides = (size, size)
        self.sums = [self.context.texture(sides, 4, dtype="f4") for _ in range(3)]
        self.canvas: Any = self.context.framebuffer(
            self.sums, self.context.depth_renderbuffer(sides)
        )
        self.shadow = self.context.depth_texture((SHADOW_SIDE, SHADOW_SIDE))
        self.shadow.compare_func = ""
        self.shadow.repeat_x = self.shadow.repeat_y = False
        self.shadows = self.context.framebuffer(depth_attachment=self.shadow)
        self.cutout: Any = self.context.program(vertex_shader=VERTEX, fragment_shader=CUTOUT)
        self.shaded: Any = self.context.program(vertex_shader=VERTEX, fragment_shader=SHADED)

    def expose(self, pieces: Sequence[Piece], camera: Camera, rays: Sequence[Ray]) -> Exposure:
        """Take a picture of `pieces` under all `rays`."""
        loaded = [self._load(piece) for piece in pieces]
        middle = camera.eye - np.array([0, 0, camera.distance], np.float32)
        self.canvas.use()
        self.canvas.color_mask = [(True,) * 4] * 3
        self.canvas.clear(0.0, 0.0, 0.0, 0.0)
        self._set(self.shaded, "eye", camera.eye)
        for number, ray in enumerate(rays):
            lamp = shadow_matrix(ray.direction, middle)
            view = _shifted(camera.matrix(), _jitter(number) / np.float32(self.size))
            self._draw_depth(self.shadows, loaded, lamp, number)
            self._draw_depth(self.canvas, loaded, view, number)
            self._add_light(loaded, view, lamp, ray, number)
        plain, light, colour = (self._read(texture) for texture in self.sums)
        # Each ray brings its own power: light is their sum, what covers is their mean.
        for covered in (plain[..., 3:], light[..., 3:], colour):
            covered /= np.float32(len(rays))
        return Exposure(plain, light, colour[..., :3])

    def _draw_depth(self, target: Any, loaded: list[_Loaded], view: Floats, number: int) -> None:
        target.use()
        self.context.enable_only(moderngl.DEPTH_TEST)
        self.context.depth_func = "<"
        target.depth_mask = True
        if target is self.canvas:
            target.color_mask = [(False,) * 4] * 3
        target.clear(depth=1.0)
        self._set(self.cutout, "view", view.T)
        self._set(self.cutout, "number", number)
        for one in loaded:
            if not one.piece.material.clear:
                self._hand_over(self.cutout, one)
                one.cutout.render()

    def _add_light(
        self, loaded: list[_Loaded], view: Floats, lamp: Floats, ray: Ray, number: int
    ) -> None:
        self.canvas.color_mask = [(True,) * 4] * 3
        self.canvas.depth_mask = False
        self.context.enable_only(moderngl.DEPTH_TEST | moderngl.BLEND)
        self.context.depth_func = "<="
        self.context.blend_func = moderngl.ONE, moderngl.ONE
        self.shadow.use(1)
        program = self.shaded
        self._set(program, "view", view.T)
        self._set(program, "lamp", lamp.T)
        self._set(program, "number", number)
        self._set(program, "direction", ray.direction)
        self._set(program, "power", ray.colour)
        self._set(program, "glint", ray.glint)
        program["shadow"].value = 1
        for one in loaded:
            self._hand_over(program, one)
            material = one.piece.material
            for name in ("scatter", "wrap", "gloss", "roughness", "grain", "weave"):
                self._set(program, name, getattr(material, name))
            self._set(program, "clear", float(material.clear))
            one.shaded.render()

    def _hand_over(self, program: Any, one: _Loaded) -> None:
        one.texture.use(0)
        self._set(program, "cut", one.piece.material.cut)
        (self.context.enable if one.piece.material.closed else self.context.disable)(
            moderngl.CULL_FACE
        )

    def _load(self, piece: Piece) -> _Loaded:
        part = piece.part
        surface = part.surface
        corners = self.context.buffer(part.table().tobytes())
        triangles = self.context.buffer(surface.triangles.tobytes())
        height, width = part.texture.shape[:2]
        pixels = np.ascontiguousarray(part.texture).tobytes()
        texture = self.context.texture((width, height), 4, pixels)
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        texture.anisotropy = 4.0
        cutout, shaded = (
            self.context.vertex_array(program, [(corners, layout, *names)], triangles)
            for program, layout, names in (
                (self.cutout, "3f 12x 2f 4x", ("position", "uv")),
                (self.shaded, "3f 3f 2f 1f", ("position", "normal", "uv", "exposure")),
            )
        )
        return _Loaded(piece, cutout, shaded, texture)

    def _read(self, texture: Any) -> Floats:
        pixels = np.frombuffer(texture.read(), np.float32).reshape(self.size, self.size, 4)
        return pixels[::-1].copy()

    def _set(self, program: Any, name: str, value: Floats | float) -> None:
        if name in program:
            program[name].write(np.ascontiguousarray(value, np.float32).tobytes())


def shadow_matrix(direction: Floats, middle: Floats) -> Floats:
    """World to the clip space of parallel light from `direction` [3] around `middle` [3]."""
    helper = np.array([0, 0, 1] if abs(direction[1]) > 0.9 else [0, 1, 0], np.float32)
    aside = np.cross(helper, direction)
    aside /= np.linalg.norm(aside)
    turn = np.stack([aside, np.cross(direction, aside), -direction]) / SHADOW_REACH
    turn[2] /= 2
    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, :3] = turn
    matrix[:3, 3] = -turn @ middle
    return matrix


def _jitter(number: int) -> Floats:
    """A place in -1..1 of a pixel's half-width, evenly spread (M. Roberts' R2 sequence)."""
    steps = np.array([0.7548776662466927, 0.5698402909980532]) * (number + 1)
    return np.array(steps % 1 * 2 - 1, np.float32)


def _shifted(view: Floats, shift: Floats) -> Floats:
    """`view` with its picture moved by `shift` [2] of clip space."""
    mover = np.eye(4, dtype=np.float32)
    mover[:2, 3] = shift
    return mover @ view
