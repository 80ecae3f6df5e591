"""The only file that reaches into aiortc and aioice: what their interfaces do not offer.

Written against aiortc 1.16 and aioice 0.13; a contract test fails when a name has moved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import aioice.ice
from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender, RTCRtpTransceiver
from aiortc.codecs import vpx
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtp import RtpPacket

VP8_START_BITRATE: Final = 800_000
"""Bits a second before the page's first estimate: a sharp face from the first second."""
CONSENT_INTERVAL: Final = 2
CONSENT_FAILURES: Final = 3
"""Two-second checks, three lost: a vanished peer is seen after 6 s instead of 30 s."""
SEQUENCE_JUMP: Final = 200
"""Packets ahead from which a sender has started anew (4 s of sound)."""


@contextmanager
def adjusted(ice_host: str | None = None) -> Iterator[None]:
    """Set the constants of both libraries, and set them back at the end.

    Args:
        ice_host: the only local address to offer. When left out all but loopback are
            offered, and loopback on a machine that has no other.
    """
    found = aioice.ice.get_host_addresses

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return [ice_host] if ice_host else found(use_ipv4, use_ipv6) or ["127.0.0.1"]

    wanted: list[tuple[Any, str, object]] = [
        (vpx, "DEFAULT_BITRATE", VP8_START_BITRATE),
        (aioice.ice, "CONSENT_INTERVAL", CONSENT_INTERVAL),
        (aioice.ice, "CONSENT_FAILURES", CONSENT_FAILURES),
        (aioice.ice, "get_host_addresses", addresses),
    ]
    before = [getattr(module, name) for module, name, _ in wanted]
    for module, name, value in wanted:
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name, _), value in zip(wanted, before, strict=True):
            setattr(module, name, value)


def prefer_vp8(transceiver: RTCRtpTransceiver) -> None:
    """Offer VP8 before H.264: no royalties, no GPL encoder. Call before the remote offer is set."""
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences(sorted(codecs, key=lambda codec: codec.name == "H264"))


class AudioBuffer:
    """Puts a receiver's sound packets in order; waits for at most `hold` of them.

    aiortc's own buffer delays sound by 80 ms always, and by 280 ms for good after
    the first lost packet. This one adds nothing to packets in order, waits for a
    late one until `hold` others have come, then goes on without it.
    """

    def __init__(self, receiver: RTCRtpReceiver, hold: int = 3) -> None:
        self._receiver: Any = receiver
        self._hold = hold
        self._next: int | None = None
        self._early: dict[int, RtpPacket] = {}
        self.lost = 0
        self.late = 0

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Take a packet; give what can be decoded now (aiortc's signature: PLI flag, frame)."""
        number = packet.sequence_number
        if self._next is None:
            self._next = number
        ahead = ((number - self._next + 0x8000) & 0xFFFF) - 0x8000
        if ahead < 0:
            self.late += 1
            return False, None
        if ahead > SEQUENCE_JUMP:
            self._early.clear()
            self._next = number
        self._early[number] = packet
        ready = self._in_order()
        for frame in ready[:-1]:
            self._decode(packet.payload_type, frame)
        return False, ready[-1] if ready else None

    def _in_order(self) -> list[JitterFrame]:
        assert self._next is not None
        ready: list[JitterFrame] = []
        while self._early:
            packet: Any = self._early.pop(self._next, None)
            if packet is not None:
                ready.append(JitterFrame(data=packet._data, timestamp=packet.timestamp))
            elif len(self._early) < self._hold:
                break
            else:
                self.lost += 1
            self._next = (self._next + 1) & 0xFFFF
        return ready

    def _decode(self, payload_type: int, frame: JitterFrame) -> None:
        """Aiortc takes one frame a packet; the others go the way it would send them."""
        receiver = self._receiver
        frame.timestamp = receiver._RTCRtpReceiver__timestamp_mapper.map(frame.timestamp)
        codec = receiver._RTCRtpReceiver__codecs[payload_type]
        receiver._RTCRtpReceiver__decoder_queue.put((codec, frame))


def bound_audio(receiver: RTCRtpReceiver) -> AudioBuffer:
    """Give a sound receiver, before its first packet, the bounded buffer."""
    buffer = AudioBuffer(receiver)
    receiver._RTCRtpReceiver__jitter_buffer = buffer  # type: ignore[attr-defined]
    return buffer


async def close(connection: RTCPeerConnection, seconds: float) -> None:
    """Close a connection in any state; never hangs, never raises.

    `RTCPeerConnection.close()` can raise half-way after a broken negotiation, leaves
    its sockets and threads then, and hangs when called again: what it left is stopped
    here, part by part.
    """
    if await _settled(connection.close(), seconds):
        return
    parts: Any = connection
    for transceiver in connection.getTransceivers():
        await _settled(transceiver.stop(), seconds)
    for transport in list(parts._RTCPeerConnection__dtlsTransports):
        await _settled(transport.stop(), seconds)
    for transport in list(parts._RTCPeerConnection__iceTransports):
        await _settled(transport.stop(), seconds)
    connection.remove_all_listeners()


async def _settled(work: Awaitable[None], seconds: float) -> bool:
    """Whether it came to its end in time and in order."""
    with suppress(Exception):
        await asyncio.wait_for(work, seconds)
        return True
    return False
