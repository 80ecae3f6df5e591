from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError
from av.video.frame import PictureType

from engine.clock import ManualClock
from engine.scheduler import Pool
from engine.types import SOUND_RATE, Sound
from server import limits
from server.beat import Beat
from server.metrics import Metrics
from server.tracks import PictureTrack, SoundTrack, as_yuv
from tests.support.pipelines import Flat


class Stage:
    """Both tracks over one beat; time is moved by hand to each hand-over."""

    def __init__(self, pool: Pool) -> None:
        self.clock = ManualClock()
        self.pipeline = Flat()
        self.beat: Beat[av.VideoFrame] = Beat(self.pipeline, pool, self.clock, Metrics(), as_yuv)
        self.pictures, self.sound = PictureTrack(self.beat), SoundTrack(self.beat)
        self.beat.begin()

    async def to_hand_over(self, tick: int) -> None:
        """Run the beat until `tick` is to be handed over."""
        begins = self.beat.schedule.begins(tick)
        while self.beat.advance() <= begins:
            await self.beat.settle(2.0)
            self.clock.advance(0.02)
        await self.beat.settle(2.0)
        # Past the second half of the tick's sound, before the next tick's picture.
        self.clock.advance(self.beat.schedule.due(tick) + 0.021 - self.clock.now())


@pytest.fixture
async def stage(pool: Pool) -> Stage:
    return Stage(pool)


async def test_time_stamps_count_ticks_from_one_zero(stage: Stage) -> None:
    for tick in range(5):
        await stage.to_hand_over(tick)
        picture = await stage.pictures.recv()
        first, second = await stage.sound.recv(), await stage.sound.recv()
        assert (picture.pts, picture.time_base) == (3600 * tick, Fraction(1, 90_000))
        assert (first.pts, second.pts) == (1920 * tick, 1920 * tick + 960)
        assert first.time_base == Fraction(1, SOUND_RATE)
        assert (first.samples, first.sample_rate, first.layout.name) == (960, SOUND_RATE, "mono")
        assert picture.time == first.time


async def test_a_slow_sender_misses_pictures_but_no_sound(stage: Stage) -> None:
    await stage.to_hand_over(0)
    await stage.pictures.recv()
    await stage.to_hand_over(6)
    assert (await stage.pictures.recv()).pts == 6 * 3600
    assert stage.beat.pictures == 2
    assert [(await stage.sound.recv()).pts for _ in range(14)] == [960 * n for n in range(14)]


async def test_sound_is_what_was_spoken(stage: Stage) -> None:
    wave = (np.arange(2880) - 1440).astype(np.int16)  # a tick and the cushion
    stage.pipeline.push(Sound(wave, SOUND_RATE))
    await stage.to_hand_over(1)
    heard = [(await stage.sound.recv()).to_ndarray()[0] for _ in range(3)]
    assert np.array_equal(np.concatenate(heard), wave)


async def test_a_repeated_picture_does_not_ask_for_a_keyframe_again(stage: Stage) -> None:
    await stage.to_hand_over(0)
    picture = await stage.pictures.recv()
    picture.pict_type = PictureType.I
    stage.pipeline.broken = True
    await stage.to_hand_over(1)
    again = await stage.pictures.recv()
    assert again is picture
    assert (again.pict_type, again.pts) == (PictureType.NONE, 3600)


async def test_stopped_tracks_end(stage: Stage) -> None:
    for track in (stage.pictures, stage.sound):
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()


def test_pictures_become_yuv_with_their_colour() -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 200
    frame = as_yuv(red)
    assert frame.format.name == "yuv420p"
    assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - red).max() <= 3


def test_the_hand_over_leaves_time_for_drawing_but_not_for_another_tick() -> None:
    assert 0.015 <= limits.PICTURE_LATENCY < 0.04
