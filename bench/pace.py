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

SLOW: Final = 0.75
"""Pace below which lateness is not judged."""
WORK: Final = bytes(1 << 18)
WORK_SECONDS: Final = 0.0003
"""One BLAKE2b of 256 KiB on every core at once, where the bounds hold: two cores of an Intel Xeon
with AVX-512 in a virtual machine, 0.29 to 0.30 ms, 2026-11-30. Beside one program more that takes
all it can get: 0.42 to 0.51 ms."""


def pace(seconds: float = 0.5) -> float:
    """Work done in `seconds` by the slowest core; 1.0 is the machine that the bounds are of."""
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as workers:  # hashing lets go of the interpreter's lock
        taken = list(workers.map(_seconds_of_work, [seconds] * cores))
    return WORK_SECONDS / max(taken)


def _seconds_of_work(seconds: float) -> float:
    """What one piece takes, over `seconds` of pieces."""
    began, done = time.monotonic(), 0
    while (lasted := time.monotonic() - began) < seconds or not done:
        hashlib.blake2b(WORK).digest()
        done += 1
    return lasted / done
