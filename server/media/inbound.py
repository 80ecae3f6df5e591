"""From packets to a decoder's queue: in order, counted, with a bound on everything that waits.

Knows no WebRTC library: packets go in, `(codec, Encoded)` comes out at a queue.
"""

from __future__ import annotations

import asyncio
import queue
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from server import limits
from server.media.gaps import Timeline, concealed
from server.media.reorder import Order, Packet, PictureOrder, SoundOrder, is_keyframe

ARRIVALS: Final = 128
"""Frames whose arrival is remembered: all that can be between network and reader."""
KEYFRAME_SECONDS: Final = 0.5
"""After how long a whole picture is asked for again that has not come."""


class CodecLike(Protocol):
    """A negotiated codec."""

    @property
    def name(self) -> str:
        """Such as opus, VP8, H264."""
        ...


@dataclass(slots=True)
class Encoded:
    """What a decoder takes."""

    data: bytes
    timestamp: int
    """In units of the codec's clock, from 0."""


class Newest(asyncio.Queue[Any]):
    """A queue whose writer never waits: what is oldest goes when it is full."""

    dropped = 0
    """What went."""

    async def put(self, item: Any) -> None:
        """Add, at once."""
        if self.full():
            self.get_nowait()
            self.dropped += 1
        self.put_nowait(item)


class Inbound:
    """What sound and pictures have in common.

    Args:
        order: puts packets in order.
        rate: of the time stamps, units a second.
        decoding: a decoder's queue.
        waiting: how many may wait in it.
        decoded: how many decoded frames may wait for a reader.
    """

    def __init__(
        self, order: Order, rate: int, decoding: queue.Queue[Any], waiting: int, decoded: int
    ) -> None:
        self.frames = Newest(decoded)
        """Of decoded frames."""
        self._counts = order
        self._timeline = Timeline(rate)
        self._arrivals: dict[int, float] = {}
        self._decoding, self._waiting = decoding, waiting
        self._overrun = 0

    @property
    def lost(self) -> int:
        """Packets that did not come in time."""
        return self._counts.lost

    @property
    def late(self) -> int:
        """Packets that came after their turn, or twice."""
        return self._counts.late

    @property
    def held(self) -> int:
        """Packets that wait for an earlier one."""
        return self._counts.held

    @property
    def dropped(self) -> int:
        """What a slow decoder and a slow reader missed."""
        return self._overrun + self.frames.dropped

    def arrival(self, pts: int) -> float | None:
        """When the packet of a decoded frame came, monotonic seconds; None if forgotten."""
        return self._arrivals.get(pts)

    def take(self, packet: Packet, codec: CodecLike) -> bool:
        """Take a packet; whether the sender must be asked for a whole picture."""
        raise NotImplementedError

    def _decode(self, codec: CodecLike, timestamp: int, data: bytes, arrived: float) -> None:
        time = self._timeline(timestamp)
        self._arrivals[time] = arrived
        if len(self._arrivals) > ARRIVALS:
            del self._arrivals[next(iter(self._arrivals))]
        self._decoding.put((codec, Encoded(data, time)))

    def _crowded(self) -> bool:
        return self._decoding.qsize() > self._waiting

    def _drop(self, keep: int) -> None:
        """Take the oldest out of the decoder's queue until `keep` are left."""
        with suppress(queue.Empty):  # the decoder takes from the same end
            while self._decoding.qsize() > keep:
                self._decoding.get_nowait()
                self._overrun += 1


class InboundSound(Inbound):
    """Sound in order, with at most 60 ms of waiting; what Opus lost is made up by its decoder."""

    def __init__(self, decoding: queue.Queue[Any]) -> None:
        self._order = SoundOrder()
        super().__init__(self._order, 48_000, decoding, limits.SOUND_DECODING, limits.SOUND_DECODED)
        self._last: Packet | None = None
        self.concealed = 0
        """Packets that the decoder made up."""

    def take(self, packet: Packet, codec: CodecLike) -> bool:
        """Take a packet; decode what is in order."""
        for it in self._order.add(packet):
            made_up = concealed(self._last, it) if self._last and codec.name == "opus" else []
            self.concealed += len(made_up)
            for each in (*made_up, it):
                if each.data:
                    self._decode(codec, each.timestamp, each.data, each.arrived)
            self._last = it
        if self._crowded():
            self._drop(keep=self._waiting)
        return False


class InboundPictures(Inbound):
    """Pictures as soon as their last packet is there; asks for a whole one after a loss."""

    def __init__(self, decoding: queue.Queue[Any]) -> None:
        self._order = PictureOrder()
        super().__init__(
            self._order, 90_000, decoding, limits.PICTURES_DECODING, limits.PICTURES_DECODED
        )
        self._asked: float | None = None

    def take(self, packet: Packet, codec: CodecLike) -> bool:
        """Take a packet; decode the pictures it completes."""
        for it in self._order.frames(packet):
            if is_keyframe(codec.name, it.data):
                self._order.broken, self._asked = False, None
            self._decode(codec, it.timestamp, it.data, it.arrived)
        if self._crowded():
            self._drop(keep=0)
            self._order.broken = True
        return self._asks(packet.arrived)

    def _asks(self, now: float) -> bool:
        """Whether to ask for a whole picture: at once, then again until it is there."""
        if not self._order.broken:
            return False
        if self._asked is not None and now - self._asked < KEYFRAME_SECONDS:
            return False
        self._asked = now
        return True
