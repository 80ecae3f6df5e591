"""Draws textured, lit meshes with OpenGL in memory (EGL, no window).

Three soft lights from the front, so that a face tracker finds a face and teeth
look like teeth. Works on a processor (Mesa's llvmpipe) and on a graphics card.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np

from engine.types import Floats, Picture
from train.people.scene import Camera, Part

VERTEX = """#version 330
uniform mat4 view;
in vec3 position; in vec3 normal; in vec2 uv; in float exposure;
out vec3 place; out vec3 facing; out vec2 where; out float light;
void main() {
  place = position; facing = normal; where = uv; light = exposure;
  gl_Position = view * vec4(position, 1.0);
}"""
FRAGMENT = """#version 330
uniform sampler2D image; uniform vec3 eye; uniform float gloss; uniform float wrap;
uniform float cut; uniform vec3 backdrop;
in vec3 place; in vec3 facing; in vec2 where; in float light;
out vec4 colour;
const vec3 lights[3] = vec3[3](vec3(0.2, 0.5, 1.0), vec3(-0.7, 0.2, 0.7), vec3(0.8, 0.2, 0.6));
const vec3 powers[3] = vec3[3](vec3(0.46), vec3(0.28, 0.28, 0.29), vec3(0.28, 0.27, 0.26));
void main() {
  vec4 texel = texture(image, where);
  if (texel.a < cut) discard;
  vec3 albedo = pow(texel.rgb, vec3(2.2)), n = normalize(facing), v = normalize(eye - place);
  vec3 sum = albedo * mix(vec3(0.14, 0.135, 0.13), vec3(0.22), n.y * 0.5 + 0.5);
  for (int i = 0; i < 3; i++) {
    vec3 l = normalize(lights[i]), h = normalize(l + v);
    sum += albedo * powers[i] * max((dot(n, l) + wrap) / (1.0 + wrap), 0.0);
    sum += gloss * powers[i] * pow(max(dot(n, h), 0.0), 60.0);
  }
  vec3 lit = mix(pow(backdrop, vec3(2.2)), sum, light);
  colour = vec4(pow(clamp(lit, 0.0, 1.0), vec3(1.0 / 2.2)), texel.a);
}"""


@dataclass(frozen=True, slots=True)
class Drawing:
    """`picture` RGBA uint8 [size, size, 4], alpha = covered; `depth` float32 [k * size] twice."""

    picture: Picture
    depth: Floats


class Stage:
    """An OpenGL context with one square canvas, drawn `fineness` times finer and averaged."""

    def __init__(self, size: int, fineness: int = 2) -> None:
        self.size, self.fineness = size, fineness
        settings: dict[str, Any] = {"backend": "egl"}
        # Any: moderngl's stubs know neither two pairs of blending factors nor settings.
        self.context: Any = moderngl.create_context(standalone=True, **settings)
        side = size * fineness
        self.depth = self.context.depth_texture((side, side))
        self.canvas = self.context.framebuffer([self.context.texture((side, side), 4)], self.depth)
        self.program = self.context.program(vertex_shader=VERTEX, fragment_shader=FRAGMENT)

    def draw(
        self, parts: list[Part], camera: Camera, background: tuple[float, float, float]
    ) -> Drawing:
        """Draw `parts` in their order; `background` is RGB in 0..1, its alpha 0."""
        self.canvas.use()
        self.canvas.clear(*background, 0.0, depth=1.0)
        self.context.enable(moderngl.DEPTH_TEST)
        self.context.blend_func = (
            moderngl.SRC_ALPHA,
            moderngl.ONE_MINUS_SRC_ALPHA,
            moderngl.ONE,
            moderngl.ONE_MINUS_SRC_ALPHA,
        )
        self._set("view", np.ascontiguousarray(camera.matrix().T))
        self._set("eye", camera.eye)
        self._set("backdrop", np.array(background, np.float32))
        for part in parts:
            self._draw_part(part)
        side = self.size * self.fineness
        pixels = np.frombuffer(self.canvas.read(components=4), np.uint8)
        fine = pixels.reshape(self.size, self.fineness, self.size, self.fineness, 4)[::-1, ::-1]
        depth = np.frombuffer(self.depth.read(), np.float32).reshape(side, side)[::-1]
        return Drawing(fine.mean((1, 3)).round().astype(np.uint8), depth.copy())

    def _draw_part(self, part: Part) -> None:
        surface = part.surface
        corners = self.context.buffer(part.table().tobytes())
        triangles = self.context.buffer(surface.triangles.tobytes())
        array = self.context.vertex_array(
            self.program,
            [(corners, "3f 3f 2f 1f", "position", "normal", "uv", "exposure")],
            triangles,
        )
        texture = self._texture(part.texture)
        texture.use(0)
        self._set("gloss", part.gloss)
        self._set("wrap", part.wrap)
        self._set("cut", 0.04 if part.see_through else 0.5)
        switch = self.context.enable if part.see_through else self.context.disable
        switch(moderngl.BLEND)
        cull = self.context.disable if part.see_through else self.context.enable
        cull(moderngl.CULL_FACE)
        self.canvas.depth_mask = not part.see_through
        array.render()
        self.canvas.depth_mask = True
        for thing in (array, corners, triangles, texture):
            thing.release()

    def _texture(self, picture: Picture) -> Any:
        height, width = picture.shape[:2]
        texture = self.context.texture((width, height), 4, np.ascontiguousarray(picture).tobytes())
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        texture.anisotropy = 4.0
        return texture

    def _set(self, name: str, value: Floats | float) -> None:
        uniform = self.program[name]
        assert isinstance(uniform, moderngl.Uniform)
        uniform.write(np.asarray(value, np.float32).tobytes())
