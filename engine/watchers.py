"""What watches the drivers of a bundle: by a tracker's coefficients, or by its own graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from engine.bundle import WATCH, Bundle
from engine.camera import Camera
from engine.correction import Wired
from engine.crop import CROPS
from engine.errors import BundleError
from engine.graph_watch import GraphWatcher
from engine.listen import Listener
from engine.steady_crop import SteadyCrop
from engine.tracker import CameraTracker
from engine.types import HEARING_TICK, Component, Motion, floats
from engine.watch import Watcher, Watches

MORE_TICKS: Final = 3
"""Of silence beyond the look-ahead until nothing of the stream's begin is left in a mouth."""


def watchers(bundle: Bundle, watch: Wired | None, listener: Listener) -> Callable[[], Watches]:
    """Makes watchers, each with a state of its own.

    Args:
        bundle: whose.
        watch: its compiled `watch` graph, if it has one.
        listener: a fresh one; tells which mouth belongs to silence.

    Raises:
        BundleError: the graph tells nothing of a face.
    """
    components = bundle.manifest.components
    if watch is None:
        return partial(Watcher, {part: spec.names for part, spec in components.items()})
    if not watch.outputs & {part.value for part in Component}:
        raise BundleError("the bundle's watch graph tells neither mouth nor pose nor expression")
    still = {part: np.zeros(spec.size, np.float32) for part, spec in components.items()}
    silence = np.zeros(HEARING_TICK, np.float32)
    for _ in range(bundle.manifest.hearing.lookahead_ticks + MORE_TICKS):
        still[Component.MOUTH] = floats(listener.hear(silence).mouth)
    return partial(GraphWatcher, watch, Motion.of(still))


def open_camera(bundle: Bundle) -> Camera:
    """Something that reads one camera's pictures as the bundle's watchers want them.

    Raises:
        TrackerMissing: faces cannot be found here.
    """
    crop = SteadyCrop(CROPS[bundle.manifest.crop]) if WATCH in bundle.manifest.graphs else None
    return Camera(CameraTracker(bundle.asset("tracker")), crop)
