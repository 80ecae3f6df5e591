"""How many sessions this machine carries before the first late picture.

Pictures and their H.264 encoding run in the server's own pool on the real clock, without
a network: what a browser on another machine would leave to this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from bench.stages import babble, encoder
from engine.clock import MonotonicClock, Schedule
from engine.pipeline import Pipeline
from engine.scheduler import Pool
from engine.studio import Studio
from engine.types import SOUND_RATE, TICKS_PER_SECOND, Samples, Sound

SECONDS = 6.0
MOST = 64


@dataclass(frozen=True, slots=True)
class Load:
    """How `sessions` at once went: pictures, and how many were not ready at their next tick."""

    sessions: int
    pictures: int
    late: int


def sessions(studio: Studio, size: int, seconds: float = SECONDS) -> list[Load]:
    """Add a session at a time until a picture is late."""
    loads: list[Load] = []
    while len(loads) < MOST and not (loads and loads[-1].late):
        loads.append(run(studio, size, len(loads) + 1, seconds))
    return loads


def run(studio: Studio, size: int, count: int, seconds: float) -> Load:
    """Let `count` sessions run for `seconds` on the real clock."""
    identity = studio.presenter(studio.presenters[0].id, size)
    sound = babble(TICKS_PER_SECOND)
    rows = [_row(studio.pipeline(identity, seed=n, jitter=0), sound, size) for n in range(count)]
    clock, pool = MonotonicClock(), Pool()
    schedule = Schedule(clock.now() + 0.1, 0.04)
    pending: list[Future[object] | None] = [None] * count
    late = pictures = 0
    for tick in range(round(seconds * TICKS_PER_SECOND)):
        time.sleep(max(0.0, schedule.begins(tick) - clock.now()))
        for n, work in enumerate(rows):
            before = pending[n]
            if before is not None and not before.done():
                late += 1
                continue
            pending[n] = pool.submit(work, schedule.due(tick))
            pictures += 1
    pool.close()
    return Load(count, pictures, late)


def _row(pipeline: Pipeline, sound: list[Samples], size: int) -> Callable[[], object]:
    """One session's work for one tick."""
    encode = encoder(size)
    state = {"n": 0}

    def work() -> object:
        state["n"] += 1
        pipeline.push(Sound(sound[state["n"] % len(sound)], SOUND_RATE))
        return encode(pipeline.pull().picture)

    return work
