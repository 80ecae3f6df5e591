"""What a file tells a face to do: somebody's film, a picture, a motion that was kept.

A guide moves those components of a face that it is given, in the time of the film that is made.
What ends before that film does is held for a moment and let go, as a face that is lost.
"""

from __future__ import annotations

from typing import Protocol

from engine.motion_file import MotionFile
from engine.motion_stream import HOLD_SECONDS, LET_GO_SECONDS, Followed, smooth
from engine.types import TICKS_PER_SECOND, Motion


class Guide(Protocol):
    """What is followed; `engine.filmed.FilmedDriver` is one, too."""

    def at(self, time: float) -> Followed:
        """What is followed at `time`, seconds of the film that is made.

        It is asked in the order of time, more than once at the same; before 0 it begins.
        """
        ...


class Held:
    """What the face in a picture does, for the whole film.

    Args:
        motion: that.
    """

    def __init__(self, motion: Motion) -> None:
        self._followed = Followed(motion, 1.0, None)

    def at(self, time: float) -> Followed:
        """See `Guide.at`."""
        return self._followed


class Played:
    """A motion file from its start.

    Args:
        file: what is played.
    """

    def __init__(self, file: MotionFile) -> None:
        self._file = file

    def at(self, time: float) -> Followed:
        """See `Guide.at`."""
        tick = min(max(round(time * TICKS_PER_SECOND), 0), self._file.ticks - 1)
        over = time - self._file.seconds - HOLD_SECONDS
        presence = min(max(1 - over / LET_GO_SECONDS, 0.0), 1.0)
        return Followed(self._file[tick], smooth(presence), None)
