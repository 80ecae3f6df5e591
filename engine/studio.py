"""One opened bundle and what can be made with it: identities and pipelines.

Safe to use from several threads; graphs are compiled once and shared.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from engine.backends import Backend, Graph
from engine.backends.onnx import OnnxBackend
from engine.bundle import BUILTIN, Bundle, read_arrays
from engine.errors import BundleError, ControlError
from engine.listen import Listener
from engine.mesh import FaceModel
from engine.mixer import NEUTRAL, SOURCES, Controls
from engine.mouth import MouthAtlas
from engine.pipeline import LIVE_CUSHION, LIVE_LIMIT, Pipeline
from engine.portrait import Portrait, decode_picture, make_portrait
from engine.render import GraphRenderer, Identity, MeshRenderer, Renderer
from engine.tracker import Face, FaceTracker
from engine.types import Component, floats

KEPT_IDENTITIES: Final = 16
"""Prepared presenters that are kept, about 3 MB each."""


@dataclass(frozen=True, slots=True)
class PresenterInfo:
    """An invented person of the bundle."""

    id: str
    name: str


class Studio:
    """Makes avatars of one bundle.

    Args:
        bundle: opened, and read here once.
        backend: what runs its graphs.
    """

    def __init__(self, bundle: Bundle, backend: Backend) -> None:
        cv2.setNumThreads(1)  # the machine scales by sessions, not by threads within one
        self._bundle = bundle
        self.manifest = bundle.manifest
        self._listen = backend.compile("listen", bundle.graph("listen"))
        self._state_size = _state_size(bundle)
        self._renderer = _renderer(bundle, backend)
        self._tracker: FaceTracker | None = None
        self._tracking = threading.Lock()
        self._prepare = lru_cache(KEPT_IDENTITIES)(self._presenter)
        self.presenters = tuple(
            PresenterInfo(files.id, files.name) for files in self.manifest.presenters
        )
        self.emotions = (NEUTRAL, *self.manifest.emotions)
        self.sizes = tuple(self.manifest.sizes)
        self.sources: Mapping[Component, tuple[str, ...]] = SOURCES

    @classmethod
    def open(cls, bundle: Path | None = None) -> Studio:
        """Open a bundle's folder, the built-in one when none is given.

        Raises:
            BundleError: it cannot be used.
        """
        return cls(Bundle.open(bundle or BUILTIN), OnnxBackend())

    def presenter_picture(self, presenter: str) -> bytes:
        """The presenter's portrait as it is stored (UnknownPresenter if there is none)."""
        return self._bundle.read(self._bundle.presenter(presenter).picture)

    def presenter(self, presenter: str, size: int) -> Identity:
        """The presenter, ready for pictures of `size` pixels; kept for the next call.

        Raises:
            UnknownPresenter: there is none of that name.
            ControlError: the bundle does not draw that size.
        """
        return self._prepare(presenter, size)

    def portrait(self, picture: bytes, size: int) -> Identity:
        """An avatar from a PNG, JPEG or WebP picture of one person; takes a moment.

        Raises:
            PortraitError: one of its leaves.
            ControlError: the bundle does not draw that size.
        """
        self._check_size(size)
        with self._tracking:
            portrait = make_portrait(picture, self._open_tracker())
        return self._renderer.identity(portrait, size)

    def pipeline(
        self,
        identity: Identity,
        *,
        seed: int,
        controls: Controls | None = None,
        limit: int = LIVE_LIMIT,
        cushion: int = LIVE_CUSHION,
    ) -> Pipeline:
        """A new session's pipeline (ControlError if the controls cannot be)."""
        return Pipeline(
            self.manifest,
            identity,
            self.listener(),
            seed=seed,
            controls=controls or Controls(),
            limit=limit,
            cushion=cushion,
        )

    def listener(self) -> Listener:
        """Something that hears, with a state of its own."""
        return Listener(self._listen, self._state_size)

    def check_tracker(self) -> None:
        """Make sure that photographs can be read here (TrackerMissing if not)."""
        with self._tracking:
            self._open_tracker()

    def close(self) -> None:
        """Give back the face tracker's memory."""
        with self._tracking:
            if self._tracker is not None:
                self._tracker.close()
                self._tracker = None

    def _open_tracker(self) -> FaceTracker:
        if self._tracker is None:
            self._tracker = FaceTracker(self._bundle.asset("tracker"))
        return self._tracker

    def _presenter(self, presenter: str, size: int) -> Identity:
        self._check_size(size)
        files = self._bundle.presenter(presenter)
        picture = decode_picture(self._bundle.read(files.picture))
        face = read_arrays(self._bundle.read(files.face))
        read = Face(*(floats(face[key]) for key in ("points", "coefficients", "turn")))
        return self._renderer.identity(Portrait(picture, read), size)

    def _check_size(self, size: int) -> None:
        if size not in self.sizes:
            raise ControlError(f"pictures of {size} pixels are not drawn; there are: {self.sizes}")


def _renderer(bundle: Bundle, backend: Backend) -> Renderer:
    def graph(name: str) -> Graph | None:
        stored = name in bundle.manifest.graphs
        return backend.compile(name, bundle.graph(name)) if stored else None

    encode, render = graph("portrait"), graph("render")
    if bundle.manifest.renderer == "mesh":
        return mesh_renderer(bundle.asset("mesh"), bundle.asset("mouth"), encode, render)
    if encode is None or render is None:
        raise BundleError("a bundle with renderer 'graph' needs graphs 'portrait' and 'render'")
    return GraphRenderer(encode, render)


def mesh_renderer(
    mesh: bytes, mouth: bytes, encode: Graph | None = None, correct: Graph | None = None
) -> MeshRenderer:
    """A mesh renderer from the content of a bundle's assets `mesh` and `mouth`."""
    tiles = cv2.imdecode(np.frombuffer(mouth, np.uint8), cv2.IMREAD_UNCHANGED)
    if tiles is None or tiles.ndim != 3 or tiles.shape[2] != 4:
        raise BundleError("the bundle's mouth atlas is not an RGBA picture")
    arrays = read_arrays(mesh)
    painted = np.asarray(cv2.cvtColor(tiles, cv2.COLOR_BGRA2RGBA), np.uint8)
    atlas = MouthAtlas(painted, floats(arrays["mouth_lower"]))
    return MeshRenderer(FaceModel.of(arrays), atlas, encode, correct)


def _state_size(bundle: Bundle) -> int:
    graphs = bundle.manifest.graphs
    size = graphs["listen"].inputs.get("state", [0])[-1] if "listen" in graphs else 0
    if not isinstance(size, int) or size <= 0:
        raise BundleError("the bundle's listen graph does not state the size of its state")
    return size
