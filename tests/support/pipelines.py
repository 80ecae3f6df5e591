"""A pipeline whose drawing a test can hold up or break; its sound is the engine's own."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from engine.audio import Intake, SoundBuffer
from engine.mixer import Controls
from engine.pipeline import LIVE_CUSHION, LIVE_LIMIT, Pipeline
from engine.types import HEARING_TICK, SOUND_TICK, AVFrame, Sound, Tick


class Flat(Pipeline):
    """Draws a grey of the tick's number; no face, no look-ahead."""

    def __init__(self) -> None:
        self._controls = Controls()
        self._intake = Intake()
        self._sound = SoundBuffer(LIVE_LIMIT, LIVE_CUSHION)
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

    def tick(self) -> Tick:
        samples, stamp = self._sound.take(SOUND_TICK)
        heard = np.zeros(HEARING_TICK, np.float32)
        self._index += 1
        return Tick(self._index - 1, self._generation, samples, heard, stamp)

    def draw(self, tick: Tick) -> AVFrame:
        self.go_on.wait(5)
        if self.broken:
            raise RuntimeError("broken on purpose")
        self.drawn.append(tick.index)
        picture = np.full((32, 32, 3), tick.index % 256, np.uint8)
        return AVFrame(tick.index, tick.generation, picture, tick.sound, False, tick.stamp)

    def skip(self, tick: Tick) -> None:
        self.skipped.append(tick.index)
