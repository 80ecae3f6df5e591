"""One session's way from sound to pictures: push, interrupt, pull. No clock, no thread.

`push`, `interrupt`, `change` and `tick` are quick and belong to one thread; `draw` and
`skip` belong to one worker at a time, in the order of the ticks.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from engine.audio import Decimator, Intake, SoundBuffer, VoiceActivity
from engine.bundle import Manifest
from engine.emphasis import Emphasis
from engine.idle import Idle, Liveliness
from engine.listen import Listener
from engine.mixer import Controls, Mixer
from engine.render import Identity
from engine.types import (
    SOUND_RATE,
    SOUND_TICK,
    AVFrame,
    Component,
    Motion,
    Samples,
    Sound,
    Tick,
)

LIVE_LIMIT: Final = SOUND_RATE * 140 // 1000
"""Sound that may wait in a live session: more would only be felt as delay."""
LIVE_CUSHION: Final = SOUND_RATE * 20 // 1000
"""Sound that gathers before a voice starts, against the jitter of its packets."""


class Pipeline:
    """Joins hearing, idling, mixing and rendering for one session.

    Args:
        manifest: of the bundle.
        identity: whose face it is.
        listener: hears this session and no other.
        seed: of the idle motion.
        controls: where to start.
        limit: samples at 48 kHz that may wait; the oldest are dropped.
        cushion: samples that gather before a voice starts.
    """

    def __init__(
        self,
        manifest: Manifest,
        identity: Identity,
        listener: Listener,
        *,
        seed: int,
        controls: Controls,
        limit: int = LIVE_LIMIT,
        cushion: int = LIVE_CUSHION,
    ) -> None:
        self._identity = identity
        self._listener = listener
        names = {part: spec.names for part, spec in manifest.components.items()}
        self._idle = Idle(names, seed)
        self._emphasis = Emphasis(names)
        self._mixer = Mixer(manifest, controls)
        self._controls = controls
        self._intake = Intake()
        self._buffer = SoundBuffer(limit, cushion)
        self._decimator = Decimator()
        self._voice = VoiceActivity()
        self.delay = manifest.hearing.lookahead_ticks
        """Ticks by which the sound waits for the network's look-ahead."""
        self._delayed: deque[tuple[Samples, float | None]] = deque(maxlen=self.delay + 1)
        self._spoken: deque[bool] = deque(maxlen=self.delay + 1)
        self._spoken.extend([False] * (self.delay + 1))
        self._silence()
        self._index = 0
        self._generation = 0
        self._heard_generation = 0
        self.speaking = False
        """Whether a voice was heard in the last tick that was drawn."""

    @property
    def controls(self) -> Controls:
        """The controls as they are now."""
        return self._controls

    @property
    def dropped_ms(self) -> float:
        """Sound that was dropped because too much was waiting, in milliseconds."""
        return self._buffer.dropped * 1000 / SOUND_RATE

    def change(self, controls: Controls) -> None:
        """Use other controls from the next tick on (ControlError if they cannot be)."""
        self._mixer.check(controls)
        self._controls = controls

    def push(self, sound: Sound) -> None:
        """Add sound of any rate and layout (SoundUnreadable if it cannot be used)."""
        self._buffer.push(self._intake(sound), sound.stamp)

    def interrupt(self) -> None:
        """Drop everything that has not been played; the mouth closes."""
        self._buffer.clear()
        self._silence()
        self._generation += 1

    def tick(self) -> Tick:
        """Take the next 40 ms of sound; the picture follows with `draw`."""
        samples, stamp = self._buffer.take(SOUND_TICK)
        self._delayed.append((samples, stamp))
        played, arrived = self._delayed[0]
        tick = Tick(self._index, self._generation, played, self._decimator(samples), arrived)
        self._index += 1
        return tick

    def draw(self, tick: Tick) -> AVFrame:
        """The picture of a tick, with its sound."""
        picture = self._identity.draw(self.move(tick))
        return AVFrame(tick.index, tick.generation, picture, tick.sound, self.speaking, tick.stamp)

    def skip(self, tick: Tick) -> None:
        """Let a tick pass without a picture: it is late, what follows must not be."""
        self.move(tick)

    def pull(self) -> AVFrame:
        """Take and draw the next tick."""
        return self.draw(self.tick())

    def move(self, tick: Tick) -> Motion:
        """The motion of a tick: what the worker does before it draws."""
        if tick.generation != self._heard_generation:
            self._heard_generation = tick.generation
            self._listener.reset()
            self._voice.reset()
            self._emphasis.reset()
            self._spoken.extend([False] * (self.delay + 1))
            self._mixer.fade(Component.MOUTH)
        voiced = self._voice(tick.heard)
        self._spoken.append(voiced)
        self.speaking = self._spoken[0]
        controls = self._controls
        if controls is not self._mixer.controls:
            self._mixer.change(controls)
        idle = self._idle.step(Liveliness(controls.blink, controls.gaze))
        idle = idle + self._emphasis.step(tick.heard, voiced)
        still = Motion(*(np.zeros_like(idle[part]) for part in Component))
        voice = Motion(self._listener.hear(tick.heard), idle.pose, idle.expression)
        return self._mixer.mix({"voice": voice, "idle": idle, "still": still})

    def _silence(self) -> None:
        quiet = np.zeros(SOUND_TICK, np.int16)
        self._delayed.extend([(quiet, None)] * (self.delay + 1))
