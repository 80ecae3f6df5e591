"""How long the event loop was kept from turning by what this process did.

On a machine that others share a loop also waits for a core. That wait alone, which the kernel
counts for each thread, is left out; work, blocking calls and other threads of ours all count.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STEP_SECONDS: Final = 0.005
SCHEDULED: Final = Path("/proc/thread-self/schedstat")
BLOCKED_MS: Final = 50.0
"""No input may keep the loop for longer: a picture and its sound would be late."""


@dataclass
class Stalls:
    """The longest that the loop was kept busy by one thing, in milliseconds."""

    longest_ms: float = 0.0


def waited_for_core() -> float:
    """Seconds for which this thread could have run, and no core was free (Linux, schedstat)."""
    return int(SCHEDULED.read_text().split()[1]) / 1e9


@asynccontextmanager
async def stalls() -> AsyncIterator[Stalls]:
    """Watch the running loop during the block."""
    found = Stalls()

    async def watch() -> None:
        while True:
            start, waited = time.monotonic(), waited_for_core()
            await asyncio.sleep(STEP_SECONDS)
            late = time.monotonic() - start - STEP_SECONDS
            late -= waited_for_core() - waited
            found.longest_ms = max(found.longest_ms, 1000 * late)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    try:
        yield found
        await asyncio.sleep(2 * STEP_SECONDS)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
