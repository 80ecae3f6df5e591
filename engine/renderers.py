"""Which renderer a bundle gets on this machine.

A bundle of the mesh may hold graphs that correct it: the exact one, and one in 8 bits for
slower machines. The best that is quick enough is taken, none if neither is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.arkit import EXPRESSION, MOUTH, POSE
from engine.arrays import demand, read_arrays
from engine.backends import Backend
from engine.bundle import Bundle
from engine.choice import choose
from engine.clock import Clock
from engine.correction import Corrector
from engine.crop import CROPS
from engine.errors import BundleError
from engine.graph_render import GraphRenderer
from engine.landmark_maps import LandmarkMaps
from engine.mesh import NAMES, POINTS, FaceModel
from engine.mouth import MouthAtlas
from engine.portrait import Portrait, decode_picture
from engine.render import MeshRenderer, Renderer
from engine.tracker import Face
from engine.types import Component, Motion, Picture, floats
from engine.wiring import preferred, wired

DRAWING: Final = ("portrait", "render", "expression")
"""Graphs that make whole pictures; the last one may be missing."""
CORRECTIONS: Final = ("render", "render_int8")
"""Graphs that correct the mesh, best first."""
ARKIT: Final = {Component.MOUTH: MOUTH, Component.POSE: POSE, Component.EXPRESSION: EXPRESSION}
READ_POINTS: Final = 478
"""Of a face, as the tracker reads it."""
PNG: Final = b"\x89PNG\r\n\x1a\n"
MOST_ATLAS: Final = 1 << 24
"""Pixels of a mouth atlas; the built-in one has half a million."""


def open_renderer(bundle: Bundle, backend: Backend, clock: Clock | None) -> tuple[str, Renderer]:
    """What draws a bundle's pictures here, and its name: mesh, or a graph's.

    Args:
        bundle: whose.
        backend: what runs its graphs.
        clock: by which they are compared; without one the best is taken, however slow.

    Raises:
        BundleError: it lacks a graph or an asset, or a graph wants what is not given.
    """
    if bundle.manifest.renderer == "graph":
        if not {"portrait", "render"} <= bundle.manifest.graphs.keys():
            raise BundleError("a bundle with renderer 'graph' needs graphs 'portrait' and 'render'")
        drawing = [wired(bundle, backend, name) for name in preferred(bundle, backend, *DRAWING)]
        drawing[1].check_outputs(picture=(1, None, None, 3))
        return "render", GraphRenderer(*drawing, rule=CROPS[bundle.manifest.crop])
    if any(tuple(bundle.manifest.components[it].names) != names for it, names in ARKIT.items()):
        raise BundleError(
            "a bundle with renderer 'mesh' needs ARKit's coefficients: export it again"
        )
    assets = bundle.asset("mesh"), bundle.asset("mouth")
    corrected = {
        name: mesh_renderer(*assets, corrector)
        for name, corrector in _correctors(bundle, backend).items()
    }
    corrected["mesh"] = mesh_renderer(*assets)
    if clock is None or not bundle.manifest.presenters:
        return next(iter(corrected.items()))
    candidates = {name: _drawing(bundle, renderer) for name, renderer in corrected.items()}
    chosen = choose(candidates, clock)
    return chosen, corrected[chosen]


def mesh_renderer(mesh: bytes, mouth: bytes, corrector: Corrector | None = None) -> MeshRenderer:
    """A mesh renderer from the content of a bundle's assets `mesh` and `mouth`."""
    arrays = _mesh(mesh)
    tiles, lower = _tiles(mouth), floats(arrays["mouth_lower"])
    if tiles.shape[1] != len(lower) * tiles.shape[0]:
        raise BundleError("the bundle's mouth atlas and mesh do not go together: export it again")
    return MeshRenderer(FaceModel.of(arrays), MouthAtlas(tiles, lower), corrector)


def presenter_portrait(bundle: Bundle, presenter: str) -> Portrait:
    """The stored portrait of a presenter (UnknownPresenter if there is none)."""
    files = bundle.presenter(presenter)
    face = read_arrays(bundle.read(files.face))
    demand(face, points=(READ_POINTS, 3), coefficients=(len(NAMES),), turn=(3,))
    read = Face(*(floats(face[key]) for key in ("points", "coefficients", "turn")))
    picture = decode_picture(bundle.read(files.picture))
    if picture.shape[0] != picture.shape[1]:
        raise BundleError("a presenter's picture is not square: export the bundle again")
    return Portrait(picture, read)


def _mesh(content: bytes) -> dict[str, NDArray[Any]]:
    """Arrays of the asset `mesh`, as they should be."""
    arrays = read_arrays(content)
    points = {"units": (len(NAMES), POINTS, 3), "canonical": (POINTS, 3)}
    demand(arrays, **points, triangles=(None, 3), mouth_lower=(None,))
    triangles = arrays["triangles"]
    if not len(triangles) or triangles.min() < 0 or triangles.max() >= POINTS:
        raise BundleError("'triangles' of the bundle have corners that no face has: get it again")
    return arrays


def _tiles(content: bytes) -> Picture:
    """The asset `mouth`, RGBA."""
    width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
    tiles = None
    if content.startswith(PNG) and 0 < width * height <= MOST_ATLAS:
        tiles = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if tiles is None or tiles.ndim != 3 or tiles.shape[2] != 4 or tiles.dtype != np.uint8:
        raise BundleError("the bundle's mouth atlas is not an RGBA picture: export it again")
    return np.asarray(cv2.cvtColor(tiles, cv2.COLOR_BGRA2RGBA), np.uint8)


def _correctors(bundle: Bundle, backend: Backend) -> dict[str, Corrector]:
    """Those of `CORRECTIONS` that the bundle has."""
    known = bundle.manifest.graphs.keys()
    names = [name for name in CORRECTIONS if name in known]
    if not names:
        return {}
    encode = wired(bundle, backend, "portrait") if "portrait" in known else None
    arrays = _mesh(bundle.asset("mesh"))
    maps = LandmarkMaps(floats(arrays["canonical"]), arrays["triangles"].astype(np.int64))
    return {name: Corrector(wired(bundle, backend, name), encode, maps) for name in names}


def _drawing(bundle: Bundle, renderer: MeshRenderer) -> Callable[[], object]:
    """Draws a picture of the first presenter at rest."""
    portrait = presenter_portrait(bundle, bundle.manifest.presenters[0].id)
    sizes = {part: spec.size for part, spec in bundle.manifest.components.items()}
    still = Motion.of({part: np.zeros(size, np.float32) for part, size in sizes.items()})
    return partial(renderer.identity(portrait, min(bundle.manifest.sizes)).draw, still)
