"""Sound to mouths for graphs that hear mel windows, as a stream.

The mouths are those of the whole clip at once, however the sound is cut into pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from engine.backends import Graph
from engine.listen import Speech
from engine.mel_windows import LOOKAHEAD_TICKS, MelWindows
from engine.mouth_smoothing import Causal, Gaussian, Smoothing
from engine.types import Floats, floats

SMOOTHINGS: Final[dict[str, Callable[[], Smoothing]]] = {"exact": Gaussian, "fast": Causal}
"""By name: as published, or with 40 ms less look-ahead."""


class MouthStream:
    """Hears one voice.

    Args:
        graph: `listen`: `windows` [n, 1, 80, 16] of `MelWindows` to `mouth` [n, m].
        smoothing: of the mouths, over time.
    """

    def __init__(self, graph: Graph, smoothing: Smoothing) -> None:
        self._graph, self._smoothing = graph, smoothing
        self._windows = MelWindows()

    @property
    def lookahead_ticks(self) -> int:
        """Ticks of sound that are heard after the one that a mouth belongs to."""
        return LOOKAHEAD_TICKS + self._smoothing.delay

    def push(self, samples: Floats) -> list[Floats]:
        """Mouths that are certain now, one a tick.

        Args:
            samples: float32 [n] at 16 kHz, -1..1; any n.
        """
        return self._mouths(self._windows.push(samples))

    def finish(self) -> list[Floats]:
        """The mouths that are still due at the end of a clip; then as new."""
        mouths = self._mouths(self._windows.finish())
        last = self._smoothing.finish()
        return mouths if last is None else [*mouths, last]

    def reset(self) -> None:
        """Forget everything heard; equal to a new one."""
        self._windows.reset()
        self._smoothing.finish()

    def _mouths(self, windows: Floats) -> list[Floats]:
        """One window at a time: how many come at once must not change any rounding."""
        smooth = (
            self._smoothing.push(self._graph.run({"windows": window[None, None]})["mouth"][0])
            for window in windows
        )
        return [mouth for mouth in smooth if mouth is not None]


class WindowListener:
    """Hears one session by a graph that hears windows.

    Args:
        stream: of this session.
        mouth: numbers of a mouth; it rests at zero until the look-ahead has been heard.
    """

    def __init__(self, stream: MouthStream, mouth: int) -> None:
        self._stream = stream
        self._rest = np.zeros(mouth, np.float32)

    def hear(self, heard: Floats) -> Speech:
        """See `Listener.hear`; such a graph tells no prosody."""
        mouths = self._stream.push(heard)
        return Speech(floats(mouths[0]) if mouths else self._rest, None)

    def finish(self) -> list[Speech]:
        """See `Listener.finish`."""
        return [Speech(floats(mouth), None) for mouth in self._stream.finish()]

    def reset(self) -> None:
        """See `Listener.reset`."""
        self._stream.reset()
