"""What comes in over RTP, put in order: sound packet by packet, pictures whole.

A network loses packets, swaps them, doubles them. Everything here is pure: packets in,
packets in order out, counted; time comes with the packets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AHEAD: Final = 512
"""Packets ahead from which a sender may have started anew: ten seconds of sound, two of
a picture stream of 3 Mbit/s."""
BEHIND: Final = 100
"""Packets behind from which it may have (MAX_MISORDER of RFC 3550, appendix A.1)."""
SOUND_HOLD: Final = 3
"""Sound packets that wait for a missing one: 60 ms, two of the usual network's swaps."""
SOUND_PATIENCE: Final = 0.06
"""Seconds they wait at most, whatever the length of a packet."""
PICTURE_PATIENCE: Final = 0.25
"""Seconds pictures wait for a missing packet: two round trips to a far caller and back,
asked for and sent again."""


@dataclass(frozen=True, slots=True)
class Packet:
    """What one RTP packet carries."""

    number: int
    """Counts packets, 16 bits."""
    timestamp: int
    """In units of the codec's clock, 32 bits."""
    data: bytes
    arrived: float
    """Monotonic seconds."""
    marker: bool = False
    """Whether it is the last of its picture."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a decoder takes at once."""

    timestamp: int
    data: bytes
    arrived: float
    """When its last packet came, monotonic seconds."""


class Order:
    """Gives packets in order. A missing one is waited for as long as `_waits` says.

    A packet far from what is expected may be a leftover; two that follow each other are a
    sender that started anew, and are followed (RFC 3550, appendix A.1).
    """

    def __init__(self) -> None:
        self._next: int | None = None
        self._early: dict[int, Packet] = {}
        self._stray: Packet | None = None
        self.lost = 0
        """Packets that were gone on without."""
        self.late = 0
        """Packets that came after that, or twice."""

    @property
    def held(self) -> int:
        """Packets that wait for a missing one."""
        return len(self._early)

    def add(self, packet: Packet) -> list[Packet]:
        """Take a packet; give those whose turn has come."""
        if self._next is None:
            self._next = packet.number
        ahead = distance(self._next, packet.number)
        if not -BEHIND < ahead < AHEAD:
            return self._astray(packet)
        self._stray = None
        if ahead < 0 or packet.number in self._early:
            self.late += 1
            return []
        self._early[packet.number] = packet
        return self._in_order(packet.arrived)

    def _waits(self, now: float) -> bool:
        """Whether packets wait any longer for the one that is missing."""
        raise NotImplementedError

    def _in_order(self, now: float) -> list[Packet]:
        assert self._next is not None
        ready: list[Packet] = []
        while self._early:
            packet = self._early.pop(self._next, None)
            if packet is not None:
                ready.append(packet)
            elif self._waits(now):
                break
            else:
                self.lost += 1
            self._next = (self._next + 1) & 0xFFFF
        return ready

    def _astray(self, packet: Packet) -> list[Packet]:
        first, self._stray = self._stray, packet
        if first is None or distance(first.number, packet.number) != 1:
            return []
        assert self._next is not None
        base = self._next
        rest = sorted(self._early.values(), key=lambda it: distance(base, it.number))
        self._early, self._stray = {}, None
        self._next = (packet.number + 1) & 0xFFFF
        return [*rest, first, packet]


class SoundOrder(Order):
    """Sound waits for `hold` packets or `patience` seconds, then goes on without the lost.

    In order it adds no delay at all; a decoder is fed at a hole's end with what `concealed`
    makes up.
    """

    def __init__(self, hold: int = SOUND_HOLD, patience: float = SOUND_PATIENCE) -> None:
        super().__init__()
        self._hold, self._patience = hold, patience

    def _waits(self, now: float) -> bool:
        first = min(it.arrived for it in self._early.values())
        return len(self._early) < self._hold and now - first < self._patience


class PictureOrder(Order):
    """Gathers pictures; each is given with its last packet, not with the next one's first.

    Missing packets are asked for again elsewhere. One that has not come within `patience`
    seconds is gone on without: the rest of its picture is dropped, and `broken` says that a
    whole picture must be asked for.
    """

    def __init__(self, patience: float = PICTURE_PATIENCE) -> None:
        super().__init__()
        self._patience = patience
        self._parts: list[Packet] = []
        self._expected: int | None = None
        self._skipping: int | None = None
        self.broken = False
        """Whether a picture was lost since somebody last set this to False."""
        self.dropped = 0
        """Pictures that lacked a packet."""

    def frames(self, packet: Packet) -> list[Frame]:
        """Take a packet; give the pictures it completes."""
        done = [frame for it in self.add(packet) for frame in self._gather(it)]
        return [frame for frame in done if frame.data]

    def _waits(self, now: float) -> bool:
        first = min(it.arrived for it in self._early.values())
        return len(self._early) < AHEAD and now - first < self._patience

    def _gather(self, packet: Packet) -> list[Frame]:
        if self._expected not in (None, packet.number):
            self._break(packet)
        self._expected = (packet.number + 1) & 0xFFFF
        if self._skipping == packet.timestamp:
            return []
        self._skipping = None
        done: list[Frame] = []
        if self._parts and self._parts[0].timestamp != packet.timestamp:
            done.append(self._joined())  # a sender that sets no marker
        self._parts.append(packet)
        if packet.marker:
            done.append(self._joined())
        return done

    def _break(self, packet: Packet) -> None:
        """Drop what was begun, and the rest of the picture after the hole."""
        self._parts.clear()
        self._skipping = packet.timestamp
        self.broken = True
        self.dropped += 1

    def _joined(self) -> Frame:
        parts, self._parts = self._parts, []
        data = b"".join(it.data for it in parts)
        return Frame(parts[0].timestamp, data, max(it.arrived for it in parts))


def distance(start: int, end: int) -> int:
    """How far a 16-bit number lies ahead of another; negative when behind."""
    return ((end - start + 0x8000) & 0xFFFF) - 0x8000


def is_keyframe(codec: str, data: bytes) -> bool:
    """Whether a picture (VP8, or H264 after start codes) needs no other to be decoded.

    VP8: the lowest bit of the first byte is 0 (RFC 6386, section 9.1). H264: it begins with
    parameter sets or an IDR slice, types 7, 8 and 5 (ITU-T H.264, table 7-1).
    """
    if codec == "VP8":
        return bool(data) and not data[0] & 1
    kinds = {data[at + 3] & 0x1F for at in _starts(data)}
    return not kinds.isdisjoint({5, 7, 8})


def _starts(data: bytes) -> list[int]:
    found, at = [], data.find(b"\0\0\1")
    while 0 <= at < len(data) - 3:
        found.append(at)
        at = data.find(b"\0\0\1", at + 3)
    return found
