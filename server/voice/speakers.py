"""What voices need of the sessions that they are spoken in."""

from __future__ import annotations

from typing import Protocol

from server.doors.tokens import Grant
from server.voice.stream import VoiceStream


class Session(Protocol):
    """A face that can speak."""

    @property
    def voice(self) -> VoiceStream:
        """What it speaks."""

    def interrupt(self) -> None:
        """Drop all sound that has not been played."""

    def touch(self) -> None:
        """Somebody is connected."""


class Sessions(Protocol):
    """All sessions of a server."""

    def find(self, session_id: str, grant: Grant, /) -> Session:
        """The one of that id.

        Raises:
            UnknownSession: it has ended, or never was.
        """
