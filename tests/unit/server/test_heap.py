"""Memory as glibc and the system tell of it: from where it is taken, that it is given back."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from threading import Barrier, Event, current_thread
from typing import Final

import pytest

from server.heap import ARENAS, Trimmer

THREADS: Final = """
import ctypes, sys, threading
from server import heap

assert sys.argv[1] == "alone" or heap.share_arenas()
together = threading.Barrier(8)

def take():
    together.wait()
    kept = [bytes(100_000) for _ in range(50)]
    together.wait()
    return kept

threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""
"""Takes memory in many threads at once, and prints where it came from."""


HOLES: Final = """
import os
from pathlib import Path
from server import heap

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

class Held:
    def __init__(self):
        self.itself, self.much = self, b"x" * 100_000

kept = [Held() for _ in range(1_000)]
del kept[:-1]
before = megabytes()
heap.give_back()
print(before, megabytes())
"""
"""Needs no longer what lies under something that stays, and prints what the process holds."""
GLIBC: Final = hasattr(ctypes.CDLL(None), "malloc_info")


def run(script: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def arenas(how: str) -> int:
    return len(re.findall("<heap nr=", run(THREADS, how)))


@pytest.mark.skipif(not GLIBC, reason="not glibc")
def test_threads_share_a_few_arenas() -> None:
    assert arenas("alone") > ARENAS, "otherwise nothing is gained"
    assert arenas("shared") <= ARENAS


@pytest.mark.skipif(not GLIBC, reason="not glibc")
def test_what_nobody_needs_between_what_lives_on_is_given_back() -> None:
    before, after = map(int, run(HOLES).split())
    assert before > 95, "otherwise nothing is gained"
    assert after < before - 80


def test_it_trims_in_a_thread_of_its_own_once_for_all_that_asked_meanwhile() -> None:
    begun, go_on, threads = Barrier(2), Event(), list[str]()

    def work() -> None:
        threads.append(current_thread().name)
        if len(threads) == 1:
            begun.wait(10)
            go_on.wait(10)

    trimmer = Trimmer(work)
    trimmer.ask()
    begun.wait(10)
    for _ in range(5):  # while it works: once more, for all of them
        trimmer.ask()
    go_on.set()
    trimmer.close()
    assert len(threads) == 2
    assert current_thread().name not in threads
