"""How many sessions this machine carries before the first late picture.

Pictures and their H.264 encoding run in a server's own pool and processes on the real clock,
without a network: what a browser on another machine would leave to this one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass

from bench.stages import babble, encoder
from engine.clock import MonotonicClock, Schedule
from engine.pipeline import Pipeline
from engine.render import Identity
from engine.render_processes import RenderProcesses
from engine.scheduler import Pool
from engine.studio import Studio
from engine.types import SOUND_RATE, TICK_MS, TICKS_PER_SECOND, Samples, Sound

SECONDS = 6.0
TICK = TICK_MS / 1000
MOST = 64


@dataclass(frozen=True, slots=True)
class Load:
    """How `sessions` at once went: pictures, and how many were not ready at their next tick."""

    sessions: int
    pictures: int
    late: int


def sessions(studio: Studio, size: int, seconds: float = SECONDS) -> list[Load]:
    """Add a session at a time until a picture is late."""
    identity = studio.presenter(studio.presenters[0].id, size)
    if not studio.portable:
        return _until_late(studio, identity, size, seconds)
    with closing(RenderProcesses(os.cpu_count() or 1)) as processes:
        processes.wait()
        return _until_late(studio, processes.remote(identity), size, seconds)


def _until_late(studio: Studio, identity: Identity, size: int, seconds: float) -> list[Load]:
    loads: list[Load] = []
    while len(loads) < MOST and not (loads and loads[-1].late):
        loads.append(run(studio, identity, size, len(loads) + 1, seconds))
    return loads


def run(studio: Studio, identity: Identity, size: int, count: int, seconds: float) -> Load:
    """Let `count` sessions of one avatar run for `seconds` on the real clock, taking turns."""
    sound = babble(TICKS_PER_SECOND)
    rows = [_row(studio.pipeline(identity, seed=n, jitter=0), sound, size) for n in range(count)]
    clock, pool = MonotonicClock(), Pool()
    schedule = Schedule(clock.now() + 0.1, TICK)
    pending: list[Future[object] | None] = [None] * count
    late = pictures = 0
    for turn in range(count * round(seconds * TICKS_PER_SECOND)):
        tick, n = divmod(turn, count)
        begins = schedule.begins(tick) + n * TICK / count
        time.sleep(max(0.0, begins - clock.now()))
        before = pending[n]
        if before is not None and not before.done():
            late += 1
            continue
        pending[n] = pool.submit(rows[n], begins + TICK)
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
