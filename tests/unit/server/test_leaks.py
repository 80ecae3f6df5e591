"""The leak detector finds what is left behind, so its silence means something."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.support.leaks import nothing_left


async def test_a_thread_that_stays_is_found() -> None:
    go = threading.Event()
    thread = threading.Thread(target=go.wait, name="stayer")
    with pytest.raises(pytest.fail.Exception, match="stayer"):
        async with nothing_left(0.05):
            thread.start()
    go.set()
    thread.join()


async def test_a_task_that_stays_is_found() -> None:
    with pytest.raises(pytest.fail.Exception, match="Event.wait"):
        async with nothing_left(0.05):
            task = asyncio.create_task(asyncio.Event().wait())
    task.cancel()


async def test_what_ends_in_time_is_no_leak() -> None:
    async with nothing_left(2.0):
        threading.Thread(target=lambda: None).start()
        task = asyncio.create_task(asyncio.sleep(0.01))
    assert task.done()
