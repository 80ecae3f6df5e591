"""Recordings are switched on and off between two ticks: no tick waits for a file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from server.protocol import RecordingMessage


class Tape(Protocol):
    """A file that is made of what a session does."""

    def start(self) -> RecordingMessage:
        """Begin, unless it is at it; what to say of it."""

    async def stop(self) -> RecordingMessage | None:
        """Finish the file; what to say of it, None if none was being made."""


class Taping:
    """One tape's switch.

    Args:
        tape: what is switched.
        tell: is given what to say of it.
    """

    def __init__(self, tape: Tape, tell: Callable[[RecordingMessage], None]) -> None:
        self._tape, self._tell = tape, tell
        self._finishing: asyncio.Task[None] | None = None
        self._asked = False

    def start(self) -> None:
        """Begin a file, unless one is being made (RecordingFailed)."""
        self._tell(self._tape.start())
        self._asked = False

    def stop(self) -> None:
        """Finish the file in the background, if one is being made."""
        self._asked = True
        if self._finishing is None or self._finishing.done():
            self._finishing = asyncio.create_task(self._finish())

    async def end(self) -> None:
        """Finish the file, and wait until it is."""
        self.stop()
        await asyncio.gather(*filter(None, [self._finishing]), return_exceptions=True)

    async def _finish(self) -> None:
        while self._asked:  # again, while the file before was being finished
            self._asked = False
            told = await self._tape.stop()
            if told is not None:
                self._tell(told)
