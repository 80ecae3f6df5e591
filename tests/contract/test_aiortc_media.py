"""Sound and pictures between two real connections, over what server/aiortc_compat.py adds."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from functools import partial
from statistics import median
from struct import unpack_from
from typing import Any

import aiortc.clock
import numpy as np
import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RtcpByePacket,
    RtcpPsfbPacket,
    pack_remb_fci,
    unpack_header_extensions,
)

from server import aiortc_compat as compat
from server import limits
from server.media.promptness import AS_NEEDED, AT_ONCE
from tests.support.calls import Call, Packets, Reader, Silent, call, film, hum, lossy
from tests.support.leaks import nothing_left, until

SENT_SECONDS = 0.01
"""Between packets of a test: faster than life, so that it is over sooner."""


@pytest.fixture(autouse=True)
async def clean() -> AsyncIterator[None]:
    async with nothing_left():
        yield


def receiver(it: Call, kind: str) -> Any:
    return next(one for one in it.callee.getReceivers() if one.track.kind == kind)


def sender(it: Call, kind: str) -> Any:
    return next(one for one in it.caller.getSenders() if one.kind == kind)


async def flowing(it: Call, kind: str) -> int:
    """The source number of what arrives, once it does."""
    streams = receiver(it, kind)._RTCRtpReceiver__remote_streams
    await until(lambda: bool(streams))
    return int(next(iter(streams)))


@pytest.mark.parametrize(("name", "codec"), [("libx264", "H264"), ("libvpx", "VP8")])
async def test_encoded_packets_arrive_as_pictures_and_sound(name: str, codec: Any) -> None:
    picture, sound = Packets("video", film(name), SENT_SECONDS), Packets("audio", hum(), 0.005)
    async with call([sound, picture], codec) as it:
        assert compat.negotiated(it.caller.getTransceivers()[1]) == codec
        assert compat.negotiated(it.callee.getTransceivers()[1]) == codec
        seen, heard = Reader(it.tracks["video"]), Reader(it.tracks["audio"])
        await until(lambda: len(seen.frames) > 60 and len(heard.frames) > 60, 10)
    # A busy machine may miss some: those that came are what their time says.
    first = seen.frames[0]
    for frame in seen.frames[:50]:
        level = frame.to_ndarray(format="rgb24").mean() - first.to_ndarray(format="rgb24").mean()
        assert abs(level - (frame.pts - first.pts) / 3_600) < 4
    assert all(frame.pts % 960 == 0 for frame in heard.frames[:50])
    loudness = [np.std(frame.to_ndarray()) for frame in heard.frames[10:50]]
    assert min(loudness) > 4_000


async def test_a_picture_is_decoded_when_its_last_packet_is_there() -> None:
    track = Packets("video", film(), 0.04)
    async with call([track]) as it:
        seen = Reader(it.tracks["video"])
        await until(lambda: len(seen.frames) > 30)
        sent = sorted(track.sent.items())
        start = sent[0][0] if len(sent) else 0
        waits = [
            when - track.sent[start + frame.pts]
            for frame, when in zip(seen.frames, seen.times, strict=False)
        ]
        assert median(waits[5:]) < 0.02
        arrival = it.inbound["video"].arrival(seen.frames[-1].pts)
        assert track.sent[start + seen.frames[-1].pts] <= arrival <= seen.times[-1]


async def test_without_it_a_picture_waits_for_the_next() -> None:
    """Shows that the test above measures what it says."""
    track = Packets("video", film(), 0.04)
    async with call([track], bound=False) as it:
        seen = Reader(it.tracks["video"])
        await until(lambda: len(seen.frames) > 20)
        pairs = zip(seen.frames, seen.times, strict=False)
        assert median(when - track.sent[frame.pts] for frame, when in pairs) > 0.03


async def test_the_arrival_of_sound_is_known() -> None:
    track = Packets("audio", hum(), 0.02)
    async with call([track]) as it:
        heard = Reader(it.tracks["audio"])
        await until(lambda: len(heard.frames) > 10)
        for frame, when in list(zip(heard.frames, heard.times, strict=False))[:10]:
            arrival = it.inbound["audio"].arrival(frame.pts)
            assert arrival is not None and track.sent[frame.pts] <= arrival <= when


async def test_lost_sound_leaves_no_hole() -> None:
    track = Packets("audio", hum(), 0.005)
    async with call([track]) as it:
        lost = lossy(it.caller, 0.05)
        heard = Reader(it.tracks["audio"])
        await until(lambda: len(heard.frames) > 300)
        bound = it.inbound["audio"]
        assert len(lost) > 5
        steps = {b.pts - a.pts for a, b in zip(heard.frames, heard.frames[1:], strict=False)}
        assert steps == {960}
        assert bound.concealed >= len(lost) - 2 and bound.late == 0
        loudness = [np.std(frame.to_ndarray()) for frame in heard.frames[10:]]
        assert sorted(loudness)[len(loudness) // 50] > 2_000


async def test_lost_pictures_are_sent_again() -> None:
    track = Packets("video", film(), SENT_SECONDS)
    async with call([track]) as it:
        compat.estimate(sender(it, "video"))
        lost = lossy(it.caller, 0.05)
        seen = Reader(it.tracks["video"])
        await until(lambda: len(seen.frames) > 200)
        assert len(lost) > 5
        assert compat.outbound(it.caller).retransmitted >= len(lost) // 2
        expected = seen.frames[-1].pts // 3_600 + 1
        assert len(seen.frames) + it.inbound["video"].dropped >= 0.95 * expected


async def test_a_whole_picture_is_asked_for_after_a_loss_that_is_not_repaired() -> None:
    asked: list[float] = []
    track = Packets("video", film(), SENT_SECONDS)
    async with call([track]) as it:
        one = sender(it, "video")
        compat.on_keyframe_request(one, lambda: asked.append(time.monotonic()))

        async def nothing(number: int) -> None:
            return

        one._retransmit = nothing
        seen = Reader(it.tracks["video"])
        await until(lambda: len(seen.frames) > 20)
        assert not asked
        lossy(it.caller, 0.05)
        await until(lambda: len(asked) > 0, 5)
        before = len(seen.frames)
        await until(lambda: len(seen.frames) > before + 10, 5)
        assert it.inbound["video"].lost > 0


async def test_a_request_for_a_keyframe_is_heard_and_may_fail() -> None:
    asked: list[float] = []
    keys: list[bool] = []
    raised: list[Any] = []

    def fails() -> None:
        raise ValueError("a caller's own fault")

    def wanted() -> bool:
        keys.append(bool(asked))
        return keys[-1] and keys.count(True) <= 5

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: raised.append(context))
    async with call([Packets("video", film(wanted=wanted), SENT_SECONDS)]) as it:
        seen = Reader(it.tracks["video"])
        source = await flowing(it, "video")
        compat.on_keyframe_request(sender(it, "video"), fails)
        await receiver(it, "video")._send_rtcp_pli(source)
        await until(lambda: bool(raised))
        compat.on_keyframe_request(sender(it, "video"), lambda: asked.append(0.0))
        before = len(seen.frames)
        await receiver(it, "video")._send_rtcp_pli(source)
        await until(lambda: bool(asked))
        await until(lambda: any(frame.key_frame for frame in seen.frames[before:]))
        assert it.caller.connectionState == "connected"


@pytest.mark.parametrize("silent", [False, True])
async def test_the_far_ends_estimate_is_known(silent: bool) -> None:
    track = (Silent if silent else Packets)("video", film(), SENT_SECONDS)
    async with call([track]) as it:
        one, far = sender(it, "video"), receiver(it, "video")
        far._RTCRtpReceiver__remote_bitrate_estimator = None  # only what is said below
        assert compat.estimate(one) is None
        for said, known in ((2_000_000, 2_000_000), (50_000, 100_000), (90_000_000, 10_000_000)):
            await far._send_rtcp(
                RtcpPsfbPacket(
                    fmt=RTCP_PSFB_APP,
                    ssrc=far._RTCRtpReceiver__rtcp_ssrc,
                    media_ssrc=0,
                    fci=pack_remb_fci(said, [one._ssrc]),
                )
            )
            await until(partial(_near, one, known))


def _near(one: Any, bit_rate: int) -> bool:
    known = compat.estimate(one)
    return known is not None and abs(known - bit_rate) <= bit_rate // 100


async def test_reports_of_the_far_end_are_known() -> None:
    async with call([Packets("audio", hum(), SENT_SECONDS)]) as it:
        assert compat.outbound(it.caller).round_trip is None
        lossy(it.caller, 0.2)
        await until(lambda: compat.outbound(it.caller).lost > 0, 5)
        await until(lambda: compat.round_trip(sender(it, "audio")) is not None, 5)
        sent = compat.outbound(it.caller)
        assert sent.sent > 50 and 0 <= sent.fraction_lost < 0.6
        assert sent.round_trip is not None and 0 <= sent.round_trip < 0.5


def extensions(datagram: bytes) -> list[tuple[int, bytes]]:
    """Numbers and values of an RTP packet's header extensions; they are not encrypted."""
    profile, words = unpack_from("!HH", datagram, 12)
    return unpack_header_extensions(profile, datagram[16 : 16 + 4 * words])


async def test_pictures_are_to_be_shown_at_once_until_the_line_is_restless() -> None:
    asked: list[bytes] = []
    async with call([Packets("video", film(), SENT_SECONDS)]) as it:
        [agreed] = [
            one.id
            for one in it.callee.getTransceivers()[0]._headerExtensions
            if one.uri == compat.PLAYOUT_DELAY.uri
        ]
        seen, ice = Reader(it.tracks["video"]), sender(it, "video").transport.transport
        send = ice._send

        async def noted(data: bytes) -> None:
            if 127 < data[0] < 192 and not 192 <= data[1] <= 223:
                asked.append(dict(extensions(data))[agreed])
            await send(data)

        ice._send = noted
        await until(lambda: len(asked) > 20 and len(seen.frames) > 20)
        assert set(asked) == {AT_ONCE}
        lossy(it.caller, 0.2)
        await until(lambda: asked[-1] == AS_NEEDED, 5)


async def test_a_peer_that_only_listens_is_heard() -> None:
    async with call([Packets("audio", hum(), SENT_SECONDS)]) as it:
        last = compat.received_packets(it.caller)
        assert last > 0
        before = time.monotonic()
        await until(lambda: compat.received_packets(it.caller) > last, 4)
        assert time.monotonic() - before < 3


async def test_a_silent_peer_is_heard_by_its_consent() -> None:
    async with call([Silent("audio", hum(), SENT_SECONDS)]) as it:
        last = compat.received_packets(it.caller)
        await until(lambda: compat.received_packets(it.caller) > last, 4)


@pytest.mark.parametrize("waived", [False, True])
async def test_a_peer_that_does_not_answer_is_kept_only_if_that_is_wanted(
    waived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compat, "CONSENT_INTERVAL", 0.2)
    with compat.adjusted("127.0.0.1"):
        it = Call()
        it.caller.addTrack(Silent("audio", hum(), SENT_SECONDS))
        if waived:
            compat.waive_consent(it.caller)
        await it.connect()
        for ice in compat._ice(it.callee):
            ice.request_received = lambda *of: None
        if waived:
            with pytest.raises(TimeoutError):
                await until(lambda: it.caller.connectionState != "connected", 3)
        else:
            await until(lambda: it.caller.connectionState == "closed", 5)
        await it.close()


async def test_a_stranger_does_not_end_a_call_nor_count_as_its_peer() -> None:
    """Aiortc ends a connection at an empty datagram, whoever sent it."""
    async with call([Packets("audio", hum(), SENT_SECONDS)]) as it:
        heard = Reader(it.tracks["audio"])
        addresses = [
            pair.local_addr
            for side in (it.caller, it.callee)
            for ice in compat._ice(side)
            for pair in ice._nominated.values()
        ]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for address in addresses:
                for data in (b"", b"\x80", b"\x16\xfe\xff", b"x" * 100, b"\x80\xc8" * 10):
                    stranger.sendto(data, address)
        before = len(heard.frames)
        await until(lambda: len(heard.frames) > before + 20)
        assert it.caller.connectionState == it.callee.connectionState == "connected"
        assert compat.refused_packets(it.caller) == compat.refused_packets(it.callee) == 1


async def test_datagrams_that_nobody_reads_have_a_bound() -> None:
    async with call([Silent("audio", hum(), SENT_SECONDS)]) as it:
        ice = compat._ice(it.callee)[0]
        for _ in range(2 * limits.DATAGRAMS):
            ice._protocols[0].datagram_received(b"\x80" * 50, ("127.0.0.2", 1))
        assert ice._queue.qsize() <= limits.DATAGRAMS
        assert compat.refused_packets(it.callee) >= limits.DATAGRAMS
        await until(lambda: ice._queue.qsize() == 0)


async def test_unread_tracks_do_not_grow() -> None:
    tracks = [Packets("audio", hum(), 0.002), Packets("video", film(), 0.002)]
    async with call(tracks) as it:
        await until(lambda: it.inbound["audio"].dropped > 50 and it.inbound["video"].dropped > 50)
        assert it.inbound["audio"].frames.qsize() <= limits.SOUND_DECODED
        assert it.inbound["video"].frames.qsize() <= limits.PICTURES_DECODED
        newest = await it.tracks["video"].recv()
        assert newest.pts >= 3_600 * 40  # type: ignore[operator]


async def test_who_says_bye_and_goes_on_is_heard() -> None:
    async with call([Packets("audio", hum(), SENT_SECONDS)]) as it:
        heard = Reader(it.tracks["audio"])
        await until(lambda: len(heard.frames) > 5)
        transport = sender(it, "audio").transport
        await transport._send_rtp(bytes(RtcpByePacket(sources=[sender(it, "audio")._ssrc])))
        await until(lambda: len(heard.frames) > 60)


async def test_what_is_ignored_is_not_decoded() -> None:
    async with call([Packets("video", film(), SENT_SECONDS)], bound=False) as it:
        compat.ignore(receiver(it, "video"))
        await flowing(it, "video")
        seen = Reader(it.tracks["video"])
        sent = compat.outbound(it.caller).sent
        await until(lambda: compat.outbound(it.caller).sent > sent + 100)
        assert len(seen.frames) < 10  # those that were under way
    await until(seen.task.done)


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_set_changes_nothing(
    hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = time.time
    async with call([Packets("audio", hum(), SENT_SECONDS)]) as it:
        heard = Reader(it.tracks["audio"])
        one = sender(it, "audio")
        await until(lambda: compat.round_trip(one) is not None, 5)
        before = aiortc.clock.current_ntp_time() >> 32
        monkeypatch.setattr(time, "time", lambda: wall() + 3_600 * hours)
        one._RTCRtpSender__rtt = None
        await until(lambda: compat.round_trip(one) is not None, 5)
        assert 0 <= (compat.round_trip(one) or 0) < 1
        assert 0 <= (aiortc.clock.current_ntp_time() >> 32) - before < 10
        frames = len(heard.frames)
        await until(lambda: len(heard.frames) > frames + 20)


async def test_calls_over_ipv6_work() -> None:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with call([Packets("audio", hum(), SENT_SECONDS)], host="::1") as it:
        heard = Reader(it.tracks["audio"])
        await until(lambda: len(heard.frames) > 5)
        before = compat.received_packets(it.caller)
        await until(lambda: compat.received_packets(it.caller) > before, 4)
