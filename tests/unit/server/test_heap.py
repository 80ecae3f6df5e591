"""That threads share arenas, as glibc itself tells."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from typing import Final

import pytest

from server.heap import ARENAS

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


def arenas(how: str) -> int:
    command = [sys.executable, "-c", THREADS, how]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return len(re.findall("<heap nr=", told))


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="not glibc")
def test_threads_share_a_few_arenas() -> None:
    assert arenas("alone") > ARENAS, "otherwise nothing is gained"
    assert arenas("shared") <= ARENAS
