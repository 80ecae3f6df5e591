"""How quick this machine is just now, all its cores at once.

Bounds of timing are those of one kind of machine. Where virtual cores share a real one, or get
a part of its time, nothing inside the machine tells; what a known piece of work takes does.
"""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bench.others import our_seconds

SLOW: Final = 0.75
"""Pace below which lateness is not judged."""
WORK: Final = bytes(1 << 18)
WORK_SECONDS: Final = 0.0003
"""One BLAKE2b of 256 KiB on every core at once, where the bounds hold: two cores of an Intel Xeon
with AVX-512 in a virtual machine, 0.29 to 0.30 ms, 2026-11-30. Beside one program more that takes
all it can get: 0.42 to 0.51 ms."""


def pace(seconds: float = 0.5) -> float:
    """Work done in `seconds`; 1.0 is the machine that the bounds are of.

    What this process and those that it started do meanwhile counts as done: our own load is no
    excuse for us.
    """
    cores = os.cpu_count() or 1
    before, began = our_seconds(), time.monotonic()
    with ThreadPoolExecutor(cores) as workers:  # hashing lets go of the interpreter's lock
        done = list(workers.map(_work, [began + seconds] * cores))
    lasted = time.monotonic() - began
    besides = max(0.0, our_seconds() - before - sum(taken for _, taken in done))
    return (sum(pieces for pieces, _ in done) * WORK_SECONDS + besides) / (lasted * cores)


def _work(end: float) -> tuple[int, float]:
    """Pieces done until `end`, and the core's seconds that they took."""
    began, pieces = time.thread_time(), 0
    while time.monotonic() < end:
        hashlib.blake2b(WORK).digest()
        pieces += 1
    return pieces, time.thread_time() - began
