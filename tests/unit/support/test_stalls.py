from __future__ import annotations

import asyncio
import time

from tests.support.stalls import stalls


async def test_work_and_blocking_calls_in_the_loop_are_seen() -> None:
    async with stalls() as kept:
        await asyncio.sleep(0)
        time.sleep(0.08)  # noqa: ASYNC251 (that is what must be seen)
        await asyncio.sleep(0)
    assert kept.longest_ms > 60
    async with stalls() as kept:
        await asyncio.sleep(0)
        end = time.thread_time() + 0.08
        while time.thread_time() < end:
            pass
        await asyncio.sleep(0)
    assert kept.longest_ms > 60


async def test_a_loop_that_is_left_alone_is_not_blamed() -> None:
    async with stalls() as kept:
        await asyncio.sleep(0.05)
    assert kept.longest_ms < 50
