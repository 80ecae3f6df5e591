"""What the soak finds, from figures that are known."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from bench.caller import ENVELOPE_SECONDS, Arrivals
from bench.callers import Callers, Told
from bench.process import Holding
from bench.soak import MEGABYTE, Row, Watched, lag_percentile, rows, table
from tests.support.leaks import until

QUIET = Holding(100 * MEGABYTE, 10, 5, 0)
HOUR = 3_600.0


def call(**figures: float) -> dict[str, object]:
    names = ("clock_drift_ms", "sync_drift_ms", "longest_gap_ms")
    empty: dict[str, object] = dict.fromkeys(names)
    return {"scenario": "talk", "failure": None, **empty, **figures}


def found(after: Holding, rss: list[int], told: Told, others: float = 0.0) -> dict[str, Row]:
    watched = Watched([n * HOUR / 10 for n in range(len(rss))], rss)
    return {f"{row.name} {row.unit}": row for row in rows(QUIET, after, watched, told, 2.0, others)}


def test_a_server_that_keeps_nothing_is_good() -> None:
    told = Told([5.0, 9.0], [3.0], [call(clock_drift_ms=-2.0, longest_gap_ms=80.0)] * 300)
    good = found(QUIET, [100 * MEGABYTE] * 11, told)
    assert all(row.good for row in good.values())
    Console(quiet=True).print(table(list(good.values())))


@pytest.mark.parametrize(
    ("name", "after", "growth", "told"),
    [
        ("memory growth MB/h", QUIET, 10 * MEGABYTE, Told()),
        ("files left open ", Holding(0, 11, 5, 0), 0, Told()),
        ("threads left ", Holding(0, 10, 6, 0), 0, Told()),
        ("processes left ", Holding(0, 10, 5, 1), 0, Told()),
        (
            "drift against the clock, worst call ms",
            QUIET, 0, Told(calls=[call(clock_drift_ms=-50.0)]),
        ),
        ("failed calls ", QUIET, 0, Told(calls=[{**call(), "failure": "lost"}])),
    ],
)  # fmt: skip
def test_what_is_bad_is_told(name: str, after: Holding, growth: int, told: Told) -> None:
    rss = [100 * MEGABYTE + n * growth // 10 for n in range(11)]
    assert not found(after, rss, told)[name].good


def test_lateness_is_not_judged_where_others_take_the_cores() -> None:
    late = Told(calls=[call(longest_gap_ms=900.0)])
    name = "longest gap between pictures ms"
    assert not found(QUIET, [1] * 11, late)[name].good
    assert found(QUIET, [1] * 11, late, others=0.5)[name].good


def test_lateness_of_the_loop_is_read_from_the_metrics() -> None:
    text = "\n".join(
        f'visavis_loop_lag_seconds_bucket{{le="{bound}"}} {count}'
        for bound, count in (("0.001", 90.0), ("0.005", 99.0), ("0.5", 100.0), ("+Inf", 100.0))
    )
    assert lag_percentile(text, 0.9) == 1.0
    assert lag_percentile(text, 0.99) == 5.0


def test_a_call_that_was_slow_to_begin_has_a_drift_too() -> None:
    late = Arrivals()
    for n in range(500):
        late.note(2 * ENVELOPE_SECONDS + n * 0.04, n * 0.04)
    assert late.drift() == pytest.approx(0, abs=1e-9)


async def test_a_caller_that_breaks_is_a_failed_call(tmp_path: Path) -> None:
    """What the others found is kept."""
    callers = Callers("http://127.0.0.1:1", tmp_path / "no.wav", 256)
    callers.add("no scenario")
    await until(lambda: bool(callers.told.calls), 30)
    await callers.stop()
    assert "a caller's process ended with 1" in callers.told.failures()
    assert callers.told.worst("longest_gap_ms") == 0


def test_drift_is_seen_through_jitter() -> None:
    steady, drifting = Arrivals(), Arrivals()
    for n in range(250):
        jitter = 0.01 * (n % 3)
        steady.note(n * 0.04 + jitter, n * 0.04)
        drifting.note(n * 0.04 * 1.001 + jitter, n * 0.04)
    assert steady.drift() == pytest.approx(0, abs=1e-9)
    assert drifting.drift() == pytest.approx(0.01 - ENVELOPE_SECONDS * 0.001, abs=1e-3)
    assert max(steady.look()) == 20.0 and steady.look() == []
