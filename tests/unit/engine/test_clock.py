from __future__ import annotations

import pytest

from engine.clock import ManualClock, MonotonicClock, Schedule


def test_a_manual_clock_moves_only_forward() -> None:
    clock = ManualClock(5.0)
    clock.advance(0.25)
    assert clock.now() == 5.25
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(-0.1)


def test_the_monotonic_clock_never_goes_back() -> None:
    clock = MonotonicClock()
    readings = [clock.now() for _ in range(100)]
    assert readings == sorted(readings)


def test_a_schedule_is_exactly_25_a_second_for_a_day() -> None:
    schedule = Schedule(start=10.0, latency=0.02)
    day = 24 * 3600 * 25
    assert schedule.begins(day) - schedule.begins(0) == 24 * 3600
    assert schedule.due(day) - schedule.begins(day) == pytest.approx(0.02)


@pytest.mark.parametrize(("late", "ticks"), [(-0.1, 0), (0.0, 0), (0.039, 0), (0.041, 1), (0.2, 5)])
def test_being_behind_counts_whole_ticks(late: float, ticks: int) -> None:
    schedule = Schedule(start=100.0, latency=0.02)
    assert schedule.behind(50, schedule.begins(50) + late + 1e-6) == ticks
