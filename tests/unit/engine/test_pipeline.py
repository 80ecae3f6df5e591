"""One session without a clock: sound in, sound and pictures out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.controls import Controls, Setting
from engine.motion_file import read_motion_file
from engine.pipeline import STREAM_DELAY, Pipeline
from engine.studio import Studio
from engine.types import SOUND_RATE, SOUND_TICK, Component, Motion, Samples, Sound
from tests.support.motions import motion as arkit
from tests.support.readings import reading
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


def test_after_an_interruption_no_mouth_is_heard_until_there_is_sound_for_it(
    pipeline: Pipeline,
) -> None:
    feed(pipeline, noise(0.4, 0.2))
    pipeline.interrupt()
    pipeline.push(Sound(noise(0.4, 0.2), SOUND_RATE))
    heard = [pipeline.hear(pipeline.tick()).mouth.any() for _ in range(pipeline.delay + 1)]
    assert heard == [False] * pipeline.delay + [True]


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


def drive(pipeline: Pipeline, parts: dict[Component, Setting], **more: Any) -> None:
    named: dict[str, Any] = {part.value: setting for part, setting in parts.items()}
    pipeline.change(replace(pipeline.controls, **named, **more))


def mixed(pipeline: Pipeline, now: float) -> Motion:
    return pipeline.mix(pipeline.hear(pipeline.tick()), now)


def test_a_driver_moves_head_and_face_and_idle_motion_stands_in(pipeline: Pipeline) -> None:
    parts = (Component.POSE, Component.EXPRESSION)
    drive(pipeline, dict.fromkeys(parts, Setting("camera")), steadiness=0.0)
    yaws = []
    for tick in range(140):
        now = tick * 0.04
        if tick < 80:
            yaw = 0.0 if tick < 40 else -12.0
            pipeline.driver.see(reading(turn=(yaw, 0, 0), eyeWide=tick / 80), now, now)
        motion = mixed(pipeline, now)
        yaws.append(float(motion.pose[0]))
    assert yaws[79] == pytest.approx(-12.0, abs=0.01)
    assert yaws[60] == pytest.approx(-12.0, abs=0.1)
    assert all(it == pytest.approx(-12.0, abs=0.01) for it in yaws[80:86]), "held"
    assert abs(yaws[-1]) < 8.0, "let go, to idle motion"
    assert np.abs(np.diff(yaws[80:])).max() < 2.5


def test_a_driver_is_followed_as_the_first_controls_say(studio: Studio) -> None:
    """Nothing has to change before calm and mirror count."""
    controls = Controls(pose=Setting("camera"), steadiness=0.0, mirror=True)
    pipeline = studio.pipeline(studio.presenter("ada", 256), seed=1, controls=controls)
    for tick in range(60):
        yaw = 0.0 if tick < 50 else -12.0
        pipeline.driver.see(reading(turn=(yaw, 0, 0)), tick * 0.04, tick * 0.04)
        motion = mixed(pipeline, tick * 0.04)
    assert motion.pose[0] == pytest.approx(12.0, abs=0.01)


def test_the_arrival_of_what_is_shown_travels_with_it(pipeline: Pipeline) -> None:
    assert pipeline.pull().seen is None
    drive(pipeline, {Component.POSE: Setting("camera")})
    for tick in range(40):
        pipeline.driver.see(reading(), tick * 0.04, tick * 0.04 - 0.01)
        frame = pipeline.draw(pipeline.tick(), tick * 0.04)
    assert frame.seen == pytest.approx(39 * 0.04 - 0.01)


def test_a_stream_is_followed_a_little_late(pipeline: Pipeline) -> None:
    drive(pipeline, {Component.MOUTH: Setting("motion")}, fade_ms=0)
    openings = []
    for tick in range(60):
        now = tick * 0.04
        pipeline.stream.push(arkit(jawOpen=tick / 60), 100 + now, now)
        openings.append(float(mixed(pipeline, now).mouth.max()))
    behind = 59 / 60 - openings[-1]
    assert behind == pytest.approx(STREAM_DELAY / 0.04 / 60, abs=1e-3)


def test_what_was_kept_is_played_again(pipeline: Pipeline) -> None:
    assert pipeline.kept() is None
    pipeline.keep()
    first = [mixed(pipeline, 0.0) for _ in range(30)]
    take = pipeline.kept()
    assert take is not None and take.seconds == pytest.approx(1.2) and pipeline.kept() is None
    pipeline.play(read_motion_file(take.packed(), pipeline.names), loop=True)
    drive(pipeline, dict.fromkeys(Component, Setting("file")), fade_ms=0)
    again = [mixed(pipeline, 0.0) for _ in range(60)]
    for tick, motion in enumerate(again):
        for part in Component:
            np.testing.assert_allclose(motion[part], first[tick % 30][part], atol=1e-6)
    pipeline.play(None)
    assert (mixed(pipeline, 0.0).pose != first[0].pose).any()


@pytest.mark.parametrize("driven", Component)
def test_only_the_component_whose_source_moves_is_moved(
    pipeline: Pipeline, driven: Component
) -> None:
    """Everything is read on the driver at once; the others are still."""
    drive(pipeline, dict.fromkeys(Component, Setting("still")) | {driven: Setting("camera")})
    moved = dict.fromkeys(Component, 0.0)
    for tick in range(80):
        now = tick * 0.04
        far = 0.0 if tick < 40 else 1.0
        turned = reading(turn=(9 * far, 5 * far, 0), jawOpen=0.6 * far, browInnerUp=far)
        pipeline.driver.see(turned, now, now)
        motion = mixed(pipeline, now)
        for part in Component:
            moved[part] = max(moved[part], float(np.abs(motion[part]).max()))
    assert moved[driven] > 0.5
    assert all(it == 0 for part, it in moved.items() if part is not driven)
