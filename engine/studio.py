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

from engine.backends import Backend
from engine.backends.onnx import OnnxBackend
from engine.bundle import BUILTIN, Bundle
from engine.camera import Camera
from engine.clock import Clock, MonotonicClock
from engine.controls import NEUTRAL, SOURCES, Controls
from engine.errors import BundleError, ControlError
from engine.listen import Listener
from engine.mixer import Mixer
from engine.pipeline import LIVE_JITTER, LIVE_LIMIT, Pipeline
from engine.portrait import make_portrait
from engine.render import Identity
from engine.renderers import open_renderer, presenter_portrait
from engine.tracker import CameraTracker, FaceTracker
from engine.types import Component

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
        clock: by which renderers are compared, where the bundle has several; without one
            the best is taken, however slow.
    """

    def __init__(self, bundle: Bundle, backend: Backend, clock: Clock | None = None) -> None:
        cv2.setNumThreads(1)  # the machine scales by sessions, not by threads within one
        self._bundle = bundle
        self.manifest = bundle.manifest
        self._listen = backend.compile("listen", bundle.graph("listen"))
        self._state_size = _state_size(bundle)
        self.drawn_by, self._renderer = open_renderer(bundle, backend, clock)
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
    def open(cls, bundle: Path | None = None, *, live: bool = False) -> Studio:
        """Open a bundle's folder, the built-in one when none is given.

        Args:
            bundle: folder.
            live: draw by what is quick enough on this machine; by the best there is otherwise.

        Raises:
            BundleError: it cannot be used.
        """
        return cls(
            Bundle.open(bundle or BUILTIN), OnnxBackend(), MonotonicClock() if live else None
        )

    def presenter_picture(self, presenter: str) -> bytes:
        """The presenter's portrait as it is stored (UnknownPresenter if there is none)."""
        return self._bundle.read(self._bundle.presenter(presenter).picture)

    def tracker_model(self) -> bytes:
        """The face tracker's model, for trackers elsewhere (BundleError if there is none)."""
        return self._bundle.asset("tracker")

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
        jitter: int = LIVE_JITTER,
    ) -> Pipeline:
        """A new session's pipeline (ControlError if the controls cannot be)."""
        return Pipeline(
            self.manifest,
            identity,
            self.listener(),
            seed=seed,
            controls=controls or Controls(),
            limit=limit,
            jitter=jitter,
        )

    def listener(self) -> Listener:
        """Something that hears, with a state of its own."""
        return Listener(self._listen, self._state_size)

    def check(self, controls: Controls) -> None:
        """Raise ControlError if controls name what this bundle does not have."""
        Mixer(self.manifest, controls)

    def camera(self) -> Camera:
        """Something that reads one camera's pictures, in 0.1 s (TrackerMissing if it cannot)."""
        return Camera(CameraTracker(self._bundle.asset("tracker")))

    @property
    def names(self) -> dict[Component, list[str]]:
        """The coefficients' names, by component."""
        return {part: list(it.names) for part, it in self.manifest.components.items()}

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
        return self._renderer.identity(presenter_portrait(self._bundle, presenter), size)

    def _check_size(self, size: int) -> None:
        if size not in self.sizes:
            raise ControlError(f"pictures of {size} pixels are not drawn; there are: {self.sizes}")


def _state_size(bundle: Bundle) -> int:
    graphs = bundle.manifest.graphs
    size = graphs["listen"].inputs.get("state", [0])[-1] if "listen" in graphs else 0
    if not isinstance(size, int) or size <= 0:
        raise BundleError("the bundle's listen graph does not state the size of its state")
    return size
