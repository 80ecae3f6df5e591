"""The avatar's sound on a speaker, or on a virtual one that another program hears."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from client.card import DEFAULT, NAMES, Card
from client.elastic import RATE, Elastic, Samples

WAITING_SECONDS: Final = 0.04
"""Sound that is kept in hand against the network's jitter; more where it runs dry."""
MOST_SECONDS: Final = 0.4
"""The oldest goes when more waits: a card that stood still must not delay the call for good."""


class Speaker:
    """Plays what it is given; a context manager. While it is lost, sound goes unheard.

    Args:
        device: its number, a part of its name, or `default`.
        clock: monotonic, seconds.
    """

    name = NAMES["output"]

    def __init__(self, device: str = DEFAULT, clock: Callable[[], float] = time.monotonic) -> None:
        self.sound = Elastic(WAITING_SECONDS, MOST_SECONDS)
        """Between the network's clock and the card's."""
        self._clock = clock
        self._asked_until: float | None = None
        self.card = Card("output", device, self._give)

    def __enter__(self) -> Speaker:
        self.card.open()
        return self

    def __exit__(self, *failure: object) -> None:
        self.card.close()

    @property
    def trouble(self) -> str | None:
        """What is wrong at the moment, and what to do."""
        return self.card.trouble

    @property
    def heard_at(self) -> float | None:
        """When the next sample played will be heard, in the clock's seconds; None if it will not.

        The card says when the first sample of a block leaves it; what waits comes after that
        block, and at the earliest now: a card that begins may stand still for a while.
        """
        if self._asked_until is None or self.card.trouble is not None:
            return None
        return max(self._asked_until, self._clock()) + self.sound.seconds

    def __str__(self) -> str:
        return f"speaker {self.sound.gaps} gaps, {1000 * self.sound.dropped_seconds:.0f} ms dropped"

    def play(self, samples: Samples) -> None:
        """Add mono sound, 48 kHz, int16 [n]."""
        self.sound.write(samples)

    def _give(self, out: Samples, count: int, times: Any, status: object) -> None:
        out[:] = self.sound.read(count)[:, None]
        until_heard = max(0.0, times.outputBufferDacTime - times.currentTime)
        self._asked_until = self._clock() + until_heard + count / RATE
