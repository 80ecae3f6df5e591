from __future__ import annotations

from engine.clock import ManualClock
from server.doors.allowance import Allowance


def test_as_many_at_once_as_a_second_brings() -> None:
    clock = ManualClock()
    allowance = Allowance(3, clock)
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]
    clock.advance(1 / 3 + 1e-9)
    assert [allowance.take() for _ in range(2)] == [True, False]


def test_a_burst_refills_slowly_and_never_beyond() -> None:
    clock = ManualClock()
    allowance = Allowance(10 / 60, clock, burst=10)
    assert sum(allowance.take() for _ in range(20)) == 10
    clock.advance(6.01)
    assert [allowance.take(), allowance.take()] == [True, False]
    clock.advance(3600)
    assert sum(allowance.take() for _ in range(20)) == 10
