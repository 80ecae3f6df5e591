"""All pictures of one codec: the newest is encoded, one at a time, in a thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeAlias

import av

from engine.clock import Clock
from server import limits
from server.media.encoder import PICTURE_STEP, Codec, PictureEncoder, PicturePacket

log = logging.getLogger(__name__)
OpenEncoder: TypeAlias = Callable[[Codec, int, int, int], PictureEncoder]
"""As `open_picture_encoder`."""


@dataclass(slots=True)
class Counts:
    """What a broadcast has done so far."""

    encoded: int = 0
    keyframes: int = 0
    repeated: int = 0
    """Pictures shown again because the next was late."""
    dropped: int = 0
    """Pictures that were not encoded: the encoder was still at work, or had failed."""
    failures: int = 0
    """Pictures and slices of sound that an encoder failed on, and viewers that failed."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture's packet, and the clock's seconds at which it was ready."""

    codec: Codec
    tick: int
    packet: PicturePacket
    ready: float


class Lane:
    """Encodes what it is offered. All methods but the encoding run in the event loop.

    An encoder that fails is opened anew, after waits that double from one tick to five
    seconds. While one hangs, pictures are dropped and counted, and nothing else waits.

    Args:
        codec: of the packets.
        executor: where it encodes.
        clock: stamps the packets.
        counts: of the broadcast.
        deliver: gets each packet.
        open_encoder: makes encoders; called in the executor.
    """

    def __init__(
        self,
        codec: Codec,
        executor: Executor,
        clock: Clock,
        counts: Counts,
        deliver: Callable[[Encoded], None],
        open_encoder: OpenEncoder,
    ) -> None:
        self.codec = codec
        self._executor, self._clock, self._counts = executor, clock, counts
        self._deliver, self._open = deliver, open_encoder
        self._loop = asyncio.get_running_loop()
        self._encoder: PictureEncoder | None = None
        self._next: tuple[int, av.VideoFrame, int] | None = None
        self._busy = self._closed = False
        self._keyframe_wanted = True
        self._keyframe_tick: int | None = None
        self._failures = 0
        self._resume = 0

    def request_keyframe(self) -> None:
        """Make the next picture a keyframe, or the first that may be one again."""
        self._keyframe_wanted = True

    def offer(self, tick: int, picture: av.VideoFrame, bitrate: int) -> None:
        """Encode this picture next; one that still waits is dropped."""
        if self._next is not None:
            self._counts.dropped += 1
        self._next = tick, picture, bitrate
        self._go_on()

    def close(self) -> None:
        """Deliver nothing more; the encoder goes when its last picture is done."""
        self._closed = True
        self._next = self._encoder = None

    def _go_on(self) -> None:
        if self._busy or self._closed or self._next is None:
            return
        (tick, picture, bitrate), self._next = self._next, None
        if tick < self._resume:
            self._counts.dropped += 1
            return
        try:
            work = self._loop.run_in_executor(
                self._executor, self._encode, tick, picture, bitrate, self._keyframe_due(tick)
            )
        except RuntimeError as error:  # the executor is shut down
            self._fail(tick, error)
            return
        self._busy = True
        work.add_done_callback(lambda done: self._finish(tick, done))

    def _keyframe_due(self, tick: int) -> bool:
        last = self._keyframe_tick
        return self._keyframe_wanted and (last is None or tick - last >= limits.KEYFRAME_GAP_TICKS)

    def _encode(self, tick: int, picture: av.VideoFrame, bitrate: int, keyframe: bool) -> Encoded:
        """In the executor."""
        encoder = self._encoder
        if encoder is None:
            encoder = self._open(self.codec, picture.width, picture.height, bitrate)
        encoder.bitrate = bitrate
        packet = encoder.encode(picture, tick * PICTURE_STEP, keyframe)
        if not self._closed:
            self._encoder = encoder
        return Encoded(self.codec, tick, packet, self._clock.now())

    def _finish(self, tick: int, work: asyncio.Future[Encoded]) -> None:
        self._busy = False
        if self._closed or work.cancelled():
            return
        error = work.exception()
        if error is None:
            self._failures = 0
            self._count(work.result())
            self._deliver(work.result())
        else:
            self._fail(tick, error)
        self._go_on()

    def _count(self, encoded: Encoded) -> None:
        self._counts.encoded += 1
        if encoded.packet.is_keyframe:
            self._counts.keyframes += 1
            self._keyframe_tick, self._keyframe_wanted = encoded.tick, False

    def _fail(self, tick: int, error: BaseException) -> None:
        if self._failures == 0:
            log.error("%s pictures cannot be encoded", self.codec, exc_info=error)
        self._counts.failures += 1
        self._encoder = None
        self._resume = tick + min(2**self._failures, limits.ENCODER_PAUSE_TICKS)
        self._failures = min(self._failures + 1, 16)
