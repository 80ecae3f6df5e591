"""Pictures that wait for their time."""

from __future__ import annotations

from collections import deque
from typing import Final

import av

HELD: Final = 25
"""Pictures that may wait, one second; the oldest goes."""
BEAT: Final = 0.04
"""Seconds from picture to picture."""
LATE: Final = 1.5 * BEAT
"""After which the last picture is shown again, where no next one has come."""


class Shelf:
    """Says which picture is to be shown when. Seconds of one clock, which it does not read.

    Args:
        now: from when on there is something to show.
    """

    def __init__(self, now: float) -> None:
        self._waiting: deque[tuple[float, av.VideoFrame]] = deque()
        self._again = now
        self.dropped = 0
        """Pictures that were never shown: too many waited, or the next one was due too."""

    def put(self, picture: av.VideoFrame, due: float) -> None:
        """Add a picture that is to be shown at `due`, after those that were added before."""
        if len(self._waiting) == HELD:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((due, picture))

    @property
    def next(self) -> float:
        """When something is to be shown: the next picture, or the last one again."""
        return min(self._waiting[0][0], self._again) if self._waiting else self._again

    def take(self, now: float) -> av.VideoFrame | None:
        """The newest picture that is due; None if the last one is to be shown again."""
        picture = None
        while self._waiting and self._waiting[0][0] <= now:
            self.dropped += picture is not None
            picture = self._waiting.popleft()[1]
        self._again = max(self._again + BEAT, now) if picture is None else now + LATE
        return picture
