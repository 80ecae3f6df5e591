"""What hears the sessions of a bundle: by ticks and a state, or by windows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.backends import Graph
from engine.bundle import Manifest
from engine.errors import BundleError
from engine.listen import Listener, TickListener
from engine.mel_windows import BANDS, COLUMNS
from engine.mouth_stream import SMOOTHINGS, MouthStream, WindowListener
from engine.types import Component


def listeners(manifest: Manifest, graph: Graph) -> Callable[[], Listener]:
    """Makes listeners, each with a state of its own.

    Args:
        manifest: of the bundle.
        graph: its compiled `listen` graph.

    Raises:
        BundleError: the graph wants what is not given.
    """
    hearing = manifest.hearing
    if hearing.front == "ticks":
        return partial(TickListener, graph, _state_size(manifest))
    smoothing = SMOOTHINGS[hearing.smoothing]
    needed = MouthStream(graph, smoothing()).lookahead_ticks
    if (hearing.bands, hearing.frames_per_tick) != (BANDS, COLUMNS):
        raise BundleError(f"the bundle's listen graph should hear {BANDS} bands, {COLUMNS} columns")
    if hearing.lookahead_ticks != needed:
        raise BundleError(f"the bundle's look-ahead should be {needed} ticks for its smoothing")
    mouth = manifest.components[Component.MOUTH].size
    return lambda: WindowListener(MouthStream(graph, smoothing()), mouth)


def _state_size(manifest: Manifest) -> int:
    graphs = manifest.graphs
    size = graphs["listen"].inputs.get("state", [0])[-1] if "listen" in graphs else 0
    if not isinstance(size, int) or size <= 0:
        raise BundleError("the bundle's listen graph does not state the size of its state")
    return size
