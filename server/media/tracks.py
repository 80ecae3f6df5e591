"""The two media tracks of one connection: packets that were put in come out, in order.

What is put in has been encoded for everybody; aiortc only cuts it up and encrypts it. A
connection that takes nothing loses what waits, and nobody else notices.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import av
import cv2
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from engine.types import Picture
from server import limits
from server.media.encoder import PicturePacket, SoundPacket

T = TypeVar("T", PicturePacket, SoundPacket)


def as_yuv(picture: Picture) -> av.VideoFrame:
    """RGB [height, width, 3] as the YUV 4:2:0 that the encoder takes (0.3 ms at 512 px).

    BT.601 in the range of television, as `engine.colours` says. FFmpeg's own conversion takes five
    times as long, and its pictures are no nearer to the RGB.
    """
    planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


class PacketTrack(MediaStreamTrack, Generic[T]):
    """A bounded queue between the broadcast and one connection.

    Args:
        on_sent: gets each packet as the connection takes it.
    """

    def __init__(self, on_sent: Callable[[T], None] | None = None) -> None:
        super().__init__()
        self._on_sent: Callable[[T], None] | None = on_sent
        self._queue: deque[T] = deque()
        self._filled = asyncio.Event()
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Packets that the connection has not taken yet."""
        return len(self._queue)

    async def recv(self) -> T:
        """The next packet, as soon as there is one; MediaStreamError once stopped."""
        while self.readyState == "live":
            if self._queue:
                packet = self._queue.popleft()
                if self._on_sent is not None:
                    self._on_sent(packet)
                return packet
            self._filled.clear()
            await self._filled.wait()
        raise MediaStreamError

    def clear(self) -> None:
        """Drop what waits: it must not be sent any more."""
        self.dropped += len(self._queue)
        self._queue.clear()

    def stop(self) -> None:
        """End: whoever waits in `recv` is told."""
        super().stop()
        self._queue.clear()
        self._filled.set()

    def _append(self, packet: T) -> None:
        self._queue.append(packet)
        self._filled.set()


class PictureTrack(PacketTrack[PicturePacket]):
    """Begins with a keyframe; after a jam all that waited is dropped, up to the next one.

    Args:
        ask_keyframe: called once a jam, when the connection takes packets again: one that
            stands still must not cost the others a keyframe a second.
        on_sent: gets each packet as the connection takes it.
    """

    kind = "video"

    def __init__(
        self,
        ask_keyframe: Callable[[], None],
        on_sent: Callable[[PicturePacket], None] | None = None,
    ) -> None:
        super().__init__(on_sent)
        self._ask_keyframe = ask_keyframe
        self._begun = self._jammed = False

    def put(self, packet: PicturePacket) -> None:
        """Queue a picture."""
        if self.readyState != "live":
            return
        if packet.is_keyframe:
            self._begun, self._jammed = True, False
        if self.waiting >= limits.QUEUED_PICTURES:
            self.clear()
            self._jammed = not packet.is_keyframe
        if self._begun and not self._jammed:
            self._append(packet)
        elif self._jammed:
            self.dropped += 1

    async def recv(self) -> PicturePacket:
        """The next picture, as soon as there is one; MediaStreamError once stopped."""
        if self._jammed:
            self._ask_keyframe()
        return await super().recv()


class SoundTrack(PacketTrack[SoundPacket]):
    """After a jam the oldest slices are dropped."""

    kind = "audio"

    def put(self, packet: SoundPacket) -> None:
        """Queue 20 ms of sound."""
        if self.readyState != "live":
            return
        if self.waiting >= limits.QUEUED_SLICES:
            self._queue.popleft()
            self.dropped += 1
        self._append(packet)
