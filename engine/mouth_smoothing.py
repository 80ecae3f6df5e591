"""Smooths a mouth over time: as EDTalk does, a picture late, or at once.

`Gaussian` is what EDTalk's mouth steps go through: sigma one picture, three taps, zeros
before and after the clip. It needs the next picture, 40 ms more of look-ahead. `Causal`
has the same taps less the one ahead, scaled to a sum of 1. It lets more of quick motion
through and moves lips 15 ms later:

| motion, Hz | 1 | 2 | 4 | 6.25 | 12.5 |
| --- | --- | --- | --- | --- | --- |
| gain, `Gaussian` | 0.98 | 0.93 | 0.75 | 0.45 | -0.10 |
| gain, `Causal` | 0.99 | 0.97 | 0.88 | 0.73 | 0.25 |
| delay, `Causal`, ms | 15 | 15 | 15 | 14 | 0 |
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np

from engine.types import Floats

BESIDE: Final = np.float32(0.27406862)
MIDDLE: Final = np.float32(0.45186276)
NEWEST: Final = np.float32(MIDDLE / (MIDDLE + BESIDE))


class Smoothing(Protocol):
    """Mouths in, one a picture; smoothed mouths out, `delay` pictures later."""

    delay: int

    def push(self, mouth: Floats) -> Floats | None:
        """The smoothed mouth of `delay` pictures before; None where there was none.

        Args:
            mouth: float32 [n].
        """
        ...

    def finish(self) -> Floats | None:
        """The smoothed mouth that is still due, if one is; then as new."""
        ...


class Gaussian:
    """Three taps, one of them ahead."""

    delay = 1

    def __init__(self) -> None:
        self._before: Floats | None = None
        self._now: Floats | None = None

    def push(self, mouth: Floats) -> Floats | None:
        """See `Smoothing.push`."""
        smooth = self._smoothed(mouth)
        self._before, self._now = self._now, mouth
        return smooth

    def finish(self) -> Floats | None:
        """See `Smoothing.finish`."""
        smooth = self._smoothed(None)
        self._before = self._now = None
        return smooth

    def _smoothed(self, ahead: Floats | None) -> Floats | None:
        if self._now is None:
            return None
        smooth: Floats = MIDDLE * self._now
        for beside in (self._before, ahead):
            if beside is not None:
                smooth = smooth + BESIDE * beside
        return smooth


class Causal:
    """Two taps, none ahead; the first mouth counts as its own past."""

    delay = 0

    def __init__(self) -> None:
        self._before: Floats | None = None

    def push(self, mouth: Floats) -> Floats | None:
        """See `Smoothing.push`."""
        before = mouth if self._before is None else self._before
        self._before = mouth
        return NEWEST * mouth + (1 - NEWEST) * before

    def finish(self) -> Floats | None:
        """See `Smoothing.finish`."""
        self._before = None
        return None
