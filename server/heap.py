"""The process's memory: from how many places it is taken, and when it is given back."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

ARENAS: Final = 2
"""From which all threads take memory. By itself glibc gives each thread an arena of its own, up to
eight a core. What one session leaves free in one of them the next session, with other threads, does
not find: after minutes of calls a server held 50 MB more than with two, and 80 MB were free."""
M_ARENA_MAX: Final = -8
"""From glibc's malloc.h."""


def share_arenas() -> bool:
    """Let all threads that are started from now on share arenas; whether that can be had here.

    Only glibc knows arenas; other libraries do without.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(M_ARENA_MAX, ARENAS) == 1


def freeze() -> None:
    """Leave all that was loaded so far out of later collections.

    It is never given back, and a collection that looks through it holds up every thread
    for 80 ms: two pictures late.
    """
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Give what is free back to the system; holds up all threads for some 10 ms.

    A session leaves connections that refer to themselves, which only a collection finds: Python
    begins one by itself after minutes, when there are 40 MB of them. And glibc gives back only what
    is free at the end of an arena: ten times as much lies between what lives on.
    """
    gc.collect()
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


class Trimmer:
    """Gives memory back in a thread of its own: once for all who ask while it is at it.

    Args:
        work: what it does each time.
    """

    def __init__(self, work: Callable[[], None] = give_back) -> None:
        self._work = work
        self._thread = ThreadPoolExecutor(1, "visavis-trimmer")
        self._waiting: Future[None] | None = None

    def ask(self) -> None:
        """Something large is no longer needed; returns at once."""
        if self._waiting is None or self._waiting.running() or self._waiting.done():
            self._waiting = self._thread.submit(self._work)

    def close(self) -> None:
        """End the thread, when it has done what it was asked."""
        self._thread.shutdown()
