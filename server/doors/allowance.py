"""How often somebody may do something: a bucket that refills by the clock."""

from __future__ import annotations

from engine.clock import Clock


class Allowance:
    """At most `burst` takings at once, and `rate` a second in the long run.

    Args:
        rate: takings a second.
        clock: monotonic.
        burst: how many at once; as many as come in a second when left out.
    """

    def __init__(self, rate: float, clock: Clock, burst: float | None = None) -> None:
        self._rate, self._clock = rate, clock
        self._most = rate if burst is None else burst
        self._left, self._refilled = self._most, clock.now()

    def take(self) -> bool:
        """Whether one more is allowed now; it is taken if so."""
        now = self._clock.now()
        self._left = min(self._most, self._left + (now - self._refilled) * self._rate)
        self._refilled = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
