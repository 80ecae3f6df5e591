"""The states of a session, and which may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a session stands."""

    WAITING = "waiting"
    """Nobody has connected yet, or nobody is left."""
    CONNECTING = "connecting"
    """An offer has been answered."""
    IDLE = "idle"
    """Somebody is connected; no voice is heard."""
    SPEAKING = "speaking"
    LOST = "lost"
    """Nothing comes from the page any more; it may come back."""
    ENDED = "ended"


LEGAL: Final[Mapping[State, frozenset[State]]] = {
    State.WAITING: frozenset({State.CONNECTING, State.IDLE, State.ENDED}),
    State.CONNECTING: frozenset({State.WAITING, State.IDLE, State.LOST, State.ENDED}),
    State.IDLE: frozenset({State.WAITING, State.SPEAKING, State.LOST, State.ENDED}),
    State.SPEAKING: frozenset({State.WAITING, State.IDLE, State.LOST, State.ENDED}),
    State.LOST: frozenset({State.WAITING, State.CONNECTING, State.IDLE, State.ENDED}),
    State.ENDED: frozenset(),
}
LIVE: Final = frozenset({State.IDLE, State.SPEAKING})
"""Somebody is there to be spoken to."""


class Life:
    """The state of one session; it can only go where the table lets it."""

    def __init__(self) -> None:
        self.state = State.WAITING

    def to(self, state: State) -> bool:
        """Go on to `state`; whether that was a change. What is not legal is not done."""
        if state not in LEGAL[self.state]:
            return False
        self.state = state
        return True
