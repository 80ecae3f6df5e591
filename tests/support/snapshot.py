"""What a process holds, and whether it gives back what a test made it take."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import sys
import threading
from dataclasses import asdict, dataclass, replace
from typing import Final, Self

from bench.process import Holding, holding, slope
from tests.support.leaks import LOOPS_OWN, until

KILOBYTE: Final = 1024
SMALL_OBJECT: Final = 64
"""Bytes of one, on average."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Memory, file descriptors, threads, children, and the tasks of the running loop."""

    process: int | None
    """None is this process."""
    holds: Holding
    tasks: int

    @classmethod
    def take(cls, process: int | None = None) -> Self:
        """Look at a process (this one when left out)."""
        if process is not None:
            return cls(process, holding(process), 0)
        found = holding(os.getpid())
        return cls(None, replace(found, threads=found.threads - _loops_own()), _tasks())

    def more_than(self, start: Snapshot) -> dict[str, int]:
        """What there is more of than at the start; memory apart, which is never exact."""
        now, then = ({**asdict(it.holds), "tasks": it.tasks} for it in (self, start))
        return {
            name: now[name] - then[name] for name in now if name != "rss" and now[name] > then[name]
        }

    async def settles_to(self, start: Snapshot, seconds: float) -> Snapshot:
        """Wait until there is nothing more than at the start; give the last look.

        Raises:
            AssertionError: after `seconds`; it says what is left.
        """
        last = self

        def settled() -> bool:
            nonlocal last
            last = Snapshot.take(self.process)
            return not last.more_than(start)

        try:
            await until(settled, seconds)
        except TimeoutError:
            raise AssertionError(f"left behind: {last.more_than(start)}") from None
        return last


class Memory:
    """This process's memory over the cycles of a test.

    What is allocated, not what is resident: threads' heaps and caches make that wander by
    megabytes, while a session may keep no more than kilobytes.
    """

    def __init__(self) -> None:
        self._found: list[int] = []

    def note(self) -> None:
        """Look at it once; after each cycle."""
        gc.collect()
        self._found.append(_allocated())

    def growth(self, warmup: int) -> float:
        """Kilobytes a cycle, without the first cycles, which fill caches and pools."""
        return slope(self._found[warmup:]) / KILOBYTE


class _MallInfo(ctypes.Structure):
    """What the C library tells: mallinfo2(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd",
            "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip

    hblkhd: int
    uordblks: int


def _allocated() -> int:
    """Bytes in use in all heaps (glibc), and in small Python objects, which have their own."""
    look = ctypes.CDLL(None).mallinfo2
    look.restype = _MallInfo
    found: _MallInfo = look()
    return found.uordblks + found.hblkhd + SMALL_OBJECT * sys.getallocatedblocks()


def _loops_own() -> int:
    """Threads of the loop's own executor: it starts some more whenever more waits at once."""
    return sum(it.name.startswith(LOOPS_OWN) for it in threading.enumerate())


def _tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0  # no loop runs here
