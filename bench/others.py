"""How busy others keep this machine while something is timed (Linux).

Bounds of timing hold for two cores on which nothing else runs. What is late while other
programs take the cores says nothing about us.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

BUSY: Final = 0.15
"""Share of all cores that others may take before lateness is not judged."""
TICKS: Final = os.sysconf("SC_CLK_TCK")


class Others:
    """Measures from its making on."""

    def __init__(self) -> None:
        self._start, self._all, self._ours = time.monotonic(), _all_seconds(), our_seconds()

    def share(self) -> float:
        """Of all cores' time, what was taken by programs that this process did not start."""
        seconds = max(time.monotonic() - self._start, 1e-3) * (os.cpu_count() or 1)
        taken = (_all_seconds() - self._all) - (our_seconds() - self._ours)
        return max(0.0, taken / seconds)


def _all_seconds() -> float:
    """CPU time of everything since the machine started: all but idling and waiting for disks."""
    fields = [int(it) for it in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def our_seconds() -> float:
    """CPU time of this process and all that it started, those that have ended included."""
    times: dict[int, tuple[int, int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended just now
            times[int(folder.name)] = int(fields[1]), sum(int(it) for it in fields[11:15])
    return sum(taken for process, (_, taken) in times.items() if _is_ours(process, times)) / TICKS


def _is_ours(process: int, times: dict[int, tuple[int, int]]) -> bool:
    while process in times:
        if process == os.getpid():
            return True
        process = times[process][0]
    return False
