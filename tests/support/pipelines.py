"""A pipeline whose drawing a test can hold up or break; its sound is the engine's own."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from engine.audio import Intake, SoundBuffer
from engine.controls import Controls
from engine.pipeline import LIVE_JITTER, LIVE_LIMIT, Heard, Pipeline
from engine.types import HEARING_TICK, SOUND_TICK, AVFrame, Motion, Samples, Sound, Tick


class Flat(Pipeline):
    """Draws a grey of the tick's number; no face, no look-ahead."""

    def __init__(self) -> None:
        self._controls = Controls()
        self._intake = Intake()
        self._sound = SoundBuffer(LIVE_LIMIT, 0, LIVE_JITTER)
        self._index = self._generation = 0
        self.speaking = False
        self.drawn: deque[int] = deque(maxlen=1000)
        self.skipped: deque[int] = deque(maxlen=1000)
        self.go_on = threading.Event()
        self.go_on.set()
        self.broken = False

    @property
    def controls(self) -> Controls:
        return self._controls

    @property
    def dropped_ms(self) -> float:
        return self._sound.dropped / 48

    def change(self, controls: Controls) -> None:
        self._controls = controls

    def push(self, sound: Sound) -> None:
        self._sound.push(self._intake(sound), sound.stamp)

    def interrupt(self) -> None:
        self._sound.clear()
        self._generation += 1

    @property
    def waiting_ms(self) -> tuple[int, int]:
        return len(self._sound) // 48, LIVE_LIMIT // 48

    def tick(self, spoken: tuple[Samples, float | None] | None = None) -> Tick:
        samples, stamp = self._sound.take(SOUND_TICK) if spoken is None else spoken
        heard = np.zeros(HEARING_TICK, np.float32)
        self._index += 1
        return Tick(self._index - 1, self._generation, samples, heard, stamp)

    def hear(self, tick: Tick) -> Heard:
        self.go_on.wait(5)
        nothing = np.zeros(1, np.float32)
        return Heard(nothing, Motion(nothing, nothing, nothing))

    def mix(self, heard: Heard, now: float) -> Motion:
        return heard.stress

    def show(self, tick: Tick, motion: Motion) -> AVFrame:
        if self.broken:
            raise RuntimeError("broken on purpose")
        self.drawn.append(tick.index)
        picture = np.full((32, 32, 3), tick.index % 256, np.uint8)
        return AVFrame(tick.index, tick.generation, picture, tick.sound, False, tick.stamp)

    def skip(self, tick: Tick, now: float | None = None) -> None:
        self.skipped.append(tick.index)
