"""What server/aiortc_compat.py takes for granted about aiortc and aioice, and how calls end."""

from __future__ import annotations

import asyncio
import inspect
import queue
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aioice.ice
import aioice.stun
import aiortc
import aiortc.clock
import pytest
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSessionDescription,
    rtcpeerconnection,
    rtcrtpreceiver,
    rtcrtpsender,
    rtcsctptransport,
    rtp,
)
from aiortc.codecs import vpx
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceGatherer, RTCIceTransport
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from aiortc.rtcsctptransport import RTCSctpTransport
from aiortc.sdp import candidate_from_sdp

from server import aiortc_compat as compat
from tests.support.calls import Call, Packets, Silent, call, connection, film, hum
from tests.support.leaks import nothing_left, until


@pytest.fixture(autouse=True)
async def clean() -> AsyncIterator[None]:
    async with nothing_left():
        yield


def test_the_version_is_the_one_that_was_read() -> None:
    assert aiortc.__version__.startswith("1.16."), "read aiortc's sources again, then this file"


CALLED = {
    RTCRtpReceiver._handle_rtp_packet: ["self", "packet", "arrival_time_ms"],
    RTCRtpReceiver._handle_disconnect: ["self"],
    RTCRtpReceiver._handle_rtcp_packet: ["self", "packet"],
    RTCRtpReceiver.receive: ["self", "parameters"],
    RTCRtpReceiver.stop: ["self"],
    RTCRtpSender._handle_rtcp_packet: ["self", "packet"],
    RTCRtpSender._retransmit: ["self", "sequence_number"],
    RTCRtpSender._send_keyframe: ["self"],
    RTCRtpSender.send: ["self", "parameters"],
    RTCRtpSender.stop: ["self"],
    RTCSctpTransport.stop: ["self"],
    RTCIceTransport.stop: ["self"],
    RTCDtlsTransport.stop: ["self"],
    RTCPeerConnection.close: ["self"],
    RTCPeerConnection.addIceCandidate: ["self", "candidate"],
    candidate_from_sdp: ["sdp"],
    aiortc.clock.current_datetime: [],
    rtp.HeaderExtensionsMap.configure: ["self", "parameters"],
    rtp.HeaderExtensionsMap.set: ["self", "values"],
    rtp.pack_header_extensions: ["extensions"],
    rtp.unpack_header_extensions: ["extension_profile", "extension_value"],
    aioice.ice.Connection.get_component_candidates: ["self", "component", "addresses", "timeout"],
    aioice.ice.get_host_addresses: ["use_ipv4", "use_ipv6"],
    aioice.ice.StunProtocol.datagram_received: ["self", "data", "addr"],
}
"""What is replaced or called, and what it takes."""

HELD = {
    RTCRtpReceiver: [
        "_RTCRtpReceiver__jitter_buffer",
        "_RTCRtpReceiver__decoder_queue",
        "_RTCRtpReceiver__codecs",
        "_track",
    ],
    RTCRtpSender: [
        "_RTCRtpSender__packet_count",
        "_RTCRtpSender__rtp_header_extensions_map",
        "_RTCRtpSender__rtt",
        "_ssrc",
    ],
    RTCPeerConnection: [
        "_RTCPeerConnection__dtlsTransports",
        "_RTCPeerConnection__iceTransports",
    ],
    RTCIceTransport: ["_connection", "_RTCIceTransport__monitor_task"],
    aioice.ice.Connection: ["_nominated", "_queue", "_protocols", "_query_consent_task"],
}
"""Attributes that are read or replaced."""

READS: list[tuple[Callable[..., object], str]] = [
    (RTCRtpReceiver._handle_rtp_packet, "pli_flag, encoded_frame = self.__jitter_buffer.add("),
    (RTCRtpReceiver._handle_rtp_packet, "packet._data = "),
    (RTCRtpReceiver.receive, "self.__decoder_queue,"),
    (RTCRtpReceiver.receive, "self._track._queue,"),
    (RTCRtpReceiver._handle_rtcp_packet, "self.__stop_decoder()"),
    (RTCDtlsTransport._RTCDtlsTransport__run, "receiver._handle_disconnect()"),  # type: ignore[attr-defined]
    (rtcrtpreceiver.decoder_worker, "codec, encoded_frame = task"),
    (rtcrtpreceiver.decoder_worker, "output_q.put(frame)"),
    (RemoteStreamTrack.recv, "await self._queue.get()"),
    (RTCRtpSender._handle_rtcp_packet, "self._send_keyframe()"),
    (RTCRtpSender._handle_rtcp_packet, "await self._retransmit(seq)"),
    (RTCRtpSender.send, "self.__rtp_header_extensions_map.configure(parameters)"),
    (RTCRtpSender._run_rtp, "packet.serialize(self.__rtp_header_extensions_map)"),
    (RTCRtpSender._retransmit, "packet.serialize(self.__rtp_header_extensions_map)"),
    (RTCPeerConnection.setRemoteDescription, "HEADER_EXTENSIONS[media.kind]"),
    (RTCDtlsTransport._handle_rtcp_data, "recipient._handle_rtcp_packet(packet)"),
    (RTCPeerConnection._RTCPeerConnection__connect, "transceiver.sender.send("),  # type: ignore[attr-defined]
    (RTCPeerConnection._RTCPeerConnection__connect, "transceiver.receiver.receive("),  # type: ignore[attr-defined]
    (RTCIceGatherer.gather, 'self.__setState("completed")'),
    (aiortc.clock.current_ntp_time, "current_datetime()"),
    (aioice.ice.Connection.connect, "create_task(self.query_consent())"),
    (aioice.ice.Connection.get_component_candidates, "asyncio.wait(tasks, timeout=timeout)"),
    (aioice.ice.StunProtocol.request, "self.transactions[request.transaction_id] = transaction"),
    (aioice.stun.Transaction.run, "return await self.__future"),
    (aioice.ice.Connection.query_consent, "CONSENT_INTERVAL"),
    (aioice.ice.Connection.query_consent, "CONSENT_FAILURES"),
    (aioice.ice.Connection.gather_candidates, "get_host_addresses("),
    (vpx.Vp8Encoder.__init__, "DEFAULT_BITRATE"),
]
"""Where the libraries look up what is replaced: at the time of use, on the object."""


@pytest.mark.parametrize("function", CALLED, ids=lambda it: it.__qualname__)
def test_what_is_replaced_or_called_takes_what_it_took(function: Callable[..., object]) -> None:
    found = list(inspect.signature(function).parameters)
    assert found == CALLED[function], f"{function.__qualname__} takes something else now"


async def test_every_private_attribute_is_where_it_was() -> None:
    peer: Any = connection()
    transceiver = peer.addTransceiver("audio")
    ice = transceiver.receiver.transport.transport
    parts = (peer, transceiver.receiver, transceiver.sender, ice, ice._connection)
    for part in parts:
        for name in HELD[type(part)]:
            assert name in vars(part), f"{type(part).__name__} has no {name} any more"
    assert isinstance(transceiver.receiver._RTCRtpReceiver__decoder_queue, queue.Queue)
    assert {ice} == peer._RTCPeerConnection__iceTransports
    assert isinstance(RemoteStreamTrack("audio")._queue, asyncio.Queue)
    await compat.close(peer, 2)


@pytest.mark.parametrize(("function", "line"), READS, ids=lambda it: getattr(it, "__name__", ""))
def test_what_is_replaced_is_looked_up(function: Callable[..., object], line: str) -> None:
    found = " ".join(inspect.getsource(function).split())
    assert line in found, f"{function.__qualname__} does not say {line!r} any more"


@pytest.mark.parametrize("module", [rtcrtpreceiver, rtcrtpsender, rtcsctptransport])
def test_of_time_only_the_time_is_taken(module: Any) -> None:
    """The modules get a clock of their own, which has nothing but time()."""
    assert module.time is time
    source = inspect.getsource(module)
    assert source.count("time.time()") >= 2
    assert "time.monotonic" not in source and "time.sleep" not in source


def _constants() -> list[object]:
    return [
        vpx.DEFAULT_BITRATE,
        aioice.ice.CONSENT_INTERVAL,
        aioice.ice.CONSENT_FAILURES,
        aioice.ice.get_host_addresses,
        aioice.ice.StunProtocol.datagram_received,
        aioice.ice.Connection.get_component_candidates.__defaults__,
        aiortc.clock.current_datetime,
        vars(rtcpeerconnection)["HEADER_EXTENSIONS"],
        *(module.time for module in (rtcrtpreceiver, rtcrtpsender, rtcsctptransport)),
    ]


def test_constants_are_set_and_set_back() -> None:
    before = _constants()
    with pytest.raises(ValueError, match="in between"), compat.adjusted("127.0.0.1"):
        assert vpx.DEFAULT_BITRATE == compat.VP8_START_BITRATE
        assert vpx.MIN_BITRATE < compat.VP8_START_BITRATE < vpx.MAX_BITRATE
        assert aioice.ice.CONSENT_INTERVAL * aioice.ice.CONSENT_FAILURES == 10
        assert aioice.ice.get_host_addresses(True, True) == ["127.0.0.1"]
        assert not any(now is then for now, then in zip(_constants(), before, strict=True))
        raise ValueError("in between")
    assert before == _constants()


def test_loopback_is_offered_where_there_is_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    with compat.adjusted():
        assert aioice.ice.get_host_addresses(True, True) == ["127.0.0.1"]


def test_addresses_of_both_kinds_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ["192.0.2.1", "2001:db8::1"]
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: both)
    with compat.adjusted():
        assert aioice.ice.get_host_addresses(True, True) == both


# Negotiation


def _order(sdp: str) -> list[str]:
    """The video codecs of a description, most wanted first."""
    lines = sdp.split("m=video")[1].splitlines()
    names = {it.split()[0].split(":")[1]: it.split()[1] for it in lines if "a=rtpmap:" in it}
    return [names[it].split("/")[0] for it in lines[0].split()[2:]]


async def _answered(offered: Any, choose: Callable[[Any], None]) -> tuple[str, str | None]:
    """The answer to an offer with these codecs in this order, and what is sent then."""
    with compat.adjusted("127.0.0.1"):
        caller, callee = connection(), connection()
        caller.addTransceiver("video").setCodecPreferences(offered)
        await caller.setLocalDescription()
        transceiver = callee.addTransceiver("video")
        choose(transceiver)
        assert compat.negotiated(transceiver) is None
        await callee.setRemoteDescription(caller.localDescription)
        await callee.setLocalDescription()
        answer, sent = callee.localDescription.sdp, compat.negotiated(transceiver)
        await compat.close(caller, 2)
        await compat.close(callee, 2)
        return answer, sent


def _codecs(*names: str) -> list[Any]:
    found = RTCRtpSender.getCapabilities("video").codecs
    return [it for name in names for it in found if it.name == name]


@pytest.mark.parametrize("offered", [("VP8", "rtx", "H264"), ("H264", "VP8", "rtx")])
async def test_h264_is_answered_first_by_default(offered: tuple[str, ...]) -> None:
    answer, sent = await _answered(_codecs(*offered), compat.prefer_codec)
    assert sent == "H264" and _order(answer)[:2] == ["H264", "rtx"] and "VP8" in _order(answer)
    first = answer.split("m=video")[1].split()[2]
    [parameters] = [it for it in answer.splitlines() if it.startswith(f"a=fmtp:{first} ")]
    assert "profile-level-id=42e01f" in parameters and "packetization-mode=1" in parameters


async def test_vp8_is_answered_first_if_wanted() -> None:
    offered = _codecs("H264", "VP8", "rtx")
    answer, sent = await _answered(offered, lambda it: compat.prefer_codec(it, "VP8"))
    assert sent == "VP8" and _order(answer)[:2] == ["VP8", "rtx"] and "H264" in _order(answer)


@pytest.mark.parametrize("only", ["VP8", "H264"])
async def test_the_other_codec_is_refused_if_wanted(only: Any) -> None:
    offered = _codecs("H264", "VP8", "rtx")
    answer, sent = await _answered(offered, lambda it: compat.prefer_codec(it, only, only=True))
    assert sent == only and set(_order(answer)) == {only, "rtx"}


async def test_what_the_offer_lacks_is_not_answered() -> None:
    answer, sent = await _answered(_codecs("VP8", "rtx"), compat.prefer_codec)
    assert sent == "VP8" and set(_order(answer)) == {"VP8", "rtx"}


async def test_a_track_that_is_sent_alone_is_negotiated_too() -> None:
    async with call([Packets("video", film("libvpx"), 0.02)], "VP8") as it:
        assert compat.negotiated(it.caller.getTransceivers()[0]) == "VP8"


# Candidates that come one by one


async def test_candidates_that_come_later_connect() -> None:
    with compat.adjusted("127.0.0.1"):
        it = Call()
        it.caller.addTrack(Silent("audio", hum(), 0.02))
        await it.caller.setLocalDescription()
        bare = [
            line
            for line in it.caller.localDescription.sdp.splitlines(keepends=True)
            if "candidate" not in line
        ]
        candidates = [
            line for line in it.caller.localDescription.sdp.splitlines() if "a=candidate:" in line
        ]
        await it.callee.setRemoteDescription(RTCSessionDescription("".join(bare), "offer"))
        await it.callee.setLocalDescription()
        for line in candidates:
            assert await compat.add_candidate(it.callee, line, "0")
        nameless = await compat.add_candidate(it.callee, candidates[0][2:], None)
        assert nameless, "it is for the first medium"
        assert len(compat._ice(it.callee)[0].remote_candidates) == len(candidates)
        await it.caller.setRemoteDescription(it.callee.localDescription)
        await until(lambda: it.callee.connectionState == "connected")
        await it.close()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "candidate:",
        "nonsense",
        "a=candidate:1 1 udp 1 6f1c0e1e-2f5a-4d52-8f0b-3a2a2c1b7a11.local 50000 typ host",
        "candidate:1 1 udp 1 example.com 50000 typ host",
        "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
        "candidate:1 1 udp x 192.0.2.1 50000 typ host",
        "candidate:1 1 udp 1 192.0.2.1 50000",
    ],
)
async def test_candidates_of_no_use_are_left_out(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[object] = []
    monkeypatch.setattr(aioice.ice, "get_or_create_mdns_protocol", looked_up.append)
    peer = connection()
    peer.addTransceiver("audio")
    assert not await compat.add_candidate(peer, line, "0")
    assert not looked_up and not compat._ice(peer)[0].remote_candidates
    await compat.close(peer, 2)


async def test_an_answer_does_not_wait_for_a_stun_server_that_is_gone() -> None:
    with compat.adjusted("127.0.0.1"):
        server = RTCIceServer("stun:127.0.0.1:9")
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[server]))
        peer.addTransceiver("audio")
        async with asyncio.timeout(compat.GATHERING_SECONDS + 1):
            await peer.setLocalDescription()
        assert "typ host" in peer.localDescription.sdp
        await compat.close(peer, 1)
