"""What hears the sessions of a bundle: by ticks and a state, or by windows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from engine.bundle import Manifest
from engine.errors import BundleError
from engine.listen import Listener, TickListener
from engine.mel_windows import BANDS, COLUMNS
from engine.mouth_stream import SMOOTHINGS, MouthStream, WindowListener
from engine.types import Component
from engine.wiring import Wired

TICK_INPUTS: Final = frozenset({"mel", "state"})
WINDOW_INPUTS: Final = frozenset({"windows"})
MOST_STATE: Final = 1 << 16
"""Numbers; the built-in graph remembers 512."""


def listeners(manifest: Manifest, graph: Wired) -> Callable[[], Listener]:
    """Makes listeners, each with a state of its own.

    Args:
        manifest: of the bundle.
        graph: its compiled `listen` graph.

    Raises:
        BundleError: the graph wants what is not given, or does not give a mouth.
    """
    hearing = manifest.hearing
    mouth = manifest.components[Component.MOUTH].size
    graph.check_outputs(mouth=(None, mouth))
    if hearing.front == "ticks":
        state = _state_size(manifest)
        graph.check_inputs(TICK_INPUTS)
        graph.check_outputs(next_state=(None, state))
        return partial(TickListener, graph, state)
    graph.check_inputs(WINDOW_INPUTS)
    smoothing = SMOOTHINGS[hearing.smoothing]
    needed = MouthStream(graph, smoothing()).lookahead_ticks
    if (hearing.bands, hearing.frames_per_tick) != (BANDS, COLUMNS):
        raise BundleError(f"the bundle's listen graph should hear {BANDS} bands, {COLUMNS} columns")
    if hearing.lookahead_ticks != needed:
        raise BundleError(f"the bundle's look-ahead should be {needed} ticks for its smoothing")
    return lambda: WindowListener(MouthStream(graph, smoothing()), mouth)


def _state_size(manifest: Manifest) -> int:
    graphs = manifest.graphs
    size = graphs["listen"].inputs.get("state", [0])[-1] if "listen" in graphs else 0
    if not isinstance(size, int) or not 0 < size <= MOST_STATE:
        raise BundleError("the bundle's listen graph does not state the size of its state")
    return size
