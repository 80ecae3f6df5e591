"""The queues between the broadcast and one connection: in order, bounded, counted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from server import limits
from server.media.encoder import PICTURE_STEP, SLICE, PicturePacket, SoundPacket
from server.media.tracks import PictureTrack, SoundTrack, as_yuv

if TYPE_CHECKING:
    from collections.abc import Awaitable


def packet(tick: int, keyframe: bool = False) -> PicturePacket:
    made = av.Packet(b"picture")
    made.pts, made.is_keyframe = tick * PICTURE_STEP, keyframe
    return cast("PicturePacket", made)


def slice_of(part: int) -> SoundPacket:
    made = av.Packet(b"sound")
    made.pts = part * SLICE
    return cast("SoundPacket", made)


class Line:
    """A picture track that counts how often it asks for a keyframe."""

    def __init__(self) -> None:
        self.asked = 0
        self.sent: list[int] = []
        self.track = PictureTrack(self._ask, lambda it: self.sent.append(tick_of(it)))

    def _ask(self) -> None:
        self.asked += 1

    async def taken(self, count: int) -> list[int]:
        return [tick_of(await now(self.track.recv())) for _ in range(count)]


def tick_of(it: PicturePacket) -> int:
    assert it.pts is not None
    return it.pts // PICTURE_STEP


async def now(packet: Awaitable[PicturePacket]) -> PicturePacket:
    async with asyncio.timeout(0.5):
        return await packet


async def settled(track: PictureTrack) -> asyncio.Task[PicturePacket]:
    """A sender that waits for a picture."""
    waiting = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    assert not waiting.done()
    return waiting


async def test_pictures_come_out_in_order_as_they_were_put_in() -> None:
    line = Line()
    first = packet(0, keyframe=True)
    line.track.put(first)
    line.track.put(packet(1))
    assert await now(line.track.recv()) is first
    assert line.sent == [0]
    assert await line.taken(1) == [1]
    assert (line.track.dropped, line.asked, line.sent) == (0, 0, [0, 1])


async def test_a_sender_that_waits_gets_a_picture_at_once() -> None:
    line = Line()
    waiting = await settled(line.track)
    line.track.put(packet(0, keyframe=True))
    assert tick_of(await now(waiting)) == 0


async def test_a_connection_begins_with_a_keyframe() -> None:
    line = Line()
    for tick in range(3):
        line.track.put(packet(tick))
    line.track.put(packet(3, keyframe=True))
    line.track.put(packet(4))
    assert await line.taken(2) == [3, 4]
    assert line.track.dropped == 0


async def test_a_jam_drops_everything_up_to_the_next_keyframe() -> None:
    line = Line()
    line.track.put(packet(0, keyframe=True))
    for tick in range(1, 50):
        line.track.put(packet(tick))
        assert line.track.waiting <= limits.QUEUED_PICTURES
    assert (line.track.waiting, line.track.dropped) == (0, 50)
    line.track.put(packet(50, keyframe=True))
    line.track.put(packet(51))
    assert await line.taken(2) == [50, 51]
    assert line.track.dropped == 50


async def test_a_keyframe_is_asked_for_once_and_only_when_the_sender_moves_again() -> None:
    line = Line()
    line.track.put(packet(0, keyframe=True))
    for tick in range(1, 50):
        line.track.put(packet(tick))
    assert line.asked == 0
    waiting = await settled(line.track)
    assert line.asked == 1
    line.track.put(packet(50))
    await asyncio.sleep(0)
    assert not waiting.done()
    line.track.put(packet(51, keyframe=True))
    assert tick_of(await now(waiting)) == 51
    assert line.asked == 1


async def test_a_keyframe_that_finds_the_queue_full_takes_its_place() -> None:
    line = Line()
    for tick in range(limits.QUEUED_PICTURES):
        line.track.put(packet(tick, keyframe=tick == 0))
    line.track.put(packet(6, keyframe=True))
    assert await line.taken(1) == [6]
    assert (line.track.dropped, line.asked) == (limits.QUEUED_PICTURES, 0)


async def test_sound_loses_its_oldest_slices() -> None:
    track = SoundTrack()
    for part in range(limits.QUEUED_SLICES + 7):
        track.put(slice_of(part))
    assert (track.waiting, track.dropped) == (limits.QUEUED_SLICES, 7)
    assert (await track.recv()).pts == 7 * SLICE


async def test_what_waits_can_be_dropped_at_once() -> None:
    track = SoundTrack()
    track.put(slice_of(0))
    track.clear()
    track.put(slice_of(1))
    assert (await track.recv()).pts == SLICE
    assert track.dropped == 1


async def test_a_stopped_track_tells_who_waits_and_takes_nothing_more() -> None:
    line = Line()
    waiting = await settled(line.track)
    line.track.stop()
    with pytest.raises(MediaStreamError):
        await now(waiting)
    line.track.put(packet(0, keyframe=True))
    assert line.track.waiting == 0
    sound = SoundTrack()
    sound.put(slice_of(0))
    sound.stop()
    sound.put(slice_of(1))
    assert sound.waiting == 0
    with pytest.raises(MediaStreamError):
        await sound.recv()


async def test_a_cancelled_sender_loses_no_picture() -> None:
    line = Line()
    waiting = await settled(line.track)
    waiting.cancel()
    line.track.put(packet(0, keyframe=True))
    assert await line.taken(1) == [0]


def test_pictures_become_yuv_with_their_colour() -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 200
    frame = as_yuv(red)
    assert frame.format.name == "yuv420p"
    assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - red).max() <= 3
