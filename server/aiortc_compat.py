"""The only file that reaches into aiortc and aioice: what their interfaces do not offer.

Written against aiortc 1.16 and aioice 0.13; a contract test fails when a name has moved.
"""

from __future__ import annotations

import asyncio
import ipaddress
import queue
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final, Literal, TypeVar, cast

import aioice.ice
import aiortc.clock
from aioice.stun import TransactionTimeout
from aiortc import (
    RTCPeerConnection,
    RTCRtpHeaderExtensionParameters,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
    rtcpeerconnection,
    rtcrtpreceiver,
    rtcrtpsender,
    rtcsctptransport,
    rtp,
)
from aiortc.codecs import HEADER_EXTENSIONS, vpx
from aiortc.rtp import RtcpByePacket
from aiortc.sdp import candidate_from_sdp

from engine.clock import Clock, MonotonicClock
from server import limits
from server.media.inbound import Inbound, InboundPictures, InboundSound
from server.media.promptness import Promptness
from server.media.reorder import Packet

VP8_START_BITRATE: Final = 800_000
"""Bits a second before the page's first estimate: a sharp face from the first second."""
ESTIMATES: Final = (100_000, 10_000_000)
"""Bits a second; what a receiver estimates is kept within: below, nothing can be seen,
above, nothing more is sent."""
CONSENT_INTERVAL: Final = 2
CONSENT_FAILURES: Final = 5
"""Two-second checks, five lost: a vanished peer is closed after 10 s instead of 30 s, and
one that was cut off for less goes on where it was."""
GATHERING_SECONDS: Final = 2
"""For STUN and TURN servers to answer; without those that did not, an answer is made."""

PLAYOUT_DELAY: Final = RTCRtpHeaderExtensionParameters(
    id=14, uri="http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
)
"""Which is answered if it is offered; in an offer's own number."""
VIDEO_RATE: Final = 90_000
"""Hz of video's time stamps."""

Codec = Literal["H264", "VP8"]
Bound = TypeVar("Bound", InboundSound, InboundPictures)


@contextmanager
def adjusted(ice_host: str | None = None) -> Iterator[None]:
    """Set what both libraries hold fast, and set it back at the end.

    Vanished peers are seen sooner; time stamps and round trips go by a clock that does not
    jump; datagrams are counted, bounded, and refused when empty (aiortc ends a connection
    at one, whoever sent it).

    Args:
        ice_host: the only local address to offer. When left out all but loopback are
            offered, and loopback on a machine that has no other.
    """
    found = aioice.ice.get_host_addresses
    receive = aioice.ice.StunProtocol.datagram_received
    began = time.time() - time.monotonic()

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return [ice_host] if ice_host else found(use_ipv4, use_ipv6) or ["127.0.0.1"]

    def received(protocol: Any, data: bytes, addr: tuple[Any, ...]) -> None:
        if _admitted(protocol.receiver, data, addr):
            receive(protocol, data, addr)

    steady = SimpleNamespace(time=lambda: began + time.monotonic())
    extensions = {**HEADER_EXTENSIONS, "video": [*HEADER_EXTENSIONS["video"], PLAYOUT_DELAY]}
    wanted: list[tuple[Any, str, object]] = [
        (vpx, "DEFAULT_BITRATE", VP8_START_BITRATE),
        (aioice.ice, "CONSENT_INTERVAL", CONSENT_INTERVAL),
        (aioice.ice, "CONSENT_FAILURES", CONSENT_FAILURES),
        (aioice.ice, "get_host_addresses", addresses),
        (aioice.ice.Connection.get_component_candidates, "__defaults__", (GATHERING_SECONDS,)),
        (aioice.ice.StunProtocol, "datagram_received", received),
        (aiortc.clock, "current_datetime", lambda: datetime.fromtimestamp(steady.time(), UTC)),
        (rtcpeerconnection, "HEADER_EXTENSIONS", extensions),
        (rtcrtpreceiver, "time", steady),
        (rtcrtpsender, "time", steady),
        (rtcsctptransport, "time", steady),
    ]
    before = [getattr(module, name) for module, name, _ in wanted]
    for module, name, value in wanted:
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name, _), value in zip(wanted, before, strict=True):
            setattr(module, name, value)


def _admitted(ice: Any, data: bytes, addr: tuple[Any, ...]) -> bool:
    """Whether a datagram is looked at; those of the peer itself are counted."""
    if any(pair.remote_addr == addr[:2] for pair in ice._nominated.values()):
        ice.heard = getattr(ice, "heard", 0) + 1
    if data and ice._queue.qsize() < limits.DATAGRAMS:
        return True
    ice.refused = getattr(ice, "refused", 0) + 1
    return False


def prefer_codec(
    transceiver: RTCRtpTransceiver, first: Codec = "H264", *, only: bool = False
) -> None:
    """Choose the codec of a video transceiver. Call before the remote offer is set.

    Args:
        transceiver: of video.
        first: what is answered if the offer has it. Of H264 that is constrained baseline
            (42e01f), which every browser decodes in hardware.
        only: refuse the other one, e.g. where an encoder under the GPL is not wanted.
    """

    def rank(codec: Any) -> tuple[bool, bool]:
        other_profile = codec.parameters.get("profile-level-id", "42e01f") != "42e01f"
        return codec.name not in (first, "rtx"), other_profile

    codecs = RTCRtpSender.getCapabilities("video").codecs
    wanted = [it for it in codecs if not only or it.name in (first, "rtx")]
    transceiver.setCodecPreferences(sorted(wanted, key=rank))


def negotiated(transceiver: RTCRtpTransceiver) -> Codec | None:
    """What a video transceiver sends; None before the answer."""
    if transceiver.currentDirection is None or not transceiver._codecs:
        return None
    name = transceiver._codecs[0].name
    return cast(Codec, name) if name in ("H264", "VP8") else None


async def add_candidate(connection: RTCPeerConnection, line: str, mid: str | None) -> bool:
    """Take a candidate that came after the offer; False if it is of no use.

    Of no use are those over TCP, which aioice does not speak, and those that hide behind a
    name: nothing is looked up, the page's own checks reach us without.
    """
    try:
        text = line.strip().removeprefix("a=").removeprefix("candidate:")
        candidate = candidate_from_sdp(text)
        ipaddress.ip_address(candidate.ip)
    except Exception:  # the parser raises any of several types
        return False
    if candidate.protocol.lower() != "udp":
        return False
    candidate.sdpMid, candidate.sdpMLineIndex = mid, 0 if mid is None else None
    await connection.addIceCandidate(candidate)
    return True


class Feedback:
    """What the far end tells a sender: its estimate of the line, what it lost, what it lacks."""

    def __init__(self, sender: RTCRtpSender) -> None:
        parts: Any = sender
        self._sender = parts
        self._handle, self._resend = parts._handle_rtcp_packet, parts._retransmit
        parts._handle_rtcp_packet, parts._retransmit = self._heard, self._retransmitted
        self.estimate: int | None = None
        self.lost = 0
        self.fraction_lost = 0.0
        self.retransmitted = 0
        self.promptness = Promptness()

    @classmethod
    def of(cls, sender: RTCRtpSender) -> Feedback:
        """The one of a sender; listens from the first call on."""
        parts: Any = sender
        if "feedback" not in vars(parts):
            parts.feedback = cls(sender)
        return cast(Feedback, parts.feedback)

    @property
    def sent(self) -> int:
        """Packets, without those sent again."""
        return int(self._sender._RTCRtpSender__packet_count)

    @property
    def round_trip(self) -> float | None:
        """Seconds there and back; None before the second report."""
        return cast("float | None", self._sender._RTCRtpSender__rtt)

    async def _heard(self, packet: Any) -> None:
        if isinstance(packet, rtp.RtcpPsfbPacket) and packet.fmt == rtp.RTCP_PSFB_APP:
            with suppress(ValueError):  # not an estimate, but something else of an application
                rate, sources = rtp.unpack_remb_fci(packet.fci)
                if self._sender._ssrc in sources:
                    self.estimate = min(max(rate, ESTIMATES[0]), ESTIMATES[1])
        elif isinstance(packet, rtp.RtcpRrPacket | rtp.RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self._sender._ssrc:
                    self.lost = report.packets_lost
                    self.fraction_lost = report.fraction_lost / 256
                    self.promptness.heard(report.jitter / VIDEO_RATE, self.fraction_lost)
        await self._handle(packet)

    async def _retransmitted(self, number: int) -> None:
        self.retransmitted += 1
        await self._resend(number)


class _Prompt(rtp.HeaderExtensionsMap):
    """Header extensions of a sender's packets, among them how promptly to show pictures."""

    def __init__(self, promptness: Promptness) -> None:
        super().__init__()
        self._promptness = promptness
        self._id: int | None = None

    def configure(self, parameters: Any) -> None:
        super().configure(parameters)
        ids = (it.id for it in parameters.headerExtensions if it.uri == PLAYOUT_DELAY.uri)
        self._id = next(ids, None)

    def set(self, values: Any) -> tuple[int, bytes]:
        profile, packed = super().set(values)
        if self._id is None:
            return profile, packed
        given = rtp.unpack_header_extensions(profile, packed)
        return rtp.pack_header_extensions([*given, (self._id, self._promptness.playout_delay)])


def show_promptly(sender: RTCRtpSender) -> None:
    """Let the far end show pictures as they come while its reports say that the line is calm.

    Call before the local description is set. Only browsers built on WebRTC's own code know it.
    """
    parts: Any = sender
    parts._RTCRtpSender__rtp_header_extensions_map = _Prompt(Feedback.of(sender).promptness)


def on_keyframe_request(sender: RTCRtpSender, callback: Callable[[], object]) -> None:
    """Call back when the far end asks for a whole picture (PLI, FIR); as often as it asks.

    Call before the connection is made: a sender's feedback is listened to from here on.
    """
    Feedback.of(sender)
    parts: Any = sender
    parts._send_keyframe = lambda: asyncio.get_running_loop().call_soon(callback)


def estimate(sender: RTCRtpSender) -> int | None:
    """Bits a second that the far end believes the line to carry; None before its first word."""
    return Feedback.of(sender).estimate


def round_trip(sender: RTCRtpSender) -> float | None:
    """Seconds to the far end and back; None before its second report."""
    return Feedback.of(sender).round_trip


@dataclass(frozen=True, slots=True)
class Outbound:
    """What a connection sent, and what the far end says about it; packets."""

    sent: int
    retransmitted: int
    lost: int
    """After repair; the far end's count."""
    fraction_lost: float
    """Of the last second or so, the worst of its streams."""
    round_trip: float | None
    """Seconds, the longest of its streams."""


def outbound(connection: RTCPeerConnection) -> Outbound:
    """What a connection sent so far."""
    all_of = [Feedback.of(sender) for sender in connection.getSenders()]
    trips = [it.round_trip for it in all_of if it.round_trip is not None]
    return Outbound(
        sent=sum(it.sent for it in all_of),
        retransmitted=sum(it.retransmitted for it in all_of),
        lost=sum(it.lost for it in all_of),
        fraction_lost=max((it.fraction_lost for it in all_of), default=0.0),
        round_trip=max(trips, default=None),
    )


def received_packets(connection: RTCPeerConnection) -> int:
    """Datagrams from the peer so far, its consent checks and answers included.

    A live one sends at least one every 2 to 3 s, even if it only listens. Counted within
    `adjusted`.
    """
    return sum(getattr(ice, "heard", 0) for ice in _ice(connection))


def waive_consent(connection: RTCPeerConnection) -> None:
    """Do not ask whether the other end still wants packets (RFC 7675), nor end without answers.

    For those who send all the time, whose silence says the same: FFmpeg's WHIP muxer does
    not answer once it sends. Call between the remote and the local description.
    """
    for ice in _ice(connection):
        ice.query_consent = _nothing


def refused_packets(connection: RTCPeerConnection) -> int:
    """Datagrams that were dropped: empty ones, and those nobody had time to read."""
    return sum(getattr(ice, "refused", 0) for ice in _ice(connection))


def _ice(connection: RTCPeerConnection) -> list[Any]:
    parts: Any = connection
    return [it._connection for it in parts._RTCPeerConnection__iceTransports]


class _Buffer:
    """Takes the place of a receiver's jitter buffer, and feeds its decoder by itself.

    aiortc's own takes one frame for a packet, and its queues have no end. It delays sound
    by 80 ms always and by 280 ms for good after the first lost packet, pictures until the
    next one begins, and after a lost packet until 512 others have come.
    """

    def __init__(self, receiver: Any, inbound: Inbound, clock: Clock) -> None:
        self._codecs: dict[int, Any] = receiver._RTCRtpReceiver__codecs
        self._inbound, self._clock = inbound, clock

    def add(self, packet: Any) -> tuple[bool, None]:
        """Take a packet (aiortc's signature: whether to send a PLI, and a frame)."""
        number, now = packet.sequence_number, self._clock.now()
        taken = Packet(number, packet.timestamp, packet._data, now, bool(packet.marker))
        return self._inbound.take(taken, self._codecs[packet.payload_type]), None


def _forget(receiver: Any) -> None:
    """Decode nothing of what waits: the loop waits for the decoder to end."""
    with suppress(queue.Empty):
        while True:
            receiver._RTCRtpReceiver__decoder_queue.get_nowait()


def bound_audio(receiver: RTCRtpReceiver, clock: Clock | None = None) -> InboundSound:
    """Give a sound receiver bounds and order; as soon as it has a track, before packets come."""
    return _bound(receiver, InboundSound, clock)


def bound_video(receiver: RTCRtpReceiver, clock: Clock | None = None) -> InboundPictures:
    """Give a video receiver bounds and order; as soon as it has a track, before packets come."""
    return _bound(receiver, InboundPictures, clock)


def _bound(parts: Any, kind: type[Bound], clock: Clock | None) -> Bound:
    inbound = kind(parts._RTCRtpReceiver__decoder_queue)
    parts._RTCRtpReceiver__jitter_buffer = _Buffer(parts, inbound, clock or MonotonicClock())
    parts._track._queue = inbound.frames
    hear, leave = parts._handle_rtcp_packet, parts._handle_disconnect

    async def heard(packet: Any) -> None:
        # Who says BYE may have another source of that medium: aiortc would be deaf to it.
        if not isinstance(packet, RtcpByePacket):
            await hear(packet)

    def left() -> None:
        _forget(parts)
        leave()

    parts._handle_rtcp_packet, parts._handle_disconnect = heard, left
    return inbound


def ignore(receiver: RTCRtpReceiver) -> None:
    """Decode nothing of what a receiver gets; its track gives no frame, and ends."""
    parts: Any = receiver
    parts._RTCRtpReceiver__jitter_buffer = SimpleNamespace(add=lambda packet: (False, None))


async def close(connection: RTCPeerConnection, seconds: float) -> None:
    """Close a connection in any state, as often as wanted; takes at most twice `seconds`.

    `RTCPeerConnection.close()` can raise half-way after a broken negotiation, leaves
    its sockets and threads then, and hangs when called again: what it left is stopped
    here, part by part. A caller that is cancelled leaves the closing to go on.
    """
    parts: Any = connection
    if "ending" not in vars(parts):
        parts.ending = asyncio.create_task(_end(parts, seconds))
    await asyncio.wait([parts.ending])


async def _end(parts: Any, seconds: float) -> None:
    _prevent(parts)
    await _hush(parts.sctp)
    await _settled(parts.close(), seconds)
    await _settled(_stop(parts), seconds)
    for transport in list(parts._RTCPeerConnection__iceTransports):
        _abandon(transport)
    parts.remove_all_listeners()


def _prevent(parts: Any) -> None:
    """Let nothing start any more, and nothing wait: negotiations go on after the end."""
    for transceiver in parts.getTransceivers():
        transceiver.sender.send = transceiver.receiver.receive = _nothing
        _forget(transceiver.receiver)
    for ice in _ice(parts):
        ice.query_consent = _nothing  # else it asks nobody, for ever
        for protocol in ice._protocols:
            for question in protocol.transactions.values():
                if not question._Transaction__future.done():
                    question._Transaction__future.set_exception(TransactionTimeout())


async def _hush(sctp: Any) -> None:
    """End the data channels while there is encryption: their timers would send without."""
    if sctp is not None:
        with suppress(Exception):
            await sctp.stop()
        await asyncio.sleep(0)  # what a timer has begun still goes out


async def _nothing(*of: Any) -> None:
    """In place of what must not start."""


async def _stop(parts: Any) -> None:
    """Stop every part; those that have stopped already do nothing."""
    transports = parts._RTCPeerConnection__dtlsTransports | parts._RTCPeerConnection__iceTransports
    for part in (*parts.getTransceivers(), *transports):
        with suppress(Exception):
            await part.stop()


def _abandon(transport: Any) -> None:
    """Close what sockets an ICE transport still has, and those it is still gathering."""
    ice = transport._connection

    def drop() -> None:
        for protocol in ice._protocols:
            protocol.transport.close()

    drop()
    transport.iceGatherer.on("statechange", drop)
    for task in (ice._query_consent_task, transport._RTCIceTransport__monitor_task):
        if task is not None:
            task.cancel()


async def _settled(work: Awaitable[None], seconds: float) -> None:
    """Let it come to its end in time; it may fail."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task], timeout=seconds)
    if task.done():
        task.cancelled() or task.exception()  # it has been seen
    else:
        task.cancel()
