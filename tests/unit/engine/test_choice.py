"""Which renderer a machine is given."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.choice import PICTURES, WARM_UP, choose
from engine.clock import ManualClock


def drawing(clock: ManualClock, *seconds: float) -> Callable[[], object]:
    """Something that takes these times in turn, the last for ever."""
    left = list(seconds)
    return lambda: clock.advance(left.pop(0) if len(left) > 1 else left[0])


@pytest.mark.parametrize(
    ("exact", "coarse", "chosen"),
    [(0.010, 0.006, "exact"), (0.025, 0.012, "coarse"), (0.050, 0.021, "none")],
)
def test_the_best_that_is_quick_enough_is_taken(exact: float, coarse: float, chosen: str) -> None:
    clock = ManualClock()
    candidates = {
        "exact": drawing(clock, exact),
        "coarse": drawing(clock, coarse),
        "none": drawing(clock, 9.0),
    }
    assert choose(candidates, clock, bound=0.020) == chosen


def test_a_slow_start_and_a_few_hiccups_do_not_count() -> None:
    clock = ManualClock()
    times = [2.0] * WARM_UP + [0.5] * (PICTURES // 2 - 1) + [0.010]
    candidates = {"exact": drawing(clock, *times), "none": drawing(clock, 9.0)}
    assert choose(candidates, clock, bound=0.020) == "exact"


def test_the_last_is_taken_without_being_asked() -> None:
    clock = ManualClock()
    assert choose({"none": drawing(clock, 9.0)}, clock) == "none"
    assert clock.now() == 0.0
