"""A driver's own rest: what is read on a face that does nothing, by which all it does is measured.

It is learnt in the first second, and anew whenever somebody asks; a median, so that no blink
while it is learnt changes it.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from engine.types import Floats, floats

LEARN_SECONDS: Final = 1.0
"""How long a face is watched to learn its rest."""
LEARN_READINGS: Final = 8
"""At the least; a slow camera is watched for longer."""
MOST_READINGS: Final = 240
"""That are kept meanwhile; the oldest go first."""
SETTLE_SECONDS: Final = 0.15
"""Time constant with which a rest that is learnt anew takes the place of the old one."""


class Rest:
    """One driver's rest: a row of numbers, unknown at first."""

    def __init__(self) -> None:
        self._now: Floats | None = None
        self._wanted: Floats | None = None
        self._gathered: deque[Floats] | None = deque(maxlen=MOST_READINGS)
        self._since: float | None = None

    @property
    def known(self) -> bool:
        """Whether it has been learnt once."""
        return self._now is not None

    @property
    def learning(self) -> bool:
        """Whether it is learnt now, for the first time or anew."""
        return self._gathered is not None

    def calibrate(self) -> None:
        """Learn it from what comes next; the old one holds until then."""
        self._gathered, self._since = deque(maxlen=MOST_READINGS), None

    def learn(self, read: Floats, time: float) -> None:
        """Gather what is read at `time` seconds, while it is learnt."""
        if self._gathered is None:
            return
        if self._since is None or time < self._since:
            self._since = time
        self._gathered.append(read)
        if time - self._since < LEARN_SECONDS or len(self._gathered) < LEARN_READINGS:
            return
        self._wanted = floats(np.median(np.stack(self._gathered), axis=0))
        self._gathered = None
        if self._now is None:
            self._now = self._wanted.copy()

    def drift(self, places: slice, read: Floats, share: np.float32) -> None:
        """Let some numbers come nearer to what is read, by a share of the way."""
        if self._wanted is not None:
            self._wanted[places] += share * (read - self._wanted)[places]

    def settled(self, step: float) -> Floats | None:
        """What it is `step` seconds after the last call; None until it is known."""
        if self._now is None or self._wanted is None:
            return None
        self._now = self._now + share_of(step, SETTLE_SECONDS) * (self._wanted - self._now)
        return self._now


def share_of(step: float, constant: float) -> np.float32:
    """How much of the way is gone in `step` seconds at a time constant."""
    return np.float32(1 - np.exp(-max(step, 0.0) / constant))
