"""One real call to a real server on this machine: pictures, delay, and the server's CPU."""

from __future__ import annotations

import asyncio
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

from bench.process import cpu_seconds
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
def server(sessions: int | None = None) -> Iterator[tuple[str, int, float]]:
    """A server process of its own: address, process id, seconds until it answered.

    Args:
        sessions: how many it takes; as many as the machine carries when left out.
    """
    started = time.monotonic()
    arguments = ["visavis", "serve", "--port", "0", "--ice-host", "127.0.0.1"]
    if sessions is not None:
        arguments = ["bench.host", str(sessions)]
    command = [sys.executable, "-m", *arguments]
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
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:  # somebody is still connected
            process.send_signal(signal.SIGTERM)
            process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def live(speech: Path, seconds: float, size: int = 512) -> Live:
    """Call a server, speak a file, and count."""
    with server() as (address, process, start):
        before, since = cpu_seconds(process), time.monotonic()
        wanted: Literal[256, 512] = 256 if size == 256 else 512
        report = asyncio.run(call(address, file=speech, seconds=seconds, size=wanted))
        share = (cpu_seconds(process) - before) / (time.monotonic() - since)
    return Live(start, report, share)
