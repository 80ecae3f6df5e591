from __future__ import annotations

import os
import subprocess
import sys
import time

from bench.others import Others

BURN = "import time\nend = time.process_time() + 0.6\nwhile time.process_time() < end: pass"


def test_what_we_do_ourselves_is_not_others() -> None:
    """A child's work is ours, while it runs and after its end."""
    before = Others()
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    lasted = time.monotonic() - start
    ours = 0.6 / (lasted * (os.cpu_count() or 1))
    assert before.share() <= 1.0 - ours + 0.1


def test_what_others_do_is_seen() -> None:
    """Its parent has ended, so nobody here started it."""
    program = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {BURN!r}])"
    before = Others()
    # Read until the last one that could write has ended.
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE)
    lasted = 1.2 * (os.cpu_count() or 1)
    assert before.share() >= 0.5 * 0.6 / lasted
