"""Which of a bundle's renderers this machine can afford: the best one that is quick enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import Final

from engine.clock import Clock

PICTURES: Final = 20
"""That each candidate draws before it is judged."""
WARM_UP: Final = 3
"""Pictures that are not counted: memory is found and caches are filled."""
BOUND: Final = 0.007
"""Seconds a picture may take, alone. In a live call it has 20 ms before it must leave; beside
a server that encodes, hears and talks meanwhile, drawing was seen to take twice as long."""


def choose(
    candidates: Mapping[str, Callable[[], object]], clock: Clock, bound: float = BOUND
) -> str:
    """Name of the first candidate that draws a picture within `bound` seconds.

    Args:
        candidates: what draws one picture each, best first; the last one is taken
            without being asked.
        clock: tells how long they take.
        bound: for the median.
    """
    *others, last = candidates
    for name in others:
        if seconds(candidates[name], clock) <= bound:
            return name
    return last


def seconds(draw: Callable[[], object], clock: Clock) -> float:
    """Median time of one picture."""
    for _ in range(WARM_UP):
        draw()
    taken = []
    for _ in range(PICTURES):
        began = clock.now()
        draw()
        taken.append(clock.now() - began)
    return median(taken)
