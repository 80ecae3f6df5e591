"""`visavis serve` as a process of its own, and everything that it says."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ADDRESS: Final = re.compile(r"https?://[^ ]+")
START_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    url: str
    process: subprocess.Popen[str]
    log: Path

    def ended_after(self, seconds: float) -> float:
        """Seconds until it is gone (TimeoutExpired after `seconds`)."""
        before = time.monotonic()
        self.process.wait(seconds)
        return time.monotonic() - before

    @property
    def said(self) -> str:
        """On standard output and error."""
        return self.log.read_text(encoding="utf-8")


@contextmanager
def server_process(folder: Path, *options: str, program: str | None = None) -> Iterator[Served]:
    """A server on a free port; `program` is Python to run before its command."""
    log = folder / "log"
    start = (
        ["-m", "visavis"]
        if program is None
        else ["-c", f"{program}\nimport visavis\nvisavis.run()"]
    )
    command = [sys.executable, *start, "serve", "--port", "0", "--ice-host", "127.0.0.1", *options]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, text=True, cwd=ROOT)
    try:
        until = time.monotonic() + START_SECONDS
        while not (found := ADDRESS.search(log.read_text())):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the server did not start: " + log.read_text())
            time.sleep(0.05)
        yield Served(found[0].rstrip("/"), process, log)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
