"""One utterance on its way: how much of it waits, is under way, and has been played."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from engine.types import SOUND_RATE, SOUND_TICK
from server import limits
from server.protocol import SpeechMessage
from server.voice.inlet import Inlet

CUSHION: Final = SOUND_TICK + SOUND_RATE * limits.VOICE_CUSHION_MS // 1000
PATIENCE: Final = 3
"""Ticks that sound waits for its cushion; then it is played as it is, however short."""

Event = Literal["started", "ended", "interrupted"]


@dataclass(slots=True, eq=False)
class Utterance:
    """Each sample at 48 kHz is counted in one of three places."""

    number: int
    inlet: Inlet = field(default_factory=Inlet)
    waiting: int = 0
    """Samples that have not been taken."""
    under_way: int = 0
    """Samples that have been taken, and not handed over."""
    handed: int = 0
    complete: bool = False
    begun: bool = False
    """Whether something has been taken."""
    started: bool = False
    """Whether something has been handed over."""
    _gathering: bool = True
    _patience: int = PATIENCE

    @property
    def exhausted(self) -> bool:
        """Nothing can be taken any more."""
        return self.complete and not self.waiting

    @property
    def finished(self) -> bool:
        """Everything has been handed over."""
        return self.exhausted and not self.under_way

    def ready(self) -> bool:
        """Whether it can be taken in this tick; asked once a tick.

        A voice that is sent as it is spoken starts with a cushion, so that a late
        packet is not heard; one that ran dry gathers it again.
        """
        if self._gathering:
            enough = self.complete or self.waiting >= CUSHION or not self._patience
            if not enough:
                self._patience -= self.waiting > 0
                return False
            self._gathering, self._patience = False, PATIENCE
        self.begun = True
        return True

    def ran_dry(self) -> None:
        """Something was asked for that was not there."""
        self._gathering = True

    def told(self, event: Event) -> SpeechMessage:
        """The message that says so."""
        position = self.handed * 1000 / SOUND_RATE
        return SpeechMessage(event=event, utterance=self.number, position_ms=position)
