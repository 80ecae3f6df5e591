"""One session without a clock: sound in, sound and pictures out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.controls import Controls, Setting
from engine.pipeline import Pipeline
from engine.studio import Studio
from engine.types import SOUND_RATE, SOUND_TICK, Samples, Sound
from tests.support.speech import noise, silence, tone


@pytest.fixture
def pipeline(studio: Studio) -> Pipeline:
    return studio.pipeline(studio.presenter("ada", 256), seed=1, jitter=0)


def feed(pipeline: Pipeline, samples: Samples) -> list[Samples]:
    out = []
    for piece in np.split(samples, len(samples) // SOUND_TICK):
        pipeline.push(Sound(piece, SOUND_RATE))
        tick = pipeline.tick()
        pipeline.skip(tick)
        out.append(tick.sound)
    return out


def test_the_sound_comes_back_whole_after_the_look_ahead(pipeline: Pipeline) -> None:
    samples = noise(0.4, 0.2)
    out = np.concatenate(feed(pipeline, np.concatenate([samples, silence(0.08)])))
    delay = pipeline.delay * SOUND_TICK
    assert pipeline.delay == 2 and not out[:delay].any()
    np.testing.assert_array_equal(out[delay:], samples)


def test_stamps_travel_with_their_sound(pipeline: Pipeline) -> None:
    stamps = []
    for n in range(6):
        pipeline.push(Sound(noise(0.04, 0.1), SOUND_RATE, stamp=float(n)))
        stamps.append(pipeline.tick().stamp)
    assert stamps == [None, None, 0.0, 1.0, 2.0, 3.0]


def test_without_sound_there_is_silence_and_a_living_face(pipeline: Pipeline) -> None:
    frames = [pipeline.pull() for _ in range(50)]
    assert not any(frame.sound.any() for frame in frames)
    assert not any(frame.speaking for frame in frames)
    assert any((frame.picture != frames[0].picture).any() for frame in frames)
    assert [frame.index for frame in frames] == list(range(50))


def test_speaking_is_told_with_the_picture_not_before_it(pipeline: Pipeline) -> None:
    spoken = []
    for piece in np.split(np.concatenate([silence(0.4), tone(0.8), silence(0.8)]), 50):
        pipeline.push(Sound(piece, SOUND_RATE))
        tick = pipeline.tick()
        pipeline.skip(tick)
        spoken.append((pipeline.speaking, bool(tick.sound.any())))
    first_told = [told for told, _ in spoken].index(True)
    first_heard = [heard for _, heard in spoken].index(True)
    assert first_told == first_heard
    assert not spoken[-1][0]


def test_an_interruption_drops_what_was_not_played(pipeline: Pipeline) -> None:
    feed(pipeline, noise(0.2, 0.2))
    pipeline.push(Sound(noise(0.1, 0.2), SOUND_RATE))
    pipeline.interrupt()
    ticks = [pipeline.tick() for _ in range(5)]
    assert not any(tick.sound.any() for tick in ticks)
    assert {tick.generation for tick in ticks} == {1}
    assert pipeline.dropped_ms == 0, "on purpose is not dropped"
    pipeline.draw(ticks[0])
    assert not pipeline.speaking


def test_too_much_sound_is_dropped_and_counted_not_delayed(studio: Studio) -> None:
    pipeline = studio.pipeline(studio.presenter("ada", 256), seed=1)
    for _ in range(100):
        pipeline.push(Sound(noise(0.02, 0.1), SOUND_RATE))
    assert pipeline.dropped_ms >= 1_800
    kept = sum(pipeline.tick().sound.any() for _ in range(100))
    assert kept <= 4


def test_controls_change_the_face(studio: Studio) -> None:
    still = Controls(pose=Setting("still"), expression=Setting("still"), mouth=Setting("still"))
    pipeline = studio.pipeline(studio.presenter("ada", 256), seed=1, controls=still)
    first = pipeline.pull().picture
    assert (pipeline.pull().picture == first).all()
    pipeline.change(replace(still, emotion="happy"))
    for _ in range(20):
        last = pipeline.pull().picture
    assert (last != first).any()


def test_the_same_seed_and_sound_give_the_same_pictures(studio: Studio) -> None:
    def film(seed: int) -> list[bytes]:
        pipeline = studio.pipeline(studio.presenter("ada", 256), seed=seed, jitter=0)
        pictures = []
        for piece in np.split(tone(0.8), 20):
            pipeline.push(Sound(piece, SOUND_RATE))
            pictures.append(pipeline.pull().picture.tobytes())
        return pictures

    assert film(3) == film(3)
    assert film(3) != film(4)
