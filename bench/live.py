"""One real call to a real server on this machine: pictures, delay, and the server's CPU."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from client.call import CallReport, call

ADDRESS = re.compile(r"http://[^ /]+")
START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Live:
    """What a caller saw, and what it cost the server's process."""

    start_seconds: float
    report: CallReport
    cpu_share: float
    """Of one core, while the call went on."""


@contextmanager
def server() -> Iterator[tuple[str, int, float]]:
    """A server process of its own: address, process id, seconds until it answered."""
    started = time.monotonic()
    command = [sys.executable, "-m", "visavis", "serve", "--port", "0", "--ice-host", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert process.stdout is not None
        found = None
        while found is None and time.monotonic() - started < START_SECONDS:
            line = process.stdout.readline()
            found = ADDRESS.search(line)
            if not line:
                break
        if found is None:
            raise RuntimeError("the server did not start")
        yield found.group(0), process.pid, time.monotonic() - started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def live(speech: Path, seconds: float, size: int = 512) -> Live:
    """Call a server, speak a file, and count."""
    with server() as (address, process, start):
        before, since = _cpu_seconds(process), time.monotonic()
        wanted: Literal[256, 512] = 256 if size == 256 else 512
        report = asyncio.run(call(address, file=speech, seconds=seconds, size=wanted))
        share = (_cpu_seconds(process) - before) / (time.monotonic() - since)
    return Live(start, report, share)


def _cpu_seconds(process: int) -> float:
    """CPU time of a process so far (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
