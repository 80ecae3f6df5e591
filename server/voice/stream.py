"""A voice that is sent, by WebSocket or as a file: what waits, what plays, what has been played.

    writer ── push / write ──► line (5 s) ── take(tick) ──► pipeline ... RTP ── handed(tick)

Utterances wait one behind another, and each of them ends in exactly one event: `ended`
when its last sample has been handed over, or `interrupted` with the position up to which
it was. Only what was truly handed over counts, not what came in or was taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import numpy as np

from engine.clock import Clock
from engine.errors import UnknownSession, VoiceTaken
from engine.types import SOUND_RATE, SOUND_TICK, Samples, Sound
from server import limits
from server.protocol import QueueStats, SpeechMessage
from server.voice.line import CAPACITY, Line
from server.voice.utterance import Event, Utterance


class Writer(Protocol):
    """Who sends the voice; both are called by the stream and must return at once."""

    def told(self, message: SpeechMessage, /) -> None:
        """Something happened to an utterance of its own."""

    def cleared(self) -> None:
        """All sound was dropped: what was read ahead of the stream is not to be spoken."""


class VoiceStream:
    """The voice of one session. All methods belong to the event loop.

    Args:
        clock: monotonic; tells when sound leaves the stream.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._line = Line(self._tell)
        self._count = 0
        self._generation = 0
        self._writer: Writer | None = None
        self._writers_first = 1
        self._changed = asyncio.Event()
        self.skipping = False
        """Whether what comes is the rest of an utterance that was interrupted."""
        self.closed: str | None = None
        """Why no more sound is taken; None while it is."""
        self.on_event: Callable[[SpeechMessage], None] | None = None
        self.dropped = 0
        """Samples that were pushed though there was no room."""

    @property
    def playing(self) -> bool:
        """Whether an utterance is being taken: the microphone is not heard."""
        return self._line.playing

    @property
    def writer(self) -> Writer | None:
        """Who sends the voice now."""
        return self._writer

    @property
    def open(self) -> bool:
        """Whether an utterance has begun to come in, or was announced, and is not complete."""
        return self._line.open is not None

    @property
    def underruns(self) -> int:
        """How often an utterance ran dry before its end."""
        return self._line.underruns

    @property
    def queue(self) -> QueueStats:
        """What waits, in milliseconds of sound."""
        depth, dropped = (count * 1000 // SOUND_RATE for count in (len(self._line), self.dropped))
        return QueueStats(depth=depth, capacity=limits.VOICE_SECONDS * 1000, dropped=dropped)

    def check(self) -> None:
        """Whether somebody could become the writer now.

        Raises:
            VoiceTaken: there is one already.
            UnknownSession: the stream is closed.
        """
        if self.closed is not None:
            raise UnknownSession("no such session: it has ended; create another")
        if self._writer is not None:
            raise VoiceTaken(
                "somebody else speaks through this session: wait until they are done, "
                "or interrupt them"
            )

    def hold(self, writer: Writer) -> None:
        """Become the only writer, until `release`; raises what `check` raises."""
        self.check()
        self._writer, self._writers_first = writer, self._count + 1

    def release(self) -> None:
        """Cease to be the writer: an utterance that is open is complete."""
        self.end()
        self._writer = None

    def announce(self) -> int:
        """The number of an utterance whose sound will be pushed after those before it."""
        self._count += 1
        self._line.append(Utterance(self._count))
        return self._count

    def abandon(self) -> None:
        """Count an utterance that was interrupted before any of it was pushed."""
        self._count += 1
        self._tell("interrupted", Utterance(self._count))

    def push(self, sound: Sound) -> None:
        """Append to the utterance that is open, or open one; what has no room is dropped.

        Raises:
            SoundUnreadable: a rate or shape that cannot be used.
        """
        samples = self._resampled(sound)
        self.dropped += len(samples) - self._line.accept(samples)

    async def write(self, sound: Sound) -> None:
        """The same, but wait for room; what is interrupted meanwhile is forgotten.

        Raises:
            SoundUnreadable: a rate or shape that cannot be used.
        """
        samples = self._resampled(sound)
        generation = self._generation
        while len(samples):
            await self.room()
            if generation != self._generation:
                return
            samples = samples[self._line.accept(samples) :]

    async def room(self) -> None:
        """Wait until at least a tick of sound has room, or the stream is closed."""
        while len(self._line) > CAPACITY - SOUND_TICK and self.closed is None:
            self._changed.clear()
            await self._changed.wait()

    def skip(self) -> None:
        """Throw away what comes until `end`."""
        self.skipping = True

    def end(self) -> None:
        """The utterance that is open is complete; after an interruption, a new one may begin."""
        self.skipping = False
        self._line.complete()

    def clear(self) -> None:
        """Interrupt: drop all that has not been handed over.

        Whoever is in the middle of an utterance goes on sending it for a while: that is
        thrown away until `end`.
        """
        self._generation += 1
        self.skipping = self.skipping or self.open
        for utterance in self._line.clear():
            self._tell("interrupted", utterance)
        if self._writer is not None:
            self._writer.cleared()
        self._changed.set()

    def close(self, reason: str) -> None:
        """Take no more sound: the session ends."""
        if self.closed is None:
            self.closed = reason
            self.clear()

    def take(self, tick: int) -> tuple[Samples, float | None] | None:
        """The sound of `tick`, int16 [1920], and when it left the stream (clock seconds).

        None while no utterance plays. An utterance that has run dry gives silence,
        without a time, until it goes on or ends.
        """
        parts = self._line.take(tick)
        taken = sum(len(part) for part in parts)
        if not taken and not self.playing:
            return None
        self._changed.set()
        samples = np.concatenate([*parts, np.zeros(SOUND_TICK - taken, np.int16)])
        return samples, self._clock.now() if taken else None

    def handed(self, tick: int) -> None:
        """The sound that was taken as `tick` has been handed over to RTP.

        What was taken as an earlier tick and never handed over does not count.
        """
        self._line.handed(tick)

    def _resampled(self, sound: Sound) -> Samples:
        """At 48 kHz, for the utterance that is open; opens one if there is none."""
        if self.skipping or self.closed is not None or not len(sound.samples):
            return np.zeros(0, np.int16)
        if self._line.open is None:
            self.announce()
        utterance = self._line.open
        assert utterance is not None
        return utterance.inlet(sound)

    def _tell(self, event: Event, utterance: Utterance) -> None:
        message = utterance.told(event)
        if self.on_event is not None:
            self.on_event(message)
        if self._writer is not None and utterance.number >= self._writers_first:
            self._writer.told(message)
