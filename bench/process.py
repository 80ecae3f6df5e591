"""What a process holds, read from /proc (Linux), and whether that grows."""

from __future__ import annotations

import os
from collections.abc import Sequence
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
    """Bytes of memory."""
    fds: int
    threads: int
    children: int


def holding(process: int) -> Holding:
    """What the process of that id holds now."""
    folder = Path(f"/proc/{process}")
    pages = int((folder / "statm").read_text().split()[1])
    tasks = list((folder / "task").iterdir())
    children = sum(map(_children, tasks))
    return Holding(pages * PAGE, len(list((folder / "fd").iterdir())), len(tasks), children)


def _children(task: Path) -> int:
    try:
        return len((task / "children").read_text().split())
    except OSError:
        return 0  # this thread has just ended


def cpu_seconds(process: int) -> float:
    """CPU time of a process so far."""
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
