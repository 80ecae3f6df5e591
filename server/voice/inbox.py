"""What a voice WebSocket has read ahead of the stream: bytes of utterances, and their ends."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Literal

from server import limits

PIECE: Final = 16_384
"""Bytes that are given at once; many small messages become one piece."""
MARK: Final = 64
"""Bytes that the end of an utterance counts for."""

Kind = Literal["sound", "end"]


class Inbox:
    """Holds little more than `capacity` bytes, if its writer waits for `room` after each message.

    Reading on while the stream is full is what lets an interruption be seen that comes
    behind sound. One task writes, one reads.

    Args:
        capacity: bytes from which on the writer waits.
    """

    def __init__(self, capacity: int = limits.VOICE_AHEAD_BYTES) -> None:
        self._capacity = capacity
        self._parts: deque[bytearray | None] = deque()  # None is the end of an utterance
        self._size = 0
        self._closed = False
        self._filled, self._roomy = asyncio.Event(), asyncio.Event()

    def __len__(self) -> int:
        """Bytes that wait."""
        return self._size

    def put(self, data: bytes) -> None:
        """Append bytes of an utterance."""
        if not self._parts or self._parts[-1] is None:
            self._parts.append(bytearray())
        part = self._parts[-1]
        assert part is not None
        part += data
        self._size += len(data)
        self._filled.set()

    def end(self) -> None:
        """Append the end of an utterance."""
        self._parts.append(None)
        self._size += MARK
        self._filled.set()

    def close(self) -> None:
        """Nothing will follow."""
        self._closed = True
        self._filled.set()

    def clear(self) -> list[Kind]:
        """Drop everything; returns what it was, in order."""
        kinds: list[Kind] = ["end" if part is None else "sound" for part in self._parts]
        self._parts.clear()
        self._size = 0
        self._roomy.set()
        return kinds

    async def room(self) -> None:
        """Wait until less than the capacity waits."""
        while self._size >= self._capacity:
            self._roomy.clear()
            await self._roomy.wait()

    async def get(self) -> bytes | None:
        """The next bytes; None at the end of an utterance.

        Raises:
            EOFError: closed, and everything has been read.
        """
        while not self._parts:
            if self._closed:
                raise EOFError
            self._filled.clear()
            await self._filled.wait()
        self._roomy.set()
        part = self._parts[0]
        if part is None:
            self._parts.popleft()
            self._size -= MARK
            return None
        piece = bytes(part[:PIECE])
        del part[:PIECE]
        if not part:
            self._parts.popleft()
        self._size -= len(piece)
        return piece
