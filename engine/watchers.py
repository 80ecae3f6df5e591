"""What watches the drivers of a bundle: by a tracker's coefficients, or by its own graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from engine.bundle import Manifest
from engine.crop import CROPS
from engine.errors import BundleError
from engine.graph_watch import GraphWatcher
from engine.listen import Listener
from engine.types import HEARING_TICK, Component, Motion, floats
from engine.watch import Watcher, Watches
from engine.wiring import Wired

SEEN: Final = frozenset({"picture"})
MORE_TICKS: Final = 3
"""Of silence beyond the look-ahead until nothing of the stream's begin is left in a mouth."""


def watchers(manifest: Manifest, watch: Wired | None, listener: Listener) -> Callable[[], Watches]:
    """Makes watchers, each with a state of its own.

    Args:
        manifest: of the bundle.
        watch: its compiled `watch` graph, if it has one.
        listener: a fresh one; tells which mouth belongs to silence.

    Raises:
        BundleError: the graph tells nothing of a face, or wants more than its picture.
    """
    components = manifest.components
    if watch is None:
        return partial(Watcher, {part: spec.names for part, spec in components.items()})
    told = {
        part.value: (None, components[part].size) for part in Component if part in watch.outputs
    }
    if not told:
        raise BundleError("the bundle's watch graph tells neither mouth nor pose nor expression")
    watch.check_inputs(SEEN)
    watch.check_outputs(**told)
    still = {part: np.zeros(spec.size, np.float32) for part, spec in components.items()}
    silence = np.zeros(HEARING_TICK, np.float32)
    for _ in range(manifest.hearing.lookahead_ticks + MORE_TICKS):
        still[Component.MOUTH] = floats(listener.hear(silence).mouth)
    return partial(GraphWatcher, watch, Motion.of(still), CROPS[manifest.crop])
