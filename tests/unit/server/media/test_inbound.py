"""Everything that waits has a bound, and what goes is counted."""

from __future__ import annotations

import asyncio
import queue
from typing import Any, NamedTuple

from server import limits
from server.media import inbound
from server.media.inbound import Encoded, InboundPictures, InboundSound, Newest
from server.media.reorder import Packet


class Codec(NamedTuple):
    name: str


OPUS, VP8 = Codec("opus"), Codec("VP8")
KEY, DELTA = b"\x10key", b"\x11delta"


def sound(number: int, data: bytes = b"\x78sound") -> Packet:
    return Packet(number & 0xFFFF, 5_000 + 960 * number, data, number * 0.02)


def picture(number: int, data: bytes = DELTA) -> Packet:
    return Packet(number & 0xFFFF, 7_000 + 3_600 * number, data, number * 0.04, marker=True)


def taken(decoding: queue.Queue[tuple[Codec, Encoded]]) -> list[Encoded]:
    out = []
    while not decoding.empty():
        out.append(decoding.get_nowait()[1])
    return out


def test_lost_sound_is_made_up_on_the_same_time_line() -> None:
    decoding: queue.Queue[Any] = queue.Queue()
    hearing = InboundSound(decoding)
    for number in (0, 1, 3, 4, 5):
        assert not hearing.take(sound(number), OPUS)
    out = taken(decoding)
    assert [it.timestamp for it in out] == [960 * it for it in range(6)]
    assert [len(it.data) for it in out] == [6, 6, 1, 6, 6, 6]
    assert (hearing.lost, hearing.concealed, hearing.late, hearing.held) == (1, 1, 0, 0)


def test_other_codecs_leave_a_hole() -> None:
    decoding: queue.Queue[Any] = queue.Queue()
    hearing = InboundSound(decoding)
    for number in (0, 1, 3, 4, 5):
        hearing.take(sound(number), Codec("PCMU"))
    assert [it.timestamp // 960 for it in taken(decoding)] == [0, 1, 3, 4, 5]
    assert hearing.concealed == 0


def test_the_arrival_of_every_frame_is_known_and_old_ones_are_forgotten() -> None:
    hearing = InboundSound(queue.Queue())
    for number in range(500):
        hearing.take(sound(number), OPUS)
    assert hearing.arrival(960 * 499) == 499 * 0.02
    assert hearing.arrival(960 * (500 - inbound.ARRIVALS)) is not None
    assert hearing.arrival(960 * 10) is None and hearing.arrival(1) is None


def test_packets_without_sound_are_not_decoded() -> None:
    """The decoder would take an empty packet for the end."""
    decoding: queue.Queue[Any] = queue.Queue()
    hearing = InboundSound(decoding)
    for number in range(4):
        hearing.take(sound(number, b"" if number == 2 else b"\x78sound"), OPUS)
    assert len(taken(decoding)) == 3


def test_a_slow_decoder_loses_the_oldest_sound() -> None:
    decoding: queue.Queue[Any] = queue.Queue()
    hearing = InboundSound(decoding)
    for number in range(1_000):
        hearing.take(sound(number), OPUS)
        assert decoding.qsize() <= limits.SOUND_DECODING
    assert taken(decoding)[-1].timestamp == 960 * 999
    assert hearing.dropped == 1_000 - limits.SOUND_DECODING


def test_a_slow_decoder_of_pictures_starts_again_with_a_whole_one() -> None:
    decoding: queue.Queue[Any] = queue.Queue()
    seeing = InboundPictures(decoding)
    asked = [seeing.take(picture(it, DELTA if it else KEY), VP8) for it in range(100)]
    assert decoding.qsize() <= limits.PICTURES_DECODING
    assert asked.index(True) == limits.PICTURES_DECODING
    assert seeing.dropped == 100 - decoding.qsize()


def test_a_whole_picture_is_asked_for_until_it_comes() -> None:
    decoding: queue.Queue[Any] = queue.Queue()
    seeing = InboundPictures(decoding)
    assert not seeing.take(picture(0, KEY), VP8)
    asked = []
    for number in range(2, 60):
        if seeing.take(picture(number), VP8):
            asked.append(number)
        taken(decoding)
    assert len(asked) >= 3
    assert all((b - a) * 0.04 >= inbound.KEYFRAME_SECONDS for a, b in zip(asked, asked[1:]))  # noqa: B905
    assert not seeing.take(picture(60, KEY), VP8)
    for number in range(61, 120):
        taken(decoding)
        assert not seeing.take(picture(number), VP8)


async def test_a_reader_that_stops_finds_only_the_newest() -> None:
    frames = Newest(3)
    for number in range(10):
        await frames.put(number)
    assert [frames.get_nowait() for _ in range(3)] == [7, 8, 9]
    assert frames.dropped == 7


async def test_a_waiting_reader_gets_each_frame() -> None:
    frames = Newest(1)
    got = []

    async def read() -> None:
        while (item := await frames.get()) is not None:
            got.append(item)

    reading = asyncio.create_task(read())
    for number in (1, 2, 3, None):
        await frames.put(number)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await reading
    assert got == [1, 2, 3] and frames.dropped == 0
