"""The beat by numbers: a clock that is moved by hand, a pipeline that can hang or break."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from engine.clock import ManualClock
from engine.errors import BackendError
from engine.scheduler import Pool
from engine.types import SOUND_RATE, Picture, Samples, Sound
from server import limits
from server.media.beat import Beat
from server.metrics import Metrics
from tests.support.leaks import until
from tests.support.pipelines import Flat

TICK = 0.04


class Stage:
    """A beat with all that it works with."""

    def __init__(self, pool: Pool, latency: float = limits.PICTURE_LATENCY) -> None:
        self.clock = ManualClock(100.0)
        self.pipeline = Flat()
        self.metrics = Metrics()
        self.pool = pool
        self.beat: Beat[Picture] = Beat(
            self.pipeline, pool, self.clock, self.metrics, lambda picture: picture, latency=latency
        )
        self.beat.begin()

    async def step(self, ticks: int = 1) -> None:
        """Move on by so many ticks, one by one, and let the worker finish."""
        for _ in range(ticks):
            self.beat.advance()
            await self.beat.settle(2.0)
            self.clock.advance(TICK)

    def counted(self, name: str) -> float:
        value = self.metrics.registry.get_sample_value(name)
        assert value is not None
        return value


@pytest.fixture
async def stage(pool: Pool) -> Stage:
    return Stage(pool)


async def test_each_tick_is_taken_once_at_its_time(stage: Stage) -> None:
    assert stage.beat.advance() == pytest.approx(100.04)
    assert stage.beat.advance() == pytest.approx(100.04)
    await stage.beat.settle(2.0)
    stage.clock.advance(0.0399)
    stage.beat.advance()
    assert list(stage.pipeline.drawn) == [0]
    stage.clock.advance(0.0002)
    assert stage.beat.advance() == pytest.approx(100.08)
    await stage.beat.settle(2.0)
    assert list(stage.pipeline.drawn) == [0, 1]


async def test_pictures_are_handed_over_in_order_and_without_repeats(stage: Stage) -> None:
    for tick in range(10):
        await stage.step()
        picture = stage.beat.picture(tick)
        assert picture is not None and picture[0, 0, 0] == tick
    assert (stage.beat.pictures, stage.beat.repeated) == (10, 0)


async def test_no_picture_before_the_first_is_drawn(stage: Stage) -> None:
    stage.pipeline.go_on.clear()
    stage.beat.advance()
    assert stage.beat.picture(0) is None
    stage.pipeline.go_on.set()
    await stage.beat.settle(2.0)
    assert stage.beat.picture(0) is not None


async def test_sound_does_not_wait_for_pictures(stage: Stage) -> None:
    wave = np.arange(SOUND_RATE // 10, dtype=np.int16)
    stage.pipeline.push(Sound(wave, SOUND_RATE, 99.9))
    stage.pipeline.go_on.clear()
    stage.beat.advance()
    stage.clock.advance(TICK)
    stage.beat.advance()
    parts = np.concatenate([stage.beat.sound(part) for part in range(4)])
    assert np.array_equal(parts, wave[:3840])
    stage.pipeline.go_on.set()
    await stage.beat.settle(2.0)


async def test_a_late_picture_means_the_last_one_again_then_the_newest(stage: Stage) -> None:
    await stage.step()
    assert stage.beat.picture(0) is not None
    stage.pipeline.go_on.clear()
    for tick in range(1, 5):
        stage.beat.advance()
        picture = stage.beat.picture(tick)
        assert picture is not None and picture[0, 0, 0] == 0
        stage.clock.advance(TICK)
    assert stage.beat.repeated == 4
    stage.pipeline.go_on.set()
    await until(lambda: len(stage.pipeline.drawn) == 3)
    await stage.beat.settle(2.0)
    assert list(stage.pipeline.drawn) == [0, 1, 4]
    assert list(stage.pipeline.skipped) == [2, 3]
    assert stage.counted("visavis_ticks_skipped_total") == 2
    picture = stage.beat.picture(5)
    assert picture is not None and picture[0, 0, 0] == 4


async def test_ticks_that_wait_are_bounded_and_counted(stage: Stage) -> None:
    stage.pipeline.go_on.clear()
    stage.beat.advance()
    for _ in range(limits.WAITING_TICKS + 7):
        stage.clock.advance(TICK)
        stage.beat.advance()
    assert stage.counted("visavis_ticks_skipped_total") == 7
    stage.pipeline.go_on.set()
    await until(lambda: len(stage.pipeline.drawn) == 2)
    await stage.beat.settle(2.0)
    assert len(stage.pipeline.skipped) == limits.WAITING_TICKS - 1


async def test_after_a_standstill_there_is_no_burst(stage: Stage) -> None:
    await stage.step(3)
    stage.clock.advance(5.0)
    stage.beat.advance()
    await stage.beat.settle(2.0)
    assert list(stage.pipeline.drawn) == [0, 1, 2, 3]
    assert stage.counted("visavis_stalls_total") == 1
    await stage.step(2)
    assert stage.pipeline.drawn[-1] == 4


async def test_a_short_delay_is_caught_up(stage: Stage) -> None:
    await stage.step(3)
    stage.clock.advance(limits.RESYNC_TICKS * TICK)
    stage.beat.advance()
    await stage.beat.settle(2.0)
    assert stage.counted("visavis_stalls_total") == 0
    assert stage.pipeline.drawn[-1] == 3 + limits.RESYNC_TICKS


async def test_a_picture_that_fails_is_counted_and_the_last_one_stays(stage: Stage) -> None:
    await stage.step()
    stage.pipeline.broken = True
    await stage.step(3)
    assert stage.beat.failures == 3
    picture = stage.beat.picture(3)
    assert picture is not None and picture[0, 0, 0] == 0
    stage.pipeline.broken = False
    await stage.step()
    assert stage.beat.failures == 0
    assert stage.counted("visavis_pictures_failed_total") == 3


async def test_latency_is_from_the_arrival_of_the_sound_to_the_hand_over(stage: Stage) -> None:
    stage.pipeline.push(Sound(np.ones(4800, np.int16), SOUND_RATE, stage.clock.now() - 0.05))
    stage.beat.advance()
    await stage.beat.settle(2.0)
    stage.clock.advance(limits.PICTURE_LATENCY)
    for _ in range(2):
        stage.beat.picture(0)
        stage.beat.handed(0)
    assert list(stage.beat.latencies) == [pytest.approx(0.05 + limits.PICTURE_LATENCY)]


async def test_an_interrupt_silences_what_was_not_handed_over(stage: Stage) -> None:
    stage.pipeline.push(Sound(np.ones(4800, np.int16), SOUND_RATE))
    stage.beat.advance()
    assert stage.beat.sound(0).any()
    stage.beat.interrupt()
    assert not stage.beat.sound(1).any()
    stage.clock.advance(TICK)
    stage.beat.advance()
    assert not stage.beat.sound(2).any()
    await stage.beat.settle(2.0)


async def test_sound_that_nobody_fetched_is_bounded(stage: Stage) -> None:
    for _ in range(limits.SOUND_TICKS + 1):
        stage.pipeline.push(Sound(np.ones(1920, np.int16), SOUND_RATE))
        await stage.step()
    assert not stage.beat.sound(0).any()
    assert stage.beat.sound(2 * limits.SOUND_TICKS).any()


async def test_sound_that_came_too_fast_is_counted(stage: Stage) -> None:
    stage.pipeline.push(Sound(np.ones(SOUND_RATE, np.int16), SOUND_RATE))
    stage.beat.advance()
    assert stage.beat.dropped_ms > 800
    assert stage.counted("visavis_dropped_sound_seconds_total") == pytest.approx(
        stage.beat.dropped_ms / 1000
    )
    await stage.beat.settle(2.0)


async def test_a_full_pool_only_delays_pictures(stage: Stage) -> None:
    hold = threading.Event()
    jobs = [stage.pool.submit(hold.wait, 0.0)]
    with pytest.raises(BackendError):
        while True:
            jobs.append(stage.pool.submit(hold.wait, 0.0))
    stage.beat.advance()
    assert stage.beat.picture(0) is None
    hold.set()
    await asyncio.gather(*(asyncio.wrap_future(job) for job in jobs))
    await stage.step(2)
    assert stage.pipeline.drawn[-1] == 1


async def test_the_wait_ends_at_the_hand_over_time(stage: Stage) -> None:
    stage.clock.advance(TICK + limits.PICTURE_LATENCY + 0.001)
    async with asyncio.timeout(1):
        await stage.beat.due(1)
    assert stage.beat.newest_due() == 1
    waiting = asyncio.create_task(stage.beat.due(2))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_nothing_is_due_before_the_beginning(pool: Pool) -> None:
    beat: Beat[Picture] = Beat(Flat(), pool, ManualClock(), Metrics(), lambda picture: picture)
    waiting = asyncio.create_task(beat.due(0))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_what_was_interrupted_is_neither_heard_nor_seen(stage: Stage) -> None:
    wave = np.ones(SOUND_RATE // 5, np.int16)
    stage.pipeline.push(Sound(wave, SOUND_RATE, 99.9))
    await stage.step()
    assert stage.beat.picture(0) is not None
    stage.pipeline.go_on.clear()
    stage.beat.advance()
    stage.beat.interrupt()
    assert not stage.beat.sound(2).any()
    stage.pipeline.go_on.set()
    await stage.beat.settle(2.0)
    shown = stage.beat.picture(1)
    assert shown is not None and shown[0, 0, 0] == 0  # the last one again
    stage.clock.advance(TICK)
    await stage.step()
    after = stage.beat.picture(2)
    assert after is not None and after[0, 0, 0] == 2


async def test_a_voice_is_fed_in_place_of_the_microphone(pool: Pool) -> None:
    clock, fed = ManualClock(100.0), list[int]()
    spoken = np.full(1920, 7, np.int16)

    def feed(tick: int) -> tuple[Samples, float | None] | None:
        fed.append(tick)
        return (spoken, 99.0) if tick < 2 else None

    pipeline = Flat()
    beat: Beat[Picture] = Beat(pipeline, pool, clock, Metrics(), lambda it: it, feed=feed)
    beat.begin()
    pipeline.push(Sound(np.full(9600, 3, np.int16), SOUND_RATE, 99.9))
    for _ in range(3):
        beat.advance()
        await beat.settle(2.0)
        clock.advance(TICK)
    assert fed == [0, 1, 2]
    assert [int(beat.sound(part)[0]) for part in (0, 2, 4)] == [7, 7, 3]


async def test_nothing_is_drawn_while_nobody_watches(stage: Stage) -> None:
    stage.beat.watched = False
    await stage.step(3)
    assert not stage.pipeline.drawn
    stage.beat.watched = True
    await stage.step()
    assert list(stage.pipeline.drawn) == [3]


async def test_each_stage_of_a_tick_is_stamped(stage: Stage) -> None:
    stage.pipeline.push(Sound(np.ones(4800, np.int16), SOUND_RATE, stage.clock.now() - 0.05))
    await stage.step()
    stage.beat.picture(0)
    stages = stage.beat.stages.stats()
    assert list(stages) == ["taken", "features", "motion", "rendered", "marked", "due"]
    assert stages["taken"].p95_ms == pytest.approx(50)
    assert stages["due"].p95_ms == pytest.approx(40)


async def test_pictures_that_take_longer_are_due_later(pool: Pool) -> None:
    usual, large = Stage(pool).beat, Stage(pool, limits.LARGE_PICTURE_LATENCY).beat
    later = limits.LARGE_PICTURE_LATENCY - limits.PICTURE_LATENCY
    assert large.schedule.due(7) - usual.schedule.due(7) == pytest.approx(later)
    assert large.schedule.begins(7) == usual.schedule.begins(7)
    assert limits.LARGE_PICTURE_LATENCY < TICK, "or pictures would pile up"
