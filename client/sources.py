"""Sound to be spoken, as bytes in pieces: from a file, or from a program that writes it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Semaphore, Thread
from typing import Final

from client.devices import RATE, read_sound
from server.protocol import HelloMessage

PIECE_SECONDS: Final = 0.1
"""Sound that is sent at once."""
READ_BYTES: Final = 65_536
"""Read from a pipe at once."""


@dataclass(frozen=True, slots=True)
class Source:
    """Sound to be spoken: how its bytes are to be read, and the bytes."""

    hello: HelloMessage
    pieces: AsyncGenerator[bytes, None]

    @property
    def bytes_per_second(self) -> int:
        hello = self.hello
        return hello.rate * hello.channels * (4 if hello.format == "f32le" else 2)


def from_file(path: Path) -> Source:
    """A sound file of any kind (FileUnusable if it is none)."""
    sound = read_sound(path).tobytes()

    async def pieces() -> AsyncGenerator[bytes, None]:
        step = int(RATE * PIECE_SECONDS) * 2
        for start in range(0, len(sound), step):
            yield sound[start : start + step]

    return Source(HelloMessage(rate=RATE), pieces())


def from_pipe(descriptor: int, hello: HelloMessage) -> Source:
    """Raw PCM from a file descriptor, as it is written there."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        read: asyncio.Queue[bytes] = asyncio.Queue(1)
        wanted = Semaphore(1)

        def copy() -> None:
            with suppress(RuntimeError):  # the loop has ended; nobody wants the rest
                data = b"-"
                while data and wanted.acquire():
                    data = os.read(descriptor, READ_BYTES)
                    loop.call_soon_threadsafe(read.put_nowait, data)

        # Not on the loop's threads: it would wait, when it ends, for a pipe that says nothing.
        Thread(target=copy, daemon=True, name="visavis-pipe").start()
        while data := await read.get():
            yield data
            wanted.release()

    return Source(hello, pieces())
