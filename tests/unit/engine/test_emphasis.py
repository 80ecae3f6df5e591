from __future__ import annotations

import numpy as np

from engine.arkit import EXPRESSION, MOUTH, POSE
from engine.audio import VoiceActivity
from engine.emphasis import Emphasis
from engine.types import HEARING_TICK, Component, Floats, Motion
from tests.support.lips import SPEECH
from tests.support.sound import read
from tests.support.speech import heard

NAMES = {Component.MOUTH: MOUTH, Component.POSE: POSE, Component.EXPRESSION: EXPRESSION}
PITCH, BROW = POSE.index("pitch"), EXPRESSION.index("browInnerUp")


def ticks(sound: Floats) -> list[Floats]:
    return np.split(sound[: len(sound) // HEARING_TICK * HEARING_TICK], len(sound) // HEARING_TICK)


def follow(sound: list[Floats]) -> list[Motion]:
    emphasis, voice = Emphasis(NAMES), VoiceActivity()
    return [emphasis.step(tick, voice(tick)) for tick in sound]


def speech() -> list[Floats]:
    return ticks(heard(read(SPEECH / "hibari.wav")[::3]))


def test_the_head_nods_with_real_speech_a_little_and_smoothly() -> None:
    pitch = np.array([motion.pose[PITCH] for motion in follow(speech())])
    assert 0.15 < pitch.std() < 1.5 and np.abs(pitch).max() < 4.0, "degrees"
    assert np.abs(np.diff(pitch)).max() < 0.6, "degrees a tick"


def test_nods_and_brows_come_with_the_loud_syllables() -> None:
    sound = speech()
    motions = follow(sound)
    loud = np.array([np.sqrt(np.mean(tick * tick)) for tick in sound])
    brow = np.array([motion.expression[BROW] for motion in motions])
    later = [float(np.corrcoef(loud[: len(loud) - n], brow[n:])[0, 1]) for n in range(12)]
    assert max(later) > 0.35 and int(np.argmax(later)) <= 8


def test_silence_moves_nothing_and_noise_that_is_no_voice_neither() -> None:
    quiet = [np.zeros(HEARING_TICK, np.float32)] * 100
    assert not any(motion.pose.any() or motion.expression.any() for motion in follow(quiet))
    emphasis = Emphasis(NAMES)
    fan = np.random.default_rng(0).normal(0, 0.05, HEARING_TICK).astype(np.float32)
    assert not any(emphasis.step(fan, speaking=False).pose.any() for _ in range(50))


def test_the_mouth_is_left_to_the_voice_and_the_head_comes_to_rest() -> None:
    motions = follow([*speech()[:200], *[np.zeros(HEARING_TICK, np.float32)] * 75])
    assert not any(motion.mouth.any() for motion in motions)
    assert abs(motions[-1].pose[PITCH]) < 0.05


def test_an_interruption_is_no_jump() -> None:
    emphasis = Emphasis(NAMES)
    for tick in speech()[50:100]:
        before = emphasis.step(tick, speaking=True)
    emphasis.reset()
    after = emphasis.step(np.zeros(HEARING_TICK, np.float32), speaking=False)
    assert abs(after.pose[PITCH] - before.pose[PITCH]) < 0.6
