"""One session's pictures and sound, encoded once for everybody who watches it.

Reads the beat at each tick's time, and is its only reader. Sound and pictures are two
tasks: sound never waits for a picture, nor a picture of one codec for another's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol

import av

from engine.clock import Clock
from server import limits
from server.media.beat import Beat
from server.media.encoder import (
    SLICE,
    Codec,
    PicturePacket,
    SoundEncoder,
    SoundPacket,
    open_picture_encoder,
)
from server.media.lane import Counts, Encoded, Lane, OpenEncoder
from server.media.rates import Rates

log = logging.getLogger(__name__)
ENCODING_TICKS: Final = 0.075
"""What encoding a picture usually takes: 3 ms. Sound leaves that much after its time, so
that both leave together; it does not wait if encoding takes longer."""


class Viewer(Protocol):
    """Somebody who gets packets; its methods return at once."""

    @property
    def codec(self) -> Codec | None:
        """Of the pictures that it takes; None for sound only."""
        ...

    @property
    def leads(self) -> bool:
        """Whether its connection alone decides on the bit rate: the page in the call."""
        ...

    def estimate(self) -> int | None:
        """Bits a second that its connection can carry, if it knows."""
        ...

    def picture(self, packet: PicturePacket) -> None:
        """Take a picture; the same packet goes to others too and must not be changed."""
        ...

    def sound(self, packet: SoundPacket) -> None:
        """Take 20 ms of sound."""
        ...


@dataclass(frozen=True, slots=True)
class Handed:
    """When a picture passed the last stages, in seconds of the clock."""

    tick: int
    due: float
    encoded: float
    handed: float


class Broadcast:
    """Encodes at each tick what is due, and hands it to all viewers.

    Args:
        beat: of the session.
        executor: where pictures are encoded.
        clock: of the beat.
        rates: for pictures of the session's size; those of a face alone if left out.
        on_handed: gets each picture's stamps once, when its first codec is handed over.
        open_encoder: makes the encoders of pictures.
    """

    def __init__(
        self,
        beat: Beat[av.VideoFrame],
        executor: Executor,
        clock: Clock,
        rates: Rates | None = None,
        *,
        on_handed: Callable[[Handed], None] | None = None,
        open_encoder: OpenEncoder = open_picture_encoder,
    ) -> None:
        self._beat, self._executor, self._clock = beat, executor, clock
        self._on_handed, self._open_encoder = on_handed, open_encoder
        self._viewers: list[Viewer] = []
        self._watched = asyncio.Event()
        self._lanes: dict[Codec, Lane] = {}
        side = limits.PICTURE_FACE_SIDE
        self._rates = rates or Rates.of(side, side)
        self._quality = self._rates.highest
        self._bitrate = float(self._rates.start)
        self.counts = Counts()
        self._stamped = -1
        self.handed = -1
        """The last tick whose sound has left: how far the session has truly been played."""

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """Those that somebody watches; while there are none, nobody needs pictures."""
        return tuple(sorted({it.codec for it in self._viewers if it.codec is not None}))

    @property
    def bitrate(self) -> int:
        """Bits a second of the pictures, as it is now."""
        return int(self._bitrate)

    @property
    def quality(self) -> int:
        """Bits a second that pictures have at the most."""
        return self._quality

    @quality.setter
    def quality(self, bitrate: int) -> None:
        self._quality = self._rates.bounded(bitrate)

    def join(self, viewer: Viewer) -> None:
        """Hand everything to `viewer` from now on; its pictures begin with a keyframe."""
        if viewer not in self._viewers:
            self._viewers.append(viewer)
        self._watched.set()
        if viewer.codec is not None:
            self.request_keyframe(viewer.codec)

    def leave(self, viewer: Viewer) -> None:
        """Hand nothing more to `viewer`; nothing happens if it has left already."""
        with suppress(ValueError):
            self._viewers.remove(viewer)
        if not self._viewers:
            self._watched.clear()
            self._close_lanes()

    def request_keyframe(self, codec: Codec) -> None:
        """Make a picture of `codec` a keyframe: the next, or the first a second after the last."""
        if codec in self._lanes:
            self._lanes[codec].request_keyframe()

    async def run(self) -> None:
        """Broadcast until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._show())
                tasks.create_task(self._say())
        finally:
            self._close_lanes()

    async def _show(self) -> None:
        """A picture each tick: the newest that is due, the last one again if it is late."""
        tick, last = 0, None
        while True:
            await self._watched.wait()
            await self._beat.due(tick)
            tick = max(tick, self._beat.newest_due())
            wanted = self.codecs
            self._close_lanes(wanted)
            picture = self._beat.picture(tick) if wanted else None
            if picture is not None:
                self.counts.repeated += picture is last
                self._bitrate = self._next_bitrate()
                for codec in wanted:
                    self._lane(codec).offer(tick, picture, self.bitrate)
            tick, last = tick + 1, picture

    async def _say(self) -> None:
        """Two slices each tick, without gaps."""
        part = 0
        encoder: SoundEncoder | None = None
        while True:
            await self._beat.due(part / 2 + ENCODING_TICKS)
            if not self._viewers:
                encoder = None
            else:
                encoder = self._say_part(part, encoder)
            self.handed = (part + 1) // 2 - 1
            part += 1

    def _say_part(self, part: int, encoder: SoundEncoder | None) -> SoundEncoder | None:
        """Hand over one slice; give the encoder for the next, None if it broke."""
        try:
            encoder = encoder or SoundEncoder()
            packet = encoder.encode(self._beat.sound(part), part * SLICE)
        except Exception:
            self.counts.failures += 1
            log.exception("20 ms of sound could not be encoded")
            return None
        for viewer in tuple(self._viewers):
            with self._tolerating(viewer):
                viewer.sound(packet)
        return encoder

    def _lane(self, codec: Codec) -> Lane:
        if codec not in self._lanes:
            self._lanes[codec] = Lane(
                codec,
                self._executor,
                self._clock,
                self.counts,
                self._deliver,
                self._open_encoder,
            )
        return self._lanes[codec]

    def _close_lanes(self, wanted: Sequence[Codec] = ()) -> None:
        for codec in self._lanes.keys() - set(wanted):
            self._lanes.pop(codec).close()

    def _deliver(self, encoded: Encoded) -> None:
        for viewer in tuple(self._viewers):
            if viewer.codec == encoded.codec:
                with self._tolerating(viewer):
                    viewer.picture(encoded.packet)
        if self._on_handed is not None and encoded.tick > self._stamped:
            self._stamped = encoded.tick
            due = self._beat.schedule.due(encoded.tick)
            self._on_handed(Handed(encoded.tick, due, encoded.ready, self._clock.now()))

    @contextmanager
    def _tolerating(self, viewer: Viewer) -> Iterator[None]:
        """A viewer that fails leaves; the others do not notice."""
        try:
            yield
        except Exception:
            self.counts.failures += 1
            log.exception("a viewer failed and is left out")
            self.leave(viewer)

    def _next_bitrate(self) -> float:
        """Down at once, up by and by."""
        said: list[int | None] = []
        for viewer in [it for it in self._viewers if it.leads] or tuple(self._viewers):
            with self._tolerating(viewer):
                said.append(viewer.estimate())
        known = [estimate for estimate in said if estimate is not None]
        wish = limits.ESTIMATE_SHARE * min(known) if known else self._rates.start
        return min(
            self._rates.bounded(int(wish)), self._quality, self._bitrate * limits.BITRATE_RISE
        )
