"""Hours of a call by a clock that is moved by hand."""

from __future__ import annotations

import random
from typing import Final

import pytest

from engine.clock import ManualClock
from engine.scheduler import Pool
from engine.types import SOUND_RATE, TICKS_PER_SECOND, Picture
from server.media.beat import SLICE, Beat
from server.metrics import Metrics
from tests.support.lengths import length
from tests.support.pipelines import Flat

HOUR: Final = 3_600.0
HOURS: Final = length(2.0, 48.0)
LAST_WAKING: Final = 0.2
"""Seconds by which an event loop may wake too late, at the worst."""


async def test_sound_does_not_drift_from_the_clock(pool: Pool) -> None:
    """Whatever the loop's lateness, ticks and sound are those of the clock, to 10 ms."""
    clock, metrics, chance = ManualClock(1_000.0), Metrics(), random.Random(1)
    beat: Beat[Picture] = Beat(Flat(), pool, clock, metrics, lambda picture: picture)
    beat.watched = False
    beat.begin()
    start = clock.now()
    due = beat.advance()
    while clock.now() < start + HOURS * HOUR:
        late = LAST_WAKING if chance.random() < 1e-3 else chance.expovariate(500)
        clock.advance(max(0.0, due - clock.now()) + min(late, LAST_WAKING))
        due = beat.advance()
    ticks = round((due - start) * TICKS_PER_SECOND)
    sound = ticks * 2 * SLICE / SOUND_RATE
    assert sound == pytest.approx(clock.now() - start, abs=0.040 + 0.010)
    assert due - start == pytest.approx(ticks / TICKS_PER_SECOND, abs=1e-4)
    assert metrics.registry.get_sample_value("visavis_stalls_total") == 0
    newest = (clock.now() - beat.schedule.due(0)) * TICKS_PER_SECOND
    assert beat.newest_due() == pytest.approx(newest, abs=1)
