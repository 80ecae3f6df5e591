"""Ctrl+C: once ends in order, twice ends at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def interrupted(ended: asyncio.Event) -> Iterator[None]:
    """The first Ctrl+C of the block sets `ended`; the second interrupts as usual.

    Where an event loop takes no signals (Windows), the first one interrupts.
    """
    loop = asyncio.get_running_loop()

    def tell() -> None:
        ended.set()
        loop.remove_signal_handler(signal.SIGINT)

    with suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGINT, tell)
    try:
        yield
    finally:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
