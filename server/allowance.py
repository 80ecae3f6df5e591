"""How many messages somebody may send: a bucket that refills by the clock."""

from __future__ import annotations

from engine.clock import Clock


class Allowance:
    """At most `rate` takings at once, and `rate` a second in the long run."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate, self._clock = rate, clock
        self._left, self._refilled = rate, clock.now()

    def take(self) -> bool:
        """Whether one more is allowed now; it is taken if so."""
        now = self._clock.now()
        self._left = min(self._rate, self._left + (now - self._refilled) * self._rate)
        self._refilled = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
