"""Which renderer a bundle gets on this machine.

A bundle of the mesh may hold graphs that correct it: the exact one, and one in 8 bits for
slower machines. The best that is quick enough is taken, none if neither is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import cv2
import numpy as np

from engine.backends import Backend
from engine.bundle import Bundle, read_arrays
from engine.choice import choose
from engine.clock import Clock
from engine.correction import Corrector, Wired
from engine.errors import BundleError
from engine.graph_render import GraphRenderer
from engine.landmark_maps import LandmarkMaps
from engine.mesh import FaceModel
from engine.mouth import MouthAtlas
from engine.portrait import Portrait, decode_picture
from engine.render import MeshRenderer, Renderer
from engine.tracker import Face
from engine.types import Motion, floats

DRAWING: Final = ("portrait", "render", "expression")
"""Graphs that make whole pictures; the last one may be missing."""
CORRECTIONS: Final = ("render", "render_int8")
"""Graphs that correct the mesh, best first."""


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
        names = [name for name in DRAWING if name in bundle.manifest.graphs]
        return "render", GraphRenderer(*(wired(bundle, backend, name) for name in names))
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
    tiles = cv2.imdecode(np.frombuffer(mouth, np.uint8), cv2.IMREAD_UNCHANGED)
    if tiles is None or tiles.ndim != 3 or tiles.shape[2] != 4:
        raise BundleError("the bundle's mouth atlas is not an RGBA picture")
    arrays = read_arrays(mesh)
    painted = np.asarray(cv2.cvtColor(tiles, cv2.COLOR_BGRA2RGBA), np.uint8)
    atlas = MouthAtlas(painted, floats(arrays["mouth_lower"]))
    return MeshRenderer(FaceModel.of(arrays), atlas, corrector)


def presenter_portrait(bundle: Bundle, presenter: str) -> Portrait:
    """The stored portrait of a presenter (UnknownPresenter if there is none)."""
    files = bundle.presenter(presenter)
    face = read_arrays(bundle.read(files.face))
    read = Face(*(floats(face[key]) for key in ("points", "coefficients", "turn")))
    return Portrait(decode_picture(bundle.read(files.picture)), read)


def _correctors(bundle: Bundle, backend: Backend) -> dict[str, Corrector]:
    """Those of `CORRECTIONS` that the bundle has."""
    known = bundle.manifest.graphs.keys()
    names = [name for name in CORRECTIONS if name in known]
    if not names:
        return {}
    encode = wired(bundle, backend, "portrait") if "portrait" in known else None
    arrays = bundle.arrays("mesh")
    maps = LandmarkMaps(floats(arrays["canonical"]), arrays["triangles"].astype(np.int64))
    return {name: Corrector(wired(bundle, backend, name), encode, maps) for name in names}


def wired(bundle: Bundle, backend: Backend, name: str) -> Wired:
    """A graph of a bundle, compiled (BundleError if it has none of that name)."""
    stored = bundle.manifest.graphs[name]
    graph = backend.compile(name, bundle.graph(name))
    return Wired(graph, frozenset(stored.inputs), frozenset(stored.outputs))


def _drawing(bundle: Bundle, renderer: MeshRenderer) -> Callable[[], object]:
    """Draws a picture of the first presenter at rest."""
    portrait = presenter_portrait(bundle, bundle.manifest.presenters[0].id)
    sizes = {part: spec.size for part, spec in bundle.manifest.components.items()}
    still = Motion.of({part: np.zeros(size, np.float32) for part, size in sizes.items()})
    return partial(renderer.identity(portrait, min(bundle.manifest.sizes)).draw, still)
