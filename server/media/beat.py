"""The beat of one session: every 40 ms a tick, its sound at once, its picture from a worker.

    begins(k)   tick k is taken, its sound goes into the ring, its picture to the pool
    due(k)      the tracks hand over picture k and the sound that belongs to it

Sound never waits for pictures: a late picture means that the last one is shown again,
and that ticks which piled up meanwhile are skipped. Knows no sockets and no media track.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from engine.clock import Clock, Schedule
from engine.errors import BackendError
from engine.mark import Mark, unmarked
from engine.pipeline import Pipeline
from engine.scheduler import Pool
from engine.types import SOUND_TICK, TICK_MS, Picture, Samples, Tick
from server import limits
from server.media.stages import KEPT, Stages
from server.metrics import Metrics
from server.protocol import QueueStats

log = logging.getLogger(__name__)
P = TypeVar("P")
Feed = tuple[Samples, float | None] | None
SLICE = SOUND_TICK // 2
"""Samples of one Opus packet: 20 ms."""


@dataclass(frozen=True, slots=True)
class Drawn(Generic[P]):
    """A picture that is ready to be handed over."""

    index: int
    generation: int
    picture: P
    stamp: float | None
    """When its sound arrived."""
    seen: float | None
    """When the driver's face that it shows arrived."""
    started: float
    steps: dict[str, float]
    """When each stage was done, clock seconds, in their order."""

    @property
    def ready(self) -> float:
        """When it was finished."""
        return self.steps["marked"]


class Beat(Generic[P]):
    """Drives a pipeline by the clock. All methods but the drawing run in the event loop.

    Args:
        pipeline: the session's own.
        pool: workers shared by all sessions.
        clock: monotonic.
        metrics: of the server.
        prepare: turns RGB into what is encoded; runs in the worker.
        mark: the last step before that; runs in the worker.
        feed: gets a tick's number, gives the sound of a voice stream and when it arrived,
            or None: then what was pushed into the pipeline is heard.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        pool: Pool,
        clock: Clock,
        metrics: Metrics,
        prepare: Callable[[Picture], P],
        *,
        mark: Mark = unmarked,
        feed: Callable[[int], Feed] = lambda tick: None,
    ) -> None:
        self._pipeline, self._pool, self._clock = pipeline, pool, clock
        self._metrics, self._prepare = metrics, prepare
        self._mark, self._feed = mark, feed
        self.stages = Stages(metrics)
        self._loop = asyncio.get_running_loop()
        self._schedule: Schedule | None = None
        self._begun = asyncio.Event()
        self._next = 0
        self._waiting: deque[Tick] = deque(maxlen=limits.WAITING_TICKS)
        self._idle = asyncio.Event()
        self._idle.set()
        self._drawn: deque[Drawn[P]] = deque(maxlen=3)
        self._sound: deque[tuple[int, Samples]] = deque(maxlen=limits.SOUND_TICKS)
        self._shown: Drawn[P] | None = None
        self._counted: Drawn[P] | None = None
        self._generation = 0
        self._dropped_ms = 0.0
        self.pictures = self.repeated = self.failures = self.skipped = 0
        self.watched = True
        """Whether anybody sees the pictures; if not, none is drawn."""
        self.latencies: deque[float] = deque(maxlen=KEPT)
        self.on_shown: Callable[[float], None] = lambda arrived: None
        """Told when a picture leaves that shows a new reading, which arrived then."""
        self._newest_seen = -math.inf
        self.renders: deque[float] = deque(maxlen=KEPT)

    def begin(self, after: float = 0.0) -> None:
        """Start the schedule in `after` seconds; a second call changes nothing."""
        if self._schedule is None:
            self._schedule = Schedule(self._clock.now() + after, limits.PICTURE_LATENCY)
            self._begun.set()

    @property
    def schedule(self) -> Schedule:
        """When ticks are due; only after `begin`."""
        assert self._schedule is not None
        return self._schedule

    def advance(self) -> float:
        """Take every tick that has begun; return when the next one does, in clock seconds."""
        now = self._clock.now()
        if self.schedule.behind(self._next, now) > limits.RESYNC_TICKS:
            start = now - self._next * TICK_MS / 1000
            self._schedule = Schedule(start, limits.PICTURE_LATENCY)
            self._metrics.stalls.inc()
        while self.schedule.begins(self._next) <= now:
            tick = self._pipeline.tick(self._feed(self._next))
            if tick.stamp is not None:
                self.stages.note("taken", now - tick.stamp - self.stages.last("decoded"))
            self._sound.append((self._next, tick.sound))
            if len(self._waiting) == limits.WAITING_TICKS:
                self._skip(1)
            self._waiting.append(tick)
            self._next += 1
        self._draw_waiting()
        self._count_dropped()
        return self.schedule.begins(self._next)

    async def due(self, tick: float) -> None:
        """Wait until tick `tick` (halves are allowed) is to be handed over."""
        await self._begun.wait()
        while True:
            schedule = self.schedule
            seconds = schedule.due(0) + tick * TICK_MS / 1000 - self._clock.now()
            if seconds <= 0:
                return
            await asyncio.sleep(seconds)

    def newest_due(self) -> int:
        """The newest tick whose hand-over time has come."""
        return int((self._clock.now() - self.schedule.due(0)) * 1000 // TICK_MS)

    def picture(self, tick: int) -> P | None:
        """The newest picture not after `tick`; None before there is any."""
        drawn = next((it for it in reversed(self._drawn) if it.index <= tick), self._shown)
        if drawn is None:
            return None
        self.pictures += 1
        self._metrics.pictures.inc()
        if drawn is self._shown:
            self.repeated += 1
            self._metrics.repeated.inc()
        else:
            self.stages.note("due", self._clock.now() - drawn.ready)
        self._shown = drawn
        return drawn.picture

    def handed(self, tick: int) -> None:
        """What `picture(tick)` gave has been handed over to RTP now."""
        shown = self._shown
        if shown is None or shown is self._counted or tick < shown.index:
            return  # shown again: its delay has been counted
        self._counted = shown
        if shown.seen is not None and shown.seen > self._newest_seen:
            self._newest_seen = shown.seen
            self.on_shown(shown.seen)
        if shown.stamp is None:
            return
        latency = self._clock.now() - shown.stamp
        self.latencies.append(latency)
        self._metrics.latency.observe(latency)

    def sound(self, part: int) -> Samples:
        """Slice `part` of 20 ms, int16 [960]; two belong to each tick. Silence if it is gone."""
        tick, half = divmod(part, 2)
        for index, samples in self._sound:
            if index == tick:
                return samples[half * SLICE : (half + 1) * SLICE]
        return np.zeros(SLICE, np.int16)

    def interrupt(self) -> None:
        """Drop all sound, and every picture of it, that has not been handed over."""
        self._pipeline.interrupt()
        self._generation += 1
        self._sound.clear()
        self._drawn.clear()

    @property
    def dropped_ms(self) -> float:
        """Sound that came faster than it is played, in ms."""
        return self._dropped_ms

    @property
    def waiting(self) -> int:
        """Ticks that wait for a worker."""
        return len(self._waiting)

    @property
    def microphone(self) -> QueueStats:
        """Sound that waits to be taken, in milliseconds."""
        depth, capacity = self._pipeline.waiting_ms
        return QueueStats(depth=depth, capacity=capacity, dropped=round(self.dropped_ms))

    async def settle(self, seconds: float) -> None:
        """Draw nothing more; wait, at most `seconds`, until no worker uses the pipeline."""
        self._waiting.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)

    def _draw_waiting(self) -> None:
        """Hand all waiting ticks to a worker, if none is at work for this session."""
        if not self.watched or not self._idle.is_set() or not self._waiting:
            return
        ticks = list(self._waiting)
        newest = self._next - 1
        try:
            work = self._pool.submit(lambda: self._draw(ticks, newest), self.schedule.due(newest))
        except BackendError:
            self._metrics.refused.inc()
            return  # they wait for the next beat
        self._waiting.clear()
        self._idle.clear()
        self._skip(len(ticks) - 1)
        work.add_done_callback(lambda done: self._loop.call_soon_threadsafe(self._finish, done))

    def _draw(self, ticks: list[Tick], newest: int) -> Drawn[P]:
        """In a worker: skip all ticks but the last, draw that."""
        started = self._clock.now()
        steps: dict[str, float] = {}
        for tick in ticks[:-1]:
            self._pipeline.skip(tick, started)
        tick = ticks[-1]
        heard = self._pipeline.hear(tick)
        steps["features"] = self._clock.now()
        motion = self._pipeline.mix(heard, self._clock.now())
        steps["motion"] = self._clock.now()
        frame = self._pipeline.show(tick, motion)
        steps["rendered"] = self._clock.now()
        picture = self._prepare(self._mark(frame))
        steps["marked"] = self._clock.now()
        return Drawn(newest, tick.generation, picture, frame.stamp, frame.seen, started, steps)

    def _finish(self, work: Future[Drawn[P]]) -> None:
        self._idle.set()
        try:
            drawn = work.result()
        except CancelledError:
            return  # the pool is closing
        except Exception:
            self.failures += 1
            self._metrics.failed.inc()
            log.exception("a picture could not be drawn")
        else:
            self.failures = 0
            self._note(drawn)
            if drawn.generation == self._generation:
                self._drawn.append(drawn)
        self._draw_waiting()

    def _note(self, drawn: Drawn[P]) -> None:
        self.renders.append(drawn.ready - drawn.started)
        self._metrics.render.observe(drawn.ready - drawn.started)
        before = self.schedule.begins(drawn.index)
        for stage, done in drawn.steps.items():
            self.stages.note(stage, done - before)
            before = done

    def _skip(self, ticks: int) -> None:
        self.skipped += ticks
        self._metrics.skipped.inc(ticks)

    def _count_dropped(self) -> None:
        dropped = self._pipeline.dropped_ms
        self._metrics.dropped.inc((dropped - self._dropped_ms) / 1000)
        self._dropped_ms = dropped
