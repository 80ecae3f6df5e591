"""Sessions take turns: a new one's ticks begin where those of the others leave most room.

Two that begin together want the same cores, and the interpreter, at the same moment of every tick
for as long as they last: both are late, and both wait for nothing half a tick later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from engine.types import TICK_MS

TICK: Final = TICK_MS / 1000
AT_SOUND: Final = (0.0, TICK / 2)
"""Later by so many seconds a tick is as near to a page's sound, which comes every 20 ms."""
ANYWHERE: Final = tuple(TICK * part / 8 for part in range(8))
"""For sessions that nothing ties to a moment."""


class Turns:
    """Whose ticks begin when. Belongs to the event loop."""

    def __init__(self) -> None:
        self._beginnings: dict[object, Callable[[], float]] = {}

    def join(self, who: object, begins: Callable[[], float]) -> None:
        """Count a session in.

        Args:
            who: it is.
            begins: tells when one of its ticks begins or began, clock seconds.
        """
        self._beginnings[who] = begins

    def leave(self, who: object) -> None:
        """It has ended; nothing happens if it was not there."""
        self._beginnings.pop(who, None)

    def best(self, earliest: float, later: Sequence[float] = ANYWHERE) -> float:
        """When a new session should begin.

        Args:
            earliest: moment, clock seconds.
            later: by how many seconds it may be later, the likeliest first.
        """
        taken = [begins() for begins in self._beginnings.values()]

        def room(moment: float) -> float:
            return min((_apart(moment, other) for other in taken), default=0.0)

        return max((earliest + it for it in later), key=lambda moment: round(room(moment), 6))


def _apart(one: float, other: float) -> float:
    """Seconds from a tick of one to the nearest of the other, at most half a tick."""
    away = (one - other) % TICK
    return min(away, TICK - away)
