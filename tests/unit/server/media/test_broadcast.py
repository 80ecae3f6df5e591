"""The broadcast over a real beat, with real encoders: a clock moved by hand, tick by tick."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import cast

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext

from engine.clock import Clock, ManualClock, MonotonicClock
from engine.scheduler import Pool
from engine.types import SOUND_RATE, SOUND_TICK, Sound
from server import limits
from server.media.beat import Beat
from server.media.broadcast import Broadcast, Handed
from server.media.encoder import (
    PICTURE_STEP,
    SLICE,
    Codec,
    PictureEncoder,
    PicturePacket,
    SoundPacket,
    open_picture_encoder,
)
from server.media.lane import OpenEncoder
from server.media.tracks import PictureTrack, SoundTrack, as_yuv
from server.metrics import Metrics
from tests.support.leaks import until
from tests.support.pipelines import Flat

TICK = 0.04


class Guest:
    """A viewer that keeps what it gets."""

    def __init__(self, codec: Codec | None = "H264", leads: bool = False) -> None:
        self.codec, self.leads = codec, leads
        self.says: int | None = None
        self.pictures: list[PicturePacket] = []
        self.sounds: list[SoundPacket] = []

    def estimate(self) -> int | None:
        return self.says

    def picture(self, packet: PicturePacket) -> None:
        self.pictures.append(packet)

    def sound(self, packet: SoundPacket) -> None:
        self.sounds.append(packet)

    @property
    def ticks(self) -> list[int]:
        return [(it.pts or 0) // PICTURE_STEP for it in self.pictures]

    @property
    def parts(self) -> list[int]:
        return [(it.pts or 0) // SLICE for it in self.sounds]

    @property
    def keyframes(self) -> list[int]:
        return [tick for tick, it in zip(self.ticks, self.pictures, strict=True) if it.is_keyframe]


class Faulty:
    """The real encoder, which a test can hold up or break."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        self.broken = False
        self.opened = 0

    def open(self, codec: Codec, width: int, height: int, bitrate: int) -> PictureEncoder:
        self.opened += 1
        self._encoder = open_picture_encoder(codec, width, height, bitrate)
        self.bitrate = bitrate
        return self

    def encode(self, picture: av.VideoFrame, pts: int, keyframe: bool) -> PicturePacket:
        self.go_on.wait(5)
        if self.broken:
            raise RuntimeError("broken on purpose")
        return self._encoder.encode(picture, pts, keyframe)


class Stage:
    """A broadcast with all that it works with, running."""

    def __init__(
        self,
        pool: Pool,
        executor: ThreadPoolExecutor,
        clock: Clock,
        open_encoder: OpenEncoder = open_picture_encoder,
    ) -> None:
        self.pipeline = Flat()
        self.stamps: list[Handed] = []
        self.guests: list[Guest] = []
        self.beat: Beat[av.VideoFrame] = Beat(self.pipeline, pool, clock, Metrics(), as_yuv)
        self.broadcast = Broadcast(
            self.beat, executor, clock, on_handed=self.stamps.append, open_encoder=open_encoder
        )
        self.running = asyncio.create_task(self.broadcast.run())
        self.beat.begin()

    async def end(self) -> None:
        self.running.cancel()
        with suppress(asyncio.CancelledError):
            await self.running

    def joined(self, *guests: Guest) -> Guest:
        for guest in guests:
            self.broadcast.join(guest)
            self.guests.append(guest)
        return guests[0]

    def left(self, guest: Guest) -> None:
        self.broadcast.leave(guest)
        self.guests.remove(guest)


class Play(Stage):
    """A stage whose time is moved by hand."""

    def __init__(
        self,
        pool: Pool,
        executor: ThreadPoolExecutor,
        open_encoder: OpenEncoder = open_picture_encoder,
    ) -> None:
        self.clock = ManualClock(100.0)
        self.ticks = 0
        super().__init__(pool, executor, self.clock, open_encoder)

    async def go(self, ticks: int = 1, arrives: Callable[[], bool] | None = None) -> None:
        """Move on by so many ticks, each until all of it has been handed over."""
        for _ in range(ticks):
            await self.draw()
            await until(lambda: self.broadcast.handed == self.ticks - 1)
            await until(arrives or self._everybody_has_it)

    async def draw(self) -> None:
        """Draw the next tick, move to after its second slice and before the next picture."""
        self.beat.advance()
        await self.beat.settle(2.0)
        self.clock.advance(self.beat.schedule.due(self.ticks) + 0.03 - self.clock.now())
        self.ticks += 1

    def _everybody_has_it(self) -> bool:
        watching = [guest for guest in self.guests if guest.codec is not None]
        return all(guest.ticks[-1:] == [self.ticks - 1] for guest in watching)


@pytest.fixture
def executor(clean: None) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
async def play(pool: Pool, executor: ThreadPoolExecutor) -> AsyncIterator[Play]:
    play = Play(pool, executor)
    yield play
    await play.end()


@pytest.fixture
def faulty() -> Faulty:
    return Faulty()


@pytest.fixture
async def fragile(pool: Pool, executor: ThreadPoolExecutor, faulty: Faulty) -> AsyncIterator[Play]:
    play = Play(pool, executor, faulty.open)
    yield play
    faulty.go_on.set()
    await play.end()


async def test_ten_viewers_cost_one_encoding(play: Play) -> None:
    guests = [Guest() for _ in range(10)]
    play.joined(*guests)
    await play.go(8)
    assert play.broadcast.counts.encoded == 8
    assert play.broadcast.codecs == ("H264",)
    for guest in guests:
        assert guest.ticks == list(range(8))
        assert guest.parts == list(range(len(guest.parts)))
        assert len(guest.parts) == 16
        assert all(
            ours is theirs for ours, theirs in zip(guest.pictures, guests[0].pictures, strict=True)
        )
        assert all(
            ours is theirs for ours, theirs in zip(guest.sounds, guests[0].sounds, strict=True)
        )


async def test_each_viewer_gets_its_codec_or_sound_only(play: Play) -> None:
    h264, vp8, deaf = Guest("H264"), Guest("VP8"), Guest(None)
    play.joined(h264, vp8, deaf)
    await play.go(5)
    assert play.broadcast.counts.encoded == 10
    assert deaf.pictures == [] and len(deaf.sounds) == len(h264.sounds) > 0
    for guest, name in ((h264, "h264"), (vp8, "vp8")):
        decoder = cast(VideoCodecContext, av.CodecContext.create(name, "r"))
        shown = [frame for it in guest.pictures for frame in decoder.decode(it)]
        greys = [frame.to_ndarray(format="gray").mean() for frame in shown]
        assert len(greys) == 5
        assert np.allclose(greys, range(5), atol=3)


async def test_nobody_there_means_nothing_is_encoded(play: Play) -> None:
    await play.go(3)
    assert (play.broadcast.counts.encoded, play.beat.pictures) == (0, 0)
    assert play.broadcast.handed == 2
    guest = play.joined(Guest())
    await play.go(2)
    play.left(guest)
    play.broadcast.leave(guest)
    await play.go(3)
    assert play.broadcast.codecs == ()
    assert play.broadcast.counts.encoded == 3
    assert guest.ticks == [2, 3, 4], "the newest picture there was, at once, then all"
    assert guest.keyframes == [2]
    again = play.joined(Guest())
    await play.go(2)
    assert again.keyframes == [7]


async def test_a_codec_that_nobody_takes_any_more_is_not_encoded(play: Play) -> None:
    stays, goes = Guest("H264"), Guest("VP8")
    play.joined(stays, goes)
    await play.go(2)
    play.left(goes)
    await play.go(2)
    assert play.broadcast.codecs == ("H264",)
    assert play.broadcast.counts.encoded == 6
    assert len(stays.pictures) == 4


async def test_a_burst_of_viewers_costs_one_keyframe_and_the_first_is_at_once(play: Play) -> None:
    first = play.joined(Guest())
    await play.go(limits.KEYFRAME_GAP_TICKS + 1)
    burst = [Guest() for _ in range(8)]
    play.joined(*burst)
    await play.go(2)
    late = play.joined(Guest())
    await play.go(limits.KEYFRAME_GAP_TICKS)
    assert first.keyframes == [0, 26, 51]
    assert all(guest.ticks[0] == 26 for guest in burst)
    assert late.keyframes == [51]
    assert play.broadcast.counts.keyframes == 3


async def test_keyframes_are_asked_for_once_a_second_and_none_is_forgotten(play: Play) -> None:
    guest = play.joined(Guest())
    await play.go(3)
    for _ in range(5):
        play.broadcast.request_keyframe("H264")
        play.broadcast.request_keyframe("VP8")
        await play.go()
    await play.go(20)
    assert guest.keyframes == [0, limits.KEYFRAME_GAP_TICKS]


async def test_a_viewer_that_stands_still_costs_the_others_nothing(play: Play) -> None:
    pictures = PictureTrack(lambda: play.broadcast.request_keyframe("H264"))
    sounds = SoundTrack()
    stuck = Guest()
    stuck.picture, stuck.sound = pictures.put, sounds.put  # type: ignore[method-assign]
    moves = play.joined(Guest())
    play.broadcast.join(stuck)
    await play.go(35)
    assert moves.ticks == list(range(35))
    assert moves.keyframes == [0]
    assert pictures.waiting <= limits.QUEUED_PICTURES
    assert sounds.waiting == limits.QUEUED_SLICES
    assert pictures.dropped > 20 and sounds.dropped > 30


async def test_a_viewer_that_fails_is_left_out(play: Play) -> None:
    class Rude(Guest):
        def picture(self, packet: PicturePacket) -> None:
            raise RuntimeError("broken on purpose")

    class Lost(Guest):
        def estimate(self) -> int | None:
            raise RuntimeError("broken on purpose")

    rude, lost, polite = Rude(), Lost(), Guest()
    play.broadcast.join(rude)
    play.broadcast.join(lost)
    play.joined(polite)
    await play.go(4)
    assert polite.ticks == [0, 1, 2, 3]
    assert len(rude.sounds) < len(polite.sounds)
    assert len(lost.sounds) < len(polite.sounds)
    assert play.broadcast.counts.failures == 2


async def test_sound_goes_on_while_an_encoder_hangs(fragile: Play, faulty: Faulty) -> None:
    guest = fragile.joined(Guest())
    await fragile.go(2)
    faulty.go_on.clear()
    await fragile.go(10, arrives=lambda: True)
    assert guest.ticks == [0, 1]
    assert guest.parts == list(range(len(guest.parts)))
    assert len(guest.parts) == 24
    assert fragile.broadcast.counts.dropped >= 7
    faulty.go_on.set()
    await fragile.go(2)
    assert guest.ticks[-2:] == [12, 13]
    assert faulty.opened == 1


async def test_a_hanging_codec_does_not_hold_up_the_other(
    pool: Pool, executor: ThreadPoolExecutor, faulty: Faulty
) -> None:
    def opened(codec: Codec, width: int, height: int, bitrate: int) -> PictureEncoder:
        make = faulty.open if codec == "VP8" else open_picture_encoder
        return make(codec, width, height, bitrate)

    play = Play(pool, executor, opened)
    faulty.go_on.clear()
    moves, hangs = Guest("H264"), Guest("VP8")
    play.joined(moves)
    play.broadcast.join(hangs)
    await play.go(5)
    assert moves.ticks == [0, 1, 2, 3, 4]
    assert hangs.ticks == []
    faulty.go_on.set()
    await play.end()


async def test_a_broken_encoder_is_opened_anew(fragile: Play, faulty: Faulty) -> None:
    guest = fragile.joined(Guest())
    await fragile.go(2)
    faulty.broken = True
    await fragile.go(arrives=lambda: fragile.broadcast.counts.failures == 1)
    faulty.broken = False
    await fragile.go(3)
    assert guest.ticks == [0, 1, 3, 4, 5]
    assert guest.keyframes == [0, 3]
    assert faulty.opened == 2


async def test_without_any_encoder_there_is_sound_and_few_attempts(
    fragile: Play, faulty: Faulty
) -> None:
    faulty.broken = True
    guest = fragile.joined(Guest())
    await fragile.go(30, arrives=lambda: True)
    assert guest.pictures == []
    assert guest.parts == list(range(len(guest.parts)))
    assert len(guest.parts) == 60
    assert fragile.broadcast.counts.failures == 5, "after 0, 1, 2, 4 and 8 ticks more"
    assert not fragile.running.done()
    faulty.broken = False
    await until(lambda: faulty.opened == 5)
    await fragile.go(16, arrives=lambda: True)  # a busy machine may have failed ticks later
    await until(lambda: bool(guest.pictures))
    assert guest.keyframes == guest.ticks[:1]


async def test_a_late_picture_means_the_last_one_again(play: Play) -> None:
    guest = play.joined(Guest())
    await play.go(2)
    play.pipeline.broken = True
    await play.go(3)
    assert guest.ticks == [0, 1, 2, 3, 4]
    assert play.broadcast.counts.repeated == 3
    assert guest.keyframes == [0]


async def test_after_a_jam_of_the_loop_the_newest_is_shown_and_all_is_heard(play: Play) -> None:
    guest = play.joined(Guest())
    await play.go(2)
    for _ in range(6):
        await play.draw()
    await play.go()
    assert guest.ticks[-1] == 8
    assert len(guest.ticks) < 7
    assert guest.parts == list(range(len(guest.parts)))


async def test_the_leading_viewer_decides_on_the_bit_rate(play: Play) -> None:
    page, other = Guest(leads=True), Guest()
    play.joined(page, other)
    other.says = 200_000
    await play.go(2)
    assert play.broadcast.bitrate == limits.PICTURE_START_BITRATE
    page.says = 400_000
    await play.go()
    assert play.broadcast.bitrate == 340_000
    page.says = 2_000_000
    await play.go(10)
    assert 360_000 < play.broadcast.bitrate < 380_000
    play.left(page)
    await play.go()
    assert play.broadcast.bitrate == 170_000


async def test_bit_rates_stay_within_the_limits_and_the_quality(play: Play) -> None:
    guest = play.joined(Guest())
    guest.says = 1
    await play.go()
    assert play.broadcast.bitrate == limits.PICTURE_LOWEST_BITRATE
    guest.says = 10**9
    play.broadcast.quality = 152_000
    await play.go(3)
    assert play.broadcast.bitrate == 152_000
    play.broadcast.quality = 10**9
    assert play.broadcast.quality == limits.PICTURE_HIGHEST_BITRATE


async def test_an_interrupt_is_heard_with_the_next_slice(play: Play) -> None:
    guest = play.joined(Guest())
    wave = (8_000 * np.sin(np.arange(SOUND_TICK) / 20)).astype(np.int16)
    play.pipeline.push(Sound(wave, SOUND_RATE))
    for _ in range(4):
        play.pipeline.push(Sound(wave, SOUND_RATE))
        await play.go()
    said = len(guest.parts)
    play.beat.interrupt()
    await play.go(4)
    decoder = av.CodecContext.create("libopus", "r")
    heard = [
        np.abs(frame.to_ndarray().astype(float)).max()
        for it in guest.sounds
        for frame in decoder.decode(it)
    ]
    assert min(heard[2:said]) > 1000
    assert max(heard[said + 2 :]) < 100, "after the codec's own tail"
    assert guest.parts == list(range(len(guest.parts)))


async def test_each_picture_has_the_times_of_its_last_stages(play: Play) -> None:
    play.joined(Guest("H264"), Guest("VP8"))
    await play.go(4)
    assert [it.tick for it in play.stamps] == [0, 1, 2, 3]
    for it in play.stamps:
        assert it.due == pytest.approx(100 + it.tick * TICK + limits.PICTURE_LATENCY)
        assert it.due <= it.encoded <= it.handed


async def test_its_end_leaves_nothing_behind(fragile: Play, faulty: Faulty) -> None:
    guest = fragile.joined(Guest())
    await fragile.go(2)
    faulty.go_on.clear()
    await fragile.go(1, arrives=lambda: True)
    await fragile.end()
    faulty.go_on.set()
    await asyncio.sleep(0.02)
    assert guest.ticks == [0, 1]


async def test_picture_and_sound_of_a_tick_leave_together(
    pool: Pool, executor: ThreadPoolExecutor
) -> None:
    """In real time; the best quarter of the ticks, so that a busy machine does not fail it."""
    clock = MonotonicClock()
    stage = Stage(pool, executor, clock)
    left: dict[str, dict[int, float]] = {"picture": {}, "sound": {}}

    class Watch(Guest):
        def picture(self, packet: PicturePacket) -> None:
            left["picture"][(packet.pts or 0) // PICTURE_STEP] = clock.now()

        def sound(self, packet: SoundPacket) -> None:
            left["sound"][(packet.pts or 0) // SLICE // 2] = clock.now()

    stage.joined(Watch())
    while stage.broadcast.handed < 30:  # noqa: ASYNC110 (the beat itself)
        await asyncio.sleep(max(0.0, stage.beat.advance() - clock.now()))
    await stage.end()
    # A tick's second slice comes 20 ms after its first.
    apart = [left["sound"][tick] - 0.02 - at for tick, at in left["picture"].items() if tick < 30]
    assert len(apart) >= 20
    assert np.percentile(np.abs(apart), 25) < 0.005


def test_the_hand_over_leaves_time_for_drawing_but_not_for_another_tick() -> None:
    assert 0.015 <= limits.PICTURE_LATENCY < 0.04
