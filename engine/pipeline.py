"""One session's way from sound to pictures: push, interrupt, pull. No clock, no thread.

`push`, `interrupt`, `change` and `tick` are quick and belong to one thread; `draw`, its
three steps `hear`, `mix` and `show`, and `skip` belong to one worker at a time, in the
order of the ticks.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.audio import Decimator, Intake, SoundBuffer, VoiceActivity
from engine.bundle import Manifest
from engine.emphasis import Emphasis
from engine.idle import Idle, Liveliness
from engine.listen import Listener
from engine.mixer import Controls, Mixer
from engine.prosody import LoudnessProsody
from engine.render import Identity
from engine.types import (
    SOUND_RATE,
    SOUND_TICK,
    AVFrame,
    Component,
    Floats,
    Motion,
    Samples,
    Sound,
    Tick,
)

LIVE_LIMIT: Final = SOUND_RATE * 140 // 1000
"""Sound that may wait in a live session: more would only be felt as delay."""
LIVE_JITTER: Final = SOUND_RATE * 80 // 1000
"""Sound that is kept in hand at the most, where packets come late again and again."""
INTERRUPT_FADE: Final = 1
"""Ticks between what an interrupted mouth does and its rest."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found in the sound of a tick."""

    mouth: Floats
    """The mouth that belongs to it, as the network has it."""
    stress: Motion
    """What head and brows add to it."""
    blink: bool = False
    """Whether it is a moment to blink: the end of a phrase."""


class Pipeline:
    """Joins hearing, idling, mixing and rendering for one session.

    Args:
        manifest: of the bundle.
        identity: whose face it is.
        listener: hears this session and no other.
        seed: of the idle motion and of gestures.
        controls: where to start.
        limit: samples at 48 kHz that may wait; the oldest are dropped.
        jitter: samples that may be kept in hand because others come late; 0 for a file.
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
        jitter: int = LIVE_JITTER,
    ) -> None:
        self._identity = identity
        self._listener = listener
        names = {part: spec.names for part, spec in manifest.components.items()}
        self._idle = Idle(names, seed)
        self._loudness = LoudnessProsody()
        self._emphasis = Emphasis(names, seed)
        self._mixer = Mixer(manifest, controls)
        self._controls = controls
        self._intake = Intake()
        self._limit = limit
        self._buffer = SoundBuffer(limit, 0, jitter)
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
    def width(self) -> int:
        """Of the pictures, pixels."""
        return self._identity.width

    @property
    def height(self) -> int:
        """Of the pictures, pixels."""
        return self._identity.height

    @property
    def controls(self) -> Controls:
        """The controls as they are now."""
        return self._controls

    @property
    def dropped_ms(self) -> float:
        """Sound that was dropped because too much was waiting, in milliseconds."""
        return self._buffer.dropped * 1000 / SOUND_RATE

    @property
    def waiting_ms(self) -> tuple[int, int]:
        """Sound that waits, and the most that may, in milliseconds."""
        return len(self._buffer) * 1000 // SOUND_RATE, self._limit * 1000 // SOUND_RATE

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

    def tick(self, spoken: tuple[Samples, float | None] | None = None) -> Tick:
        """Take the next 40 ms of sound; the picture follows with `draw`.

        Args:
            spoken: int16 [SOUND_TICK] and when it arrived, to be used in place of what was
                pushed, which is dropped then: two voices cannot share a mouth.
        """
        if spoken is not None:
            self._buffer.clear()
        samples, stamp = self._buffer.take(SOUND_TICK) if spoken is None else spoken
        self._delayed.append((samples, stamp))
        played, arrived = self._delayed[0]
        tick = Tick(self._index, self._generation, played, self._decimator(samples), arrived)
        self._index += 1
        return tick

    def draw(self, tick: Tick) -> AVFrame:
        """The picture of a tick, with its sound."""
        return self.show(tick, self.mix(self.hear(tick)))

    def skip(self, tick: Tick) -> None:
        """Let a tick pass without a picture: it is late, what follows must not be."""
        self.mix(self.hear(tick))

    def pull(self) -> AVFrame:
        """Take and draw the next tick."""
        return self.draw(self.tick())

    def hear(self, tick: Tick) -> Heard:
        """Listen to a tick: features, voice activity, the network."""
        if tick.generation != self._heard_generation:
            self._heard_generation = tick.generation
            self._listener.reset()
            self._voice.reset()
            self._loudness.reset()
            self._emphasis.reset()
            self._spoken.extend([False] * (self.delay + 1))
            self._mixer.fade(Component.MOUTH, INTERRUPT_FADE)
        voiced = self._voice(tick.heard)
        self._spoken.append(voiced)
        self.speaking = self._spoken[0]
        speech = self._listener.hear(tick.heard)
        prosody = speech.prosody or self._loudness.step(tick.heard, voiced)
        gesture = self._emphasis.step(prosody)
        return Heard(speech.mouth, gesture.motion, gesture.blink)

    def mix(self, heard: Heard) -> Motion:
        """The motion of a tick, out of all sources; once for each that was heard."""
        controls = self._controls
        if controls is not self._mixer.controls:
            self._mixer.change(controls)
        lively = Liveliness(controls.blink, controls.gaze)
        idle = self._idle.step(lively, heard.blink) + heard.stress
        still = Motion(*(np.zeros_like(idle[part]) for part in Component))
        voice = Motion(heard.mouth, idle.pose, idle.expression)
        return self._mixer.mix({"voice": voice, "idle": idle, "still": still})

    def show(self, tick: Tick, motion: Motion) -> AVFrame:
        """The picture of a motion, with the tick's sound."""
        picture = self._identity.draw(motion)
        return AVFrame(tick.index, tick.generation, picture, tick.sound, self.speaking, tick.stamp)

    def _silence(self) -> None:
        quiet = np.zeros(SOUND_TICK, np.int16)
        self._delayed.extend([(quiet, None)] * (self.delay + 1))
