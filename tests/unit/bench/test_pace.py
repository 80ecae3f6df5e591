from __future__ import annotations

import os
import subprocess
import sys

from bench.pace import pace

CORES = os.cpu_count() or 1
BURN = "import time\nend = time.monotonic() + 1.5\nwhile time.monotonic() < end: pass"
ORPHANS = f"""import subprocess, sys
for _ in range({2 * CORES}):
    subprocess.Popen([sys.executable, "-c", {BURN!r}])"""


def test_a_machine_whose_cores_are_taken_is_slower() -> None:
    """By programs whose parent has ended, so that nobody here started them."""
    alone = max(pace(0.1) for _ in range(3))
    subprocess.run([sys.executable, "-c", ORPHANS], check=True)
    beside = min(pace(0.2) for _ in range(3))
    assert beside < 0.7 * alone


def test_what_we_do_ourselves_makes_no_machine_slower() -> None:
    alone = max(pace(0.2) for _ in range(3))
    burning = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(CORES)]
    beside = pace(0.8)
    for it in burning:
        it.wait()
    assert beside > 0.75 * alone
