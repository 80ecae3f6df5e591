"""The process's memory: what is kept out of collections, and from how many places it is taken."""

from __future__ import annotations

import ctypes
import gc
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
