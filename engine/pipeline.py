"""One session's way from sound and motion to pictures: push, interrupt, pull. No clock, no thread.

`push`, `interrupt`, `change`, `play`, `keep` and `tick` are quick and belong to one thread;
`draw`, its three steps `hear`, `mix` and `show`, and `skip` belong to one worker at a time, in
the order of the ticks. `driver` and `stream` may be fed from anywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.audio import Decimator, Intake, SoundBuffer, VoiceActivity
from engine.bundle import Manifest
from engine.controls import CAMERA, FILE, IDLE, MOTION, SLIDERS, STILL, VOICE, Controls
from engine.driver import Driver
from engine.emphasis import Emphasis
from engine.guides import Guide
from engine.idle import Idle, Liveliness
from engine.listen import Listener, Speech
from engine.mixer import Mixer
from engine.motion_file import MotionFile, MotionTake, Playback
from engine.motion_stream import Followed, MotionStream, blend
from engine.prosody import LoudnessProsody
from engine.render import Identity
from engine.types import (
    SOUND_RATE,
    SOUND_TICK,
    TICK_MS,
    TICKS_PER_SECOND,
    AVFrame,
    Component,
    Floats,
    Motion,
    Samples,
    Sound,
    Tick,
)
from engine.watch import Watches

LIVE_LIMIT: Final = SOUND_RATE * 140 // 1000
"""Sound that may wait in a live session: more would only be felt as delay."""
LIVE_JITTER: Final = SOUND_RATE * 80 // 1000
"""Sound that is kept in hand at the most, where packets come late again and again."""
INTERRUPT_FADE: Final = 1
"""Ticks between what an interrupted mouth does and its rest."""
STREAM_DELAY: Final = 0.06
"""Seconds by which a stream of motion is followed late: two messages at 30 a second, so that
one which is late or lost leaves no jerk. A driver, who waits for an answer, is not delayed."""


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
        watcher: watches this session's driver and no other.
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
        watcher: Watches,
        *,
        seed: int,
        controls: Controls,
        limit: int = LIVE_LIMIT,
        jitter: int = LIVE_JITTER,
    ) -> None:
        self._identity = identity
        self._listener = listener
        names = {part: spec.names for part, spec in manifest.components.items()}
        self._names = names
        self._still = watcher.still
        self._idle = Idle(names, seed)
        self.driver = Driver(watcher)
        """Who drives the source `camera`."""
        self.driver.settle(controls.steadiness, controls.mirror)
        self.stream = MotionStream(self._still, STREAM_DELAY)
        """What drives the source `motion`."""
        self._playback: Playback | None = None
        self._guides: dict[Component, Guide] = {}
        self._take: MotionTake | None = None
        self._seen: float | None = None
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
        self._due: deque[Speech] = deque(maxlen=self.delay)
        self._delayed: deque[tuple[Samples, float | None]] = deque(maxlen=self.delay + 1)
        self._spoken: deque[bool] = deque(maxlen=self.delay + 1)
        self._spoken.extend([False] * (self.delay + 1))
        self._silence()
        self._index = 0
        self._generation = 0
        self._heard_generation = 0
        self._resting = 0
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

    @property
    def names(self) -> Mapping[Component, Sequence[str]]:
        """The coefficients' names, by component."""
        return self._names

    def play(self, file: MotionFile | None, loop: bool = False) -> None:
        """Let the source `file` play this from its start; None takes it away."""
        self._playback = None if file is None else Playback(file, loop)

    def lead(self, part: Component, guide: Guide) -> None:
        """Let the source `file` of one component be this; guides are for films, not for calls."""
        self._guides[part] = guide

    def keep(self) -> None:
        """Begin to keep what the face does, unless that is being done."""
        self._take = self._take or MotionTake(self._names)

    def kept(self) -> MotionTake | None:
        """Keep no more; what was kept, None if nothing was."""
        take, self._take = self._take, None
        return take

    def push(self, sound: Sound) -> None:
        """Add sound of any rate and layout (SoundUnreadable if it cannot be used)."""
        self._buffer.push(self._intake(sound), sound.stamp)

    def interrupt(self) -> None:
        """Drop everything that has not been played; the mouth closes."""
        self._buffer.clear()
        self._silence()
        self._generation += 1

    def end(self) -> None:
        """The sound ends with the last tick that was drawn: for films, which end.

        Mouths of the look-ahead's ticks, which follow, are then those of the end of a clip.
        """
        due = self._listener.finish()
        missing = self.delay - len(due) if due else 0
        self._due.extend([Speech(self._still.mouth, None)] * missing + due)

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

    def draw(self, tick: Tick, now: float | None = None) -> AVFrame:
        """The picture of a tick, with its sound; for `now` see `mix`."""
        return self.show(tick, self.mix(self.hear(tick), _moment(tick, now)))

    def skip(self, tick: Tick, now: float | None = None) -> None:
        """Let a tick pass without a picture: it is late, what follows must not be."""
        self.mix(self.hear(tick), _moment(tick, now))

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
            self._resting = self.delay  # the sound of these ticks is gone; none was heard for them
        voiced = self._voice(tick.heard)
        self._spoken.append(voiced)
        self.speaking = self._spoken[0]
        speech = self._due.popleft() if self._due else self._listener.hear(tick.heard)
        prosody = speech.prosody or self._loudness.step(tick.heard, voiced)
        gesture = self._emphasis.step(prosody)
        mouth = self._still.mouth if self._resting else speech.mouth
        self._resting = max(0, self._resting - 1)
        return Heard(mouth, gesture.motion, gesture.blink)

    def mix(self, heard: Heard, now: float) -> Motion:
        """The motion of a tick, out of all sources; once for each that was heard.

        Args:
            heard: in the tick's sound.
            now: seconds, by the clock that arrivals of `driver` and `stream` are told in;
                without a clock the tick's own time.
        """
        controls = self._controls
        if controls is not self._mixer.controls:
            self._mixer.change(controls)
            self.driver.settle(controls.steadiness, controls.mirror)
        lively = Liveliness(controls.blink, controls.gaze)
        idle = self._still + self._idle.step(lively, heard.blink) + heard.stress
        sources = {
            VOICE: Motion(heard.mouth, idle.pose, idle.expression),
            IDLE: idle,
            STILL: self._still,
            SLIDERS: self._mixer.sliders,
        } | self._live(idle, now)
        motion = self._mixer.mix(sources, self.speaking)
        if (take := self._take) is not None:
            take.add(motion)
        return motion

    def show(self, tick: Tick, motion: Motion) -> AVFrame:
        """The picture of a motion, with the tick's sound."""
        picture = self._identity.draw(motion)
        return AVFrame(
            tick.index,
            tick.generation,
            picture,
            tick.sound,
            self.speaking,
            tick.stamp,
            self._seen,
        )

    def _live(self, idle: Motion, now: float) -> dict[str, Motion]:
        """The motions of those who are there; idle motion shines through who comes or goes."""
        wanted = {self._controls[part].source for part in Component}
        self._seen = None
        found: dict[str, Motion] = {}
        if CAMERA in wanted:
            driver = self.driver.at(now)
            found[CAMERA] = _present(idle, driver)
            self._seen = driver.arrived
        if MOTION in wanted:
            found[MOTION] = _present(idle, self.stream.at(now))
        if FILE in wanted and (told := self._told(idle, now)) is not None:
            found[FILE] = told
        return found

    def _told(self, idle: Motion, now: float) -> Motion | None:
        """What files say: each component's guide, or the one motion file that plays."""
        if not self._guides:
            return None if self._playback is None else self._playback.step()
        time = now - self.delay / TICKS_PER_SECOND  # of the picture, which is as late as its sound
        followed = {part: guide.at(time) for part, guide in self._guides.items()}
        led = {part: _present(idle, it)[part] for part, it in followed.items()}
        return Motion.of({part: led.get(part, idle[part]) for part in Component})

    def _silence(self) -> None:
        quiet = np.zeros(SOUND_TICK, np.int16)
        self._delayed.extend([(quiet, None)] * (self.delay + 1))


def _moment(tick: Tick, now: float | None) -> float:
    return tick.index * TICK_MS / 1000 if now is None else now


def _present(idle: Motion, followed: Followed) -> Motion:
    return blend(idle, followed.motion, followed.presence)
