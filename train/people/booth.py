"""Takes quick pictures of a figure with OpenGL in memory, and says what every cell shows.

Textures and outlines go to OpenGL once a person, places and normals once a picture. Works on
a processor (Mesa's llvmpipe) and on a graphics card.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.types import Floats, Picture
from train import takes
from train.people.booth_shaders import LABELS, PICTURE, SHADOW, VERTEX
from train.people.loaded import Loaded
from train.people.material import CORNEA, Material
from train.people.member import Member, Pose
from train.people.portrait import shadow_matrix
from train.people.scene import Camera
from train.people.staging import Light

SHADOW_SIDE: Final = 1024
FINENESS: Final = 2
"""Pixels are drawn this many times finer and averaged."""
SOLID, SOFT, ALL = 1, 2, 3
"""What is drawn of things with holes, see train.people.booth_shaders."""
THIN: Final = ("brows", "lashes")
"""What lies on the skin and is blended over it; labels see the skin."""
HOLED: Final = (*THIN, "hair", "eyes")


@dataclass(frozen=True, slots=True)
class Labels:
    """`shown` int32 and `region` uint8, both [cells, cells], as in a `Take`."""

    shown: NDArray[np.int32]
    region: NDArray[np.uint8]


class Booth:
    """An OpenGL context (EGL, no window) for square pictures of `size` pixels."""

    def __init__(self, size: int = 256, cells: int = takes.GRID) -> None:
        self.size, self.cells = size, cells
        settings: dict[str, Any] = {"backend": "egl"}
        # Any: moderngl's stubs do not know these settings nor write-only uniforms.
        self.context: Any = moderngl.create_context(standalone=True, **settings)
        fine = (size * FINENESS,) * 2
        self.canvas = self.context.framebuffer(
            [self.context.texture(fine, 4)], self.context.depth_renderbuffer(fine)
        )
        self.grid = self.context.framebuffer(
            [self.context.texture((cells, cells), 2, dtype="f4")],
            self.context.depth_renderbuffer((cells, cells)),
        )
        self.shadow = self.context.depth_texture((SHADOW_SIDE, SHADOW_SIDE))
        self.shadow.compare_func = ""
        self.shadow.repeat_x = self.shadow.repeat_y = False
        self.shadows = self.context.framebuffer(depth_attachment=self.shadow)
        self.programs: dict[str, Any] = {
            name: self.context.program(vertex_shader=VERTEX, fragment_shader=shader)
            for name, shader in (("shadow", SHADOW), ("picture", PICTURE), ("labels", LABELS))
        }
        self.loaded: list[Loaded] = []

    @contextmanager
    def open(self) -> Iterator[None]:
        """Everything is done in here: another context may have been made current since."""
        with self.context:
            yield

    def admit(self, members: Sequence[Member]) -> None:
        """Load a person; the one before is forgotten."""
        for one in self.loaded:
            one.release()
        self.loaded, first = [], 0
        for member in members:
            self.loaded.append(Loaded.of(self.context, self.programs, member, first))
            first += len(member.surface.triangles) if member.numbered else 0

    def place(self, pose: Pose) -> None:
        """Put the person into a pose."""
        for one, vertices, normals in zip(self.loaded, pose.vertices, pose.normals, strict=True):
            one.place(vertices, normals)

    def picture(self, camera: Camera, light: Light, backdrop: Picture) -> Picture:
        """What the camera sees before a backdrop, both RGB uint8 [size, size, 3]."""
        middle = camera.eye - np.array([0, 0, camera.distance], np.float32)
        lamp = shadow_matrix(light.directions[0], middle)
        self._cast(lamp)
        self.canvas.use()
        self.canvas.depth_mask = True
        self.canvas.clear(0, 0, 0, 0, depth=1.0)
        self.shadow.use(1)
        program = self.programs["picture"]
        program["shadow"].value = 1
        for name, value in (
            ("view", camera.matrix().T), ("lamp", lamp.T), ("eye", camera.eye),
            ("directions", light.directions), ("powers", light.powers),
            ("below", light.below), ("above", light.above),
        ):  # fmt: skip
            self._set("picture", name, value)
        self._draw_solid()
        self._draw_soft()
        return self._developed(backdrop)

    def labels(self, camera: Camera) -> Labels:
        """What each cell shows."""
        self.grid.use()
        self.context.enable_only(moderngl.DEPTH_TEST)
        self.grid.clear(-1, takes.BACKGROUND, 0, 0, depth=1.0)
        self._set("labels", "view", camera.matrix().T)
        program = self.programs["labels"]
        program["mouth"].value = takes.MOUTH
        for one in self.loaded:
            member = one.member
            if member.name in THIN:
                continue
            program["first"].value, program["region"].value = one.first, member.region
            program["numbered"].value = int(member.numbered)
            self._render("labels", one, SOLID if member.name in HOLED else 0)
        pixels = np.frombuffer(self.grid.read(components=2, dtype="f4"), np.float32)
        table = pixels.reshape(self.cells, self.cells, 2)[::-1]
        return Labels(table[..., 0].astype(np.int32), table[..., 1].astype(np.uint8))

    def _cast(self, lamp: Floats) -> None:
        self.shadows.use()
        self.context.enable_only(moderngl.DEPTH_TEST)
        self.shadows.clear(depth=1.0)
        self._set("shadow", "view", lamp.T)
        for one in self.loaded:
            if one.member.name not in THIN:
                self._render("shadow", one, SOLID if one.member.name in HOLED else 0)

    def _draw_solid(self) -> None:
        self.context.enable_only(moderngl.DEPTH_TEST)
        for one in self.loaded:
            if one.member.name not in THIN:
                self._paint(one, one.member.material, SOLID if one.member.name in HOLED else 0)

    def _draw_soft(self) -> None:
        """Wet eyes, and over them what is blended: lashes, brows, the soft edges of hair."""
        self.context.enable_only(moderngl.DEPTH_TEST | moderngl.BLEND)
        self.canvas.depth_mask = False
        self.context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        for one in self.loaded:
            if one.member.name == "eyes":
                self._paint(one, CORNEA, SOFT)
        for one in self.loaded:
            if one.member.name in THIN:
                self._paint(one, one.member.material, ALL)
            elif one.member.name == "hair":
                self._paint(one, one.member.material, SOFT)
        self.canvas.depth_mask = True

    def _paint(self, one: Loaded, material: Material, cut: int) -> None:
        for name in ("scatter", "wrap", "gloss", "roughness"):
            self._set("picture", name, getattr(material, name))
        self._set("picture", "strands", float(one.member.name == "hair"))
        self._set("picture", "shine_only", float(material.clear))
        self._render("picture", one, cut)

    def _render(self, program: str, one: Loaded, cut: int) -> None:
        one.texture.use(0)
        self.programs[program]["cut"].value = cut
        one.arrays[program].render()

    def _developed(self, backdrop: Picture) -> Picture:
        pixels = np.frombuffer(self.canvas.read(components=4), np.uint8)
        fine = pixels.reshape(self.size, FINENESS, self.size, FINENESS, 4)[::-1]
        sums = fine.astype(np.float32).mean((1, 3))
        covered = sums[..., 3:] / 255
        # What is not covered is black: colours are already multiplied by what covers.
        made = sums[..., :3] + backdrop * (1 - covered)
        return np.asarray(made.round().clip(0, 255), np.uint8)

    def _set(self, program: str, name: str, value: Floats | float) -> None:
        if name in self.programs[program]:
            data = np.ascontiguousarray(value, np.float32).tobytes()
            self.programs[program][name].write(data)
