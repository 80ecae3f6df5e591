"""The detector of leaks finds planted ones, so its silence means something."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading

import pytest

from bench.process import slope
from server import heap
from tests.support.snapshot import Memory, Snapshot

CYCLES = 24
LEAK_KILOBYTES = 50


def test_slope_ignores_a_single_early_step() -> None:
    assert slope([0, 2, 4, 6]) == 2
    assert slope([0, 0, 900, 900, 900, 900, 900, 900, 900, 900]) == 0
    assert slope([1, 3], [0, 4]) == 0.5


def work() -> bytes:
    """What takes memory and gives it back."""
    return b"".join(bytes(1_000) for _ in range(500))


def test_a_leak_of_50_kb_a_session_is_seen() -> None:
    heap.freeze()  # or each look goes through all that other tests hold
    kept: list[bytearray] = []
    leaking, tidy = Memory(), Memory()
    for _ in range(CYCLES):
        work()
        tidy.note()
    for _ in range(CYCLES):
        work()
        kept.append(bytearray(os.urandom(LEAK_KILOBYTES * 1024)))
        leaking.note()
    assert leaking.growth(4) == pytest.approx(LEAK_KILOBYTES, rel=0.3)
    assert tidy.growth(4) < 10


async def test_a_socket_that_stays_open_is_seen() -> None:
    start = Snapshot.take()
    with socket.socket():
        with pytest.raises(AssertionError, match="'fds': 1"):
            await start.settles_to(start, 0.05)
    await start.settles_to(start, 0.5)


async def test_threads_tasks_and_children_are_seen() -> None:
    start = Snapshot.take()
    go = threading.Event()
    thread = threading.Thread(target=go.wait)
    thread.start()
    task = asyncio.create_task(asyncio.Event().wait())
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    now = Snapshot.take().more_than(start)
    assert now["threads"] >= 1 and now["children"] == 1 and now["tasks"] >= 1
    go.set()
    thread.join()
    task.cancel()
    await child.communicate(b"\n")
    await Snapshot.take().settles_to(start, 3)


async def test_another_process_is_looked_at() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "print(flush=True); open('/dev/null'); input()",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    await child.stdout.readline()
    found = Snapshot.take(child.pid)
    assert found.holds.threads == 1 and found.holds.rss > 1_000_000 and found.tasks == 0
    await child.communicate(b"\n")
