"""Sound to mouth motion and prosody, streaming: the bundle's `listen` graph and its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.backends import Graph
from engine.mel import LogMel
from engine.prosody import Prosody
from engine.types import Floats


@dataclass(frozen=True, slots=True)
class Speech:
    """What was heard in one tick."""

    mouth: Floats
    """Mouth motion, float32 [mouth]."""
    prosody: Prosody | None
    """None where the bundle's graph does not tell."""


class Listener(Protocol):
    """Hears one session, tick by tick."""

    def hear(self, heard: Floats) -> Speech:
        """Mouth and prosody after hearing one more tick.

        Args:
            heard: float32 [640] at 16 kHz, -1..1.
        """
        ...

    def finish(self) -> list[Speech]:
        """What is still due where the sound ends, one a tick; then as new.

        Nothing where silence is to be heard instead.
        """
        ...

    def reset(self) -> None:
        """Forget everything heard; equal to a new listener."""
        ...


class TickListener:
    """Hears one session by a graph with a state.

    The graph takes the log-mel frames of one tick, [1, frames, bands], and a state,
    [1, n]; it gives the mouth's coefficients, [1, mouth], the next state, and maybe
    `prosody`, [1, 2]: stress and pause. All belong to the tick that was heard
    `lookahead_ticks` before.

    Args:
        graph: the compiled `listen` graph; shared between sessions.
        state_size: n.
    """

    def __init__(self, graph: Graph, state_size: int) -> None:
        self._graph = graph
        self._mel = LogMel()
        self._state = np.zeros((1, state_size), np.float32)

    def hear(self, heard: Floats) -> Speech:
        """See `Listener.hear`."""
        outputs = self._graph.run({"mel": self._mel(heard)[None], "state": self._state})
        self._state = outputs["next_state"]
        told = outputs.get("prosody")
        prosody = None if told is None else Prosody(*told[0].tolist())
        return Speech(outputs["mouth"][0], prosody)

    def finish(self) -> list[Speech]:
        """See `Listener.finish`: this graph learnt from sound that goes on."""
        return []

    def reset(self) -> None:
        """See `Listener.reset`."""
        self._mel.reset()
        self._state = np.zeros_like(self._state)
