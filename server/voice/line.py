"""Utterances in a line, with the sound that waits for each: taken by ticks, then handed over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.types import SOUND_RATE, SOUND_TICK, Samples
from server import limits
from server.voice.ring import Ring
from server.voice.utterance import Event, Utterance

CAPACITY: Final = SOUND_RATE * limits.VOICE_SECONDS
UNDER_WAY: Final = 100
"""Ticks between `take` and `handed`; what was taken earlier was never handed over. Four seconds."""


@dataclass(frozen=True, slots=True)
class _Share:
    """What a tick took of an utterance."""

    tick: int
    utterance: Utterance
    samples: int


class Line:
    """One ring holds the sound of all utterances in order; each knows how much of it is its own.

    Args:
        tell: hears what happens to an utterance.
    """

    def __init__(self, tell: Callable[[Event, Utterance], None]) -> None:
        self._tell = tell
        # The last millisecond of an utterance needs room when everything else is full.
        self._ring = Ring(CAPACITY + SOUND_TICK)
        self._utterances: deque[Utterance] = deque()
        self._shares: deque[_Share] = deque()
        self.underruns = 0
        """How often an utterance ran dry before its end."""

    def __len__(self) -> int:
        """Samples that wait."""
        return len(self._ring)

    @property
    def playing(self) -> bool:
        """Whether an utterance is being taken."""
        return any(it.begun and not it.exhausted for it in self._utterances)

    @property
    def open(self) -> Utterance | None:
        """The utterance that sound is appended to: the first that is not complete."""
        return next((it for it in self._utterances if not it.complete), None)

    def append(self, utterance: Utterance) -> None:
        """Put an utterance behind the others."""
        self._utterances.append(utterance)

    def accept(self, samples: Samples) -> int:
        """Append to the open utterance what there is room for; returns how much that was."""
        return self._store(samples[: max(0, CAPACITY - len(self._ring))])

    def complete(self) -> None:
        """The open utterance has come to its end."""
        utterance = self.open
        if utterance is not None:
            self._store(utterance.inlet.rest())
            utterance.complete = True
            self._settle(utterance)

    def clear(self) -> list[Utterance]:
        """Drop everything that has not been handed over; returns whose it was."""
        dropped = list(self._utterances)
        self._utterances.clear()
        self._shares.clear()
        self._ring.clear()
        return dropped

    def take(self, tick: int) -> list[Samples]:
        """At most a tick of sound; the next utterance begins where one ends."""
        while self._shares and self._shares[0].tick < tick - UNDER_WAY:
            self._account(self._shares.popleft(), tick)
        parts: list[Samples] = []
        missing = SOUND_TICK
        for utterance in list(self._utterances):
            if utterance.exhausted:
                continue
            if not missing or not utterance.ready():
                break
            part = self._ring.read(min(missing, utterance.waiting))
            if len(part):
                parts.append(part)
                self._record(_Share(tick, utterance, len(part)))
            missing -= len(part)
            if not utterance.complete:
                if missing:
                    utterance.ran_dry()
                    self.underruns += 1
                break
        return parts

    def handed(self, tick: int) -> None:
        """What was taken as `tick` has been handed over; what was before it and was not, never."""
        while self._shares and self._shares[0].tick <= tick:
            self._account(self._shares.popleft(), tick)

    def _store(self, samples: Samples) -> int:
        utterance = self.open
        if utterance is None:
            return 0
        count = self._ring.write(samples)
        utterance.waiting += count
        return count

    def _record(self, share: _Share) -> None:
        share.utterance.waiting -= share.samples
        share.utterance.under_way += share.samples
        self._shares.append(share)

    def _account(self, share: _Share, tick: int) -> None:
        utterance = share.utterance
        utterance.under_way -= share.samples
        if share.tick == tick:
            if not utterance.started:
                utterance.started = True
                self._tell("started", utterance)
            utterance.handed += share.samples
        self._settle(utterance)

    def _settle(self, utterance: Utterance) -> None:
        """Say that an utterance has ended, if it has."""
        if utterance.finished and utterance in self._utterances:
            self._utterances.remove(utterance)
            self._tell("ended", utterance)
