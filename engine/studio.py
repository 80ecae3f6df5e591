"""One opened bundle and what can be made with it: identities and pipelines.

Safe to use from several threads; graphs are compiled once and shared.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

import cv2

from engine.backends import Backend
from engine.backends.onnx import OnnxBackend
from engine.background import Pictured
from engine.bundle import BUILTIN, WATCH, Bundle, Manifest
from engine.camera import Camera
from engine.clock import Clock, MonotonicClock
from engine.controls import NEUTRAL, Controls, sources
from engine.crop import CROPS, Crop
from engine.errors import BackendError, ControlError, TrackerMissing
from engine.filmed_portrait import FilmedPortrait
from engine.listen import Listener
from engine.listeners import listeners
from engine.mixer import Mixer
from engine.pipeline import LIVE_JITTER, LIVE_LIMIT, Pipeline
from engine.portrait import as_held, decode_person, decode_picture, make_portrait
from engine.render import Identity
from engine.renderers import open_renderer, presenter_portrait
from engine.scene import PLAIN, Scene, presented, shoot, stage
from engine.segmenter import Segmenter
from engine.tracker import CameraTracker, Face, FaceTracker
from engine.types import Component, Floats, Picture
from engine.watch import Watches
from engine.watchers import watchers
from engine.wiring import preferred, wired

KEPT_IDENTITIES: Final = 16
"""Prepared presenters that are kept, about 3 MB each."""
KEPT_DRAWN: Final = 4
"""Where graphs make whole pictures: such an avatar keeps 100 MB of features."""


Backends: TypeAlias = Callable[[Manifest], Iterable[Backend]]
"""Backends for a bundle, best first (see `engine.backends.available`)."""


def on_cpu(manifest: Manifest) -> Iterable[Backend]:
    """The backend that every machine has."""
    return (OnnxBackend(),)


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
        self._bundle, self._backend = bundle, backend
        self.manifest = bundle.manifest
        self.backend = backend.describe()
        """What runs the graphs."""
        self._listen = wired(bundle, backend, "listen")
        self._listeners = listeners(self.manifest, self._listen)
        reading = [wired(bundle, backend, name) for name in preferred(bundle, backend, WATCH)]
        self._watchers = watchers(self.manifest, next(iter(reading), None), self._listeners())
        self.drawn_by, self._renderer = open_renderer(bundle, backend, clock)
        self._tracker: FaceTracker | None = None
        self._segmenter: Segmenter | None = None
        self._tracking = threading.Lock()
        drawn = self.manifest.renderer == "graph"
        self._prepare = lru_cache(KEPT_DRAWN if drawn else KEPT_IDENTITIES)(self._presenter)
        self.presenters = tuple(
            PresenterInfo(files.id, files.name) for files in self.manifest.presenters
        )
        self.emotions = (NEUTRAL, *self.manifest.emotions)
        self.sizes = tuple(self.manifest.sizes)
        self.sources: Mapping[Component, tuple[str, ...]] = sources(self.manifest)

    @classmethod
    def open(
        cls,
        bundle: Path | None = None,
        *,
        live: bool = False,
        backends: Backends = on_cpu,
        say: Callable[[str], object] = lambda word: None,
    ) -> Studio:
        """Open a bundle's folder, the built-in one when none is given.

        Args:
            bundle: folder.
            live: draw by what is quick enough on this machine; by the best there is otherwise.
            backends: those that may run its graphs, best first.
            say: is told why one of them does not.

        Raises:
            BundleError: it cannot be used.
            BackendError: no backend can run its graphs.
        """
        opened, clock = Bundle.open(bundle or BUILTIN), MonotonicClock() if live else None
        failed = BackendError("there is no backend that may run the bundle's graphs")
        for number, backend in enumerate(backends(opened.manifest)):
            if number:
                say(failed.message)
            try:
                return cls(opened, backend, clock)
            except BackendError as error:
                failed = BackendError(error.message)  # without what it had made in the GPU
        raise failed

    def presenter_picture(self, presenter: str) -> bytes:
        """The presenter's portrait as it is stored (UnknownPresenter if there is none)."""
        return self._bundle.read(self._bundle.presenter(presenter).picture)

    def tracker_model(self) -> bytes:
        """The face tracker's model, for trackers elsewhere (BundleError if there is none)."""
        return self._bundle.asset("tracker")

    def presenter(self, presenter: str, size: int, scene: Scene = PLAIN) -> Identity:
        """The presenter, ready for pictures of `size` pixels; kept for the next call.

        Args:
            presenter: id.
            size: of a face alone, pixels.
            scene: how much is shown, and before what.

        Raises:
            UnknownPresenter: there is none of that name.
            ControlError: the bundle does not draw that size.
            PortraitError: one of its leaves; the background cannot be.
        """
        if isinstance(scene.background, Pictured):  # nobody else will have the same
            return self._presenter(presenter, size, scene)
        return self._prepare(presenter, size, scene)

    def portrait(
        self, picture: bytes, size: int, scene: Scene = PLAIN, crop: Crop | None = None
    ) -> Identity:
        """An avatar from a PNG, JPEG or WebP picture of one person; takes a moment.

        Args:
            picture: content of the file.
            size: of a face alone, pixels; a face in a whole picture may have twice as many.
            scene: how much is shown, and before what.
            crop: by which the square around the face is taken; by the bundle's rule without one.

        Raises:
            PortraitError: one of its leaves.
            ControlError: the bundle does not draw that size.
        """
        self._check_size(size)
        crop = crop or CROPS[self.manifest.crop]
        if scene.plain:
            with self._tracking:
                portrait = make_portrait(picture, self._open_tracker(), crop)
            return self._renderer.identity(portrait, size)
        upload = decode_person(picture)
        with self._tracking:
            shot = shoot(upload, self._open_tracker(), scene.framing, size, crop)
        return stage(shot, scene.background, self._renderer, self._segments)

    def filmed(self, film: Path) -> FilmedPortrait:
        """An avatar from a film of somebody, who gets another mouth; for one film that is made.

        Raises:
            FilmUnreadable, NoFace: see `FilmedPortrait`.
        """
        return FilmedPortrait(film, self.faces, self._renderer.lips())

    def doing(self, picture: bytes) -> Mapping[Component, Floats]:
        """What the largest face in a picture does, as far as the bundle can tell.

        Args:
            picture: content of a PNG, JPEG or WebP file.

        Raises:
            PictureUnreadable, PictureTooLarge, NoFace: as it says.
        """
        portrait = as_held(decode_picture(picture), self.faces, CROPS[self.manifest.crop])
        return self._renderer.identity(portrait, min(self.sizes)).own

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
            self.watcher(),
            seed=seed,
            controls=controls or Controls(),
            limit=limit,
            jitter=jitter,
        )

    def listener(self) -> Listener:
        """Something that hears, with a state of its own."""
        return self._listeners()

    def watcher(self) -> Watches:
        """Something that watches one driver, with a state of its own."""
        return self._watchers()

    @property
    def portable(self) -> bool:
        """Whether its identities can be copied to other processes, and are better off there.

        Not what lives in a GPU; and where graphs make whole pictures no thread waits for Python.
        """
        alone = self.drawn_by == "mesh" or isinstance(self._backend, OnnxBackend)
        return self.manifest.renderer == "mesh" and alone

    @property
    def reads_faces(self) -> bool:
        """Whether it reads drivers' pictures itself: trackers elsewhere are of no use to it."""
        return WATCH in self.manifest.graphs

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
        """Give back the memory of what looks at pictures."""
        with self._tracking:
            for looking in (self._tracker, self._segmenter):
                if looking is not None:
                    looking.close()
            self._tracker = self._segmenter = None

    def faces(self, picture: Picture) -> list[Face]:
        """See `engine.tracker.FaceTracker`."""
        with self._tracking:
            return self._open_tracker()(picture)

    def _open_tracker(self) -> FaceTracker:
        if self._tracker is None:
            self._tracker = FaceTracker(self._bundle.asset("tracker"))
        return self._tracker

    def _segments(self, picture: Picture) -> Floats:
        """See `engine.segmenter.Segmenter`."""
        with self._tracking:
            if self._segmenter is None:
                if "segmenter" not in self.manifest.assets:
                    raise TrackerMissing(
                        "this bundle does not tell people from backgrounds: export it again"
                    )
                self._segmenter = Segmenter(self._bundle.asset("segmenter"))
            return self._segmenter(picture)

    def _presenter(self, presenter: str, size: int, scene: Scene) -> Identity:
        self._check_size(size)
        portrait = presenter_portrait(self._bundle, presenter)
        if scene.plain:
            return self._renderer.identity(portrait, size)
        shot = presented(portrait, scene.framing, size)
        return stage(shot, scene.background, self._renderer, self._segments)

    def _check_size(self, size: int) -> None:
        if size not in self.sizes:
            raise ControlError(f"pictures of {size} pixels are not drawn; there are: {self.sizes}")
