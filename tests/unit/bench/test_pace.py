from __future__ import annotations

import os
import subprocess
import sys

from bench.pace import pace

BURN = "while True: pass"


def test_a_machine_whose_cores_are_taken_is_slower() -> None:
    alone = max(pace(0.1) for _ in range(3))
    burning = [
        subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(2 * (os.cpu_count() or 1))
    ]
    try:
        beside = min(pace(0.1) for _ in range(3))
    finally:
        for it in burning:
            it.kill()
            it.wait()
    assert beside < 0.7 * alone
