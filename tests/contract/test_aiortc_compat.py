"""What server/compat.py takes for granted about aiortc and aioice, and what it makes of it."""

from __future__ import annotations

import asyncio
import inspect
import queue
import random
from collections.abc import AsyncIterator
from typing import Any

import aioice.ice
import aiortc
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.codecs import vpx
from aiortc.rtp import RtpPacket

from server import compat
from tests.support.leaks import nothing_left


@pytest.fixture(autouse=True)
async def clean() -> AsyncIterator[None]:
    async with nothing_left():
        yield


def connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


def test_the_version_is_the_one_that_was_read() -> None:
    assert aiortc.__version__.startswith("1.16.")


async def test_every_private_name_is_where_it_was() -> None:
    peer: Any = connection()
    receiver: Any = peer.addTransceiver("audio").receiver
    assert type(receiver._RTCRtpReceiver__jitter_buffer).__name__ == "JitterBuffer"
    assert isinstance(receiver._RTCRtpReceiver__decoder_queue, queue.Queue)
    assert receiver._RTCRtpReceiver__codecs == {}
    assert callable(receiver._RTCRtpReceiver__timestamp_mapper.map)
    assert len(peer._RTCPeerConnection__dtlsTransports) == 1
    assert len(peer._RTCPeerConnection__iceTransports) == 1
    source = inspect.getsource(RTCRtpReceiver._handle_rtp_packet)
    assert "pli_flag, encoded_frame = self.__jitter_buffer.add(packet)" in source
    assert "self.__decoder_queue.put((codec, encoded_frame))" in source
    assert "packet._data = " in source
    await peer.close()


def test_constants_are_set_and_set_back() -> None:
    before = (
        vpx.DEFAULT_BITRATE,
        aioice.ice.CONSENT_INTERVAL,
        aioice.ice.CONSENT_FAILURES,
        aioice.ice.get_host_addresses,
    )
    with compat.adjusted("127.0.0.1"):
        assert vpx.DEFAULT_BITRATE == compat.VP8_START_BITRATE
        assert vpx.MIN_BITRATE < compat.VP8_START_BITRATE < vpx.MAX_BITRATE
        assert aioice.ice.CONSENT_INTERVAL * aioice.ice.CONSENT_FAILURES == 6
        assert aioice.ice.get_host_addresses(True, True) == ["127.0.0.1"]
    assert before == (
        vpx.DEFAULT_BITRATE,
        aioice.ice.CONSENT_INTERVAL,
        aioice.ice.CONSENT_FAILURES,
        aioice.ice.get_host_addresses,
    )


def test_loopback_is_offered_where_there_is_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    with compat.adjusted():
        assert aioice.ice.get_host_addresses(True, True) == ["127.0.0.1"]


def test_both_libraries_read_the_constants_when_they_use_them() -> None:
    assert "DEFAULT_BITRATE" in inspect.getsource(vpx.Vp8Encoder.__init__)
    assert "CONSENT_INTERVAL" in inspect.getsource(aioice.ice.Connection.query_consent)
    gather = inspect.getsource(aioice.ice.Connection.gather_candidates)
    assert "get_host_addresses(" in gather


async def test_vp8_is_answered_even_if_the_offer_prefers_h264() -> None:
    with compat.adjusted("127.0.0.1"):
        caller, callee = connection(), connection()
        video = caller.addTransceiver("video")
        codecs = aiortc.RTCRtpSender.getCapabilities("video").codecs
        video.setCodecPreferences(sorted(codecs, key=lambda codec: codec.name != "H264"))
        await caller.setLocalDescription()
        assert "H264" in caller.localDescription.sdp.split("a=rtpmap:")[1]
        compat.prefer_vp8(callee.addTransceiver("video"))
        await callee.setRemoteDescription(caller.localDescription)
        answer = await callee.createAnswer()
        assert "VP8" in answer.sdp.split("a=rtpmap:")[1]
        await compat.close(caller, 2)
        await compat.close(callee, 2)


class Stream:
    """A receiver with the bounded buffer, fed with numbered packets."""

    def __init__(self, first: int = 0, hold: int = 3) -> None:
        transport: Any = _NewTransport()
        self.receiver: Any = RTCRtpReceiver("audio", transport)
        codecs: dict[int, str] = getattr(self.receiver, "_RTCRtpReceiver__codecs")  # noqa: B009
        codecs[96] = "opus"
        self.buffer = compat.AudioBuffer(self.receiver, hold)
        self.first = first

    def feed(self, *numbers: int) -> list[int]:
        """What can be decoded after these packets, as numbers, in order."""
        ready: list[int] = []
        for number in numbers:
            packet: Any = RtpPacket(
                payload_type=96,
                sequence_number=(self.first + number) & 0xFFFF,
                timestamp=960 * number,
            )
            packet._data = number.to_bytes(4, "big")
            pli, frame = self.buffer.add(packet)
            assert not pli
            while not self.receiver._RTCRtpReceiver__decoder_queue.empty():
                codec, early = self.receiver._RTCRtpReceiver__decoder_queue.get()
                assert codec == "opus"
                ready.append(int.from_bytes(early.data, "big"))
            if frame is not None:
                ready.append(int.from_bytes(frame.data, "big"))
        return ready


class _NewTransport:
    state = "new"


async def test_packets_in_order_are_decoded_at_once() -> None:
    stream = Stream()
    for number in range(50):
        assert stream.feed(number) == [number]
    assert (stream.buffer.lost, stream.buffer.late) == (0, 0)


async def test_packets_are_put_in_order() -> None:
    assert Stream().feed(0, 2, 1, 3, 5, 6, 4, 7) == list(range(8))


async def test_a_lost_packet_is_waited_for_only_so_long() -> None:
    stream = Stream()
    assert stream.feed(0, 2, 3) == [0]
    assert stream.feed(4) == [2, 3, 4]
    assert stream.feed(5) == [5]
    assert stream.buffer.lost == 1


async def test_a_packet_that_is_too_late_is_dropped_and_counted() -> None:
    stream = Stream()
    assert stream.feed(0, 2, 3, 4, 1, 5) == [0, 2, 3, 4, 5]
    assert stream.buffer.late == 1


async def test_numbers_wrap() -> None:
    assert Stream(first=65_530).feed(0, 1, 3, 2, *range(4, 20)) == list(range(20))


async def test_a_sender_that_starts_anew_is_followed() -> None:
    assert Stream().feed(0, 1, 3, 5_000, 5_001) == [0, 1, 5_000, 5_001]


async def test_duplicates_are_decoded_once() -> None:
    assert Stream().feed(0, 1, 1, 3, 3, 2, 2) == [0, 1, 2, 3]


@pytest.mark.parametrize("loss", [0.01, 0.03, 0.1])
async def test_every_packet_that_comes_in_time_is_decoded_and_few_wait(loss: float) -> None:
    chance = random.Random(1)
    stream = Stream()
    sent = [number for number in range(2_000) if number == 0 or chance.random() > loss]
    decoded: list[int] = []
    for number in sent:
        decoded += stream.feed(number)
        assert number - decoded[-1] <= 5
    assert decoded == sent[: len(decoded)] and len(sent) - len(decoded) <= 3


async def test_a_connection_is_closed_in_any_state() -> None:
    with compat.adjusted("127.0.0.1"):
        fresh = connection()
        await compat.close(fresh, 2)
        await compat.close(fresh, 2)
        offering = connection()
        offering.createDataChannel("control")
        offering.addTransceiver("audio")
        await offering.setLocalDescription()
        await compat.close(offering, 2)


async def test_broken_negotiations_leave_nothing_behind() -> None:
    """`RTCPeerConnection.close()` raises after some of them, and hangs when called again."""
    with compat.adjusted("127.0.0.1"):
        caller = connection()
        caller.createDataChannel("control")
        caller.addTransceiver("audio")
        caller.addTransceiver("video")
        await caller.setLocalDescription()
        offer = caller.localDescription.sdp
        chance = random.Random(7)
        for _ in range(60):
            lines = offer.splitlines(keepends=True)
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(lines))
                lines[at : at + 1] = chance.choice([[], [lines[at]] * 2, [lines[at][:-4] + "\r\n"]])
            callee = connection()
            callee.addTransceiver("audio")
            try:
                async with asyncio.timeout(2):
                    broken = RTCSessionDescription("".join(lines), "offer")
                    await callee.setRemoteDescription(broken)
                    await callee.setLocalDescription()
            except Exception:  # noqa: S110 (what broken offers raise is not the point here)
                pass
            async with asyncio.timeout(3):
                await compat.close(callee, 0.5)
        await compat.close(caller, 2)
