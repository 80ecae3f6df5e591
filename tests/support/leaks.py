"""Waiting for what must come about, and failing a test that leaves threads or tasks behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import pytest

SETTLE_SECONDS: Final = 3.0
"""Until what a test started has ended."""
COMES_SECONDS: Final = 15.0
"""For what must come about, but is not asked to come soon: tests share a machine."""
LOOPS_OWN: Final = "asyncio_"
"""Threads of a loop's default executor; they end with the loop."""


@asynccontextmanager
async def nothing_left(seconds: float = SETTLE_SECONDS) -> AsyncIterator[None]:
    """After the block, all threads and tasks that it started must end within `seconds`."""
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    yield
    try:
        await until(lambda: not _left(threads, tasks), seconds)
    except TimeoutError:
        pytest.fail(f"left behind: {_left(threads, tasks)}")


async def until(condition: Callable[[], bool], seconds: float = COMES_SECONDS) -> None:
    """Wait until it holds (TimeoutError after `seconds`)."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (threads and other loops' tasks set no event)
            await asyncio.sleep(0.005)


def _left(threads: set[threading.Thread], tasks: set[asyncio.Task[object]]) -> list[str]:
    current = asyncio.current_task()
    return [
        thread.name
        for thread in set(threading.enumerate()) - threads
        if not thread.name.startswith(LOOPS_OWN)
    ] + [repr(task) for task in asyncio.all_tasks() - tasks if task is not current]
