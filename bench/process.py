"""What a process holds, read from /proc (Linux), and whether that grows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Holding:
    """What a process holds at one moment."""

    rss: int
    """Bytes of memory, those of its children included."""
    fds: int
    threads: int
    children: int


def holding(process: int) -> Holding:
    """What the process of that id holds now."""
    folder = Path(f"/proc/{process}")
    tasks, fds = (len(list((folder / name).iterdir())) for name in ("task", "fd"))
    children = _children(process)
    rss = _rss(folder)
    for child in children:
        with suppress(OSError):  # it has just ended
            rss += _rss(Path(f"/proc/{child}"))
    return Holding(rss, fds, tasks, len(children))


def cpu_seconds(process: int) -> float:
    """CPU time of a process, and of the children that it has now, so far."""
    seconds = _cpu(process)
    for child in _children(process):
        with suppress(OSError):
            seconds += _cpu(child)
    return seconds


def _children(process: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(OSError):  # this thread has just ended
            found += map(int, (task / "children").read_text().split())
    return found


def _rss(folder: Path) -> int:
    return int((folder / "statm").read_text().split()[1]) * PAGE


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def slope(values: Sequence[float], places: Sequence[float] | None = None) -> float:
    """By how much values grow from one to the next, on the whole.

    The median over all pairs (H. Theil, P. K. Sen), so that a step near either end, as when
    an allocator takes another arena, does not count as growth.

    Args:
        values: at least two.
        places: where each was taken; 0, 1, 2 ... when left out.
    """
    at = np.arange(len(values)) if places is None else np.asarray(places, float)
    found = np.asarray(values, float)
    first, second = np.triu_indices(len(found), 1)
    return float(np.median((found[second] - found[first]) / (at[second] - at[first])))
