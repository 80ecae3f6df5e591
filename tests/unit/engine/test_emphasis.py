from __future__ import annotations

import numpy as np
import pytest

from engine.arkit import EXPRESSION, MOUTH, POSE
from engine.emphasis import BREAK, Emphasis, Gesture
from engine.prosody import Prosody
from engine.types import TICKS_PER_SECOND, Component, Floats

NAMES = {Component.MOUTH: MOUTH, Component.POSE: POSE, Component.EXPRESSION: EXPRESSION}
YAW, PITCH, ROLL = (POSE.index(name) for name in ("yaw", "pitch", "roll"))
BROW = EXPRESSION.index("browInnerUp")
PAUSE = Prosody(0.0, 1.0)
PHRASE_TICKS, PAUSE_TICKS = 60, 20


def accent(strength: float = 0.8) -> list[Prosody]:
    """An accent of a quarter of a second, and as much without one."""
    rise = [0.3, 0.8, 1.0, 1.0, 0.6, 0.2]
    return [Prosody(strength * share, 0.0) for share in rise + [0.0] * 6]


def talk(phrases: int) -> list[Prosody]:
    """Phrases of 2.4 seconds with five accents each, and pauses of 0.8."""
    return (accent() * 5 + [PAUSE] * PAUSE_TICKS) * phrases


def follow(told: list[Prosody], seed: int = 1) -> list[Gesture]:
    emphasis = Emphasis(NAMES, seed)
    return [emphasis.step(prosody) for prosody in told]


def poses(gestures: list[Gesture]) -> Floats:
    return np.array([gesture.motion.pose for gesture in gestures])


def brows(gestures: list[Gesture]) -> Floats:
    return np.array([gesture.motion.expression[BROW] for gesture in gestures])


@pytest.mark.parametrize("seed", range(4))
def test_heads_move_a_little_and_smoothly(seed: int) -> None:
    turned = poses(follow(talk(40), seed))
    assert (turned[:, :3].std(axis=0) > [0.6, 0.4, 0.4]).all(), "degrees"
    assert np.abs(turned[:, [YAW, PITCH, ROLL]]).max() < 9.0, "degrees"
    assert np.abs(np.diff(turned[:, :3], axis=0)).max() < 1.3, "degrees a tick"
    assert not turned[:, 3:].any()


def test_most_accents_bring_a_nod_and_some_raised_brows() -> None:
    nodded, raised = 0, 0
    for seed in range(200):
        gestures = follow(accent(), seed)
        nodded += bool(poses(gestures)[:, PITCH].max() > 0.8)
        raised += bool(brows(gestures).max() > 0.08)
    assert 0.4 < nodded / 200 < 0.85
    assert 0.2 < raised / 200 < 0.5


def test_a_nod_is_at_its_deepest_within_a_quarter_of_a_second_of_the_accent() -> None:
    deepest = [int(np.argmax(poses(follow(accent(), seed))[:, PITCH])) for seed in range(100)]
    nods = [tick for tick in deepest if tick > 0]
    assert 3 <= np.median(nods) <= 3 + TICKS_PER_SECOND // 4


def test_stronger_accents_bring_larger_nods() -> None:
    sizes = [
        np.mean([np.abs(poses(follow(accent(how), seed))[:, PITCH]).max() for seed in range(50)])
        for how in (0.4, 0.7, 1.0)
    ]
    assert sizes[0] < 0.75 * sizes[1] < 0.75 * sizes[2]


def test_about_half_of_the_phrases_end_with_a_blink_and_nothing_else_does() -> None:
    told = talk(300)
    blinks = np.flatnonzero([gesture.blink for gesture in follow(told)])
    period = PHRASE_TICKS + PAUSE_TICKS
    assert (blinks % period == PHRASE_TICKS + BREAK - 1).all(), "as soon as a pause is one"
    assert 0.45 < len(blinks) / 300 < 0.75


def test_a_short_sound_is_no_phrase_that_could_end() -> None:
    told = ([Prosody(0.5, 0.0)] * 8 + [PAUSE] * 20) * 50
    assert not any(gesture.blink for gesture in follow(told))


def test_a_closure_is_no_pause() -> None:
    held = [*accent(), *[PAUSE] * (BREAK - 1)]
    gestures = follow(held * 40)
    assert not any(gesture.blink for gesture in gestures)


def test_silence_moves_nothing_and_a_little_stress_in_noise_neither() -> None:
    for quiet in (PAUSE, Prosody(0.1, 0.95)):
        for gesture in follow([quiet] * 100):
            assert not gesture.motion.pose.any() and not gesture.motion.expression.any()
            assert not gesture.blink


def test_the_head_comes_to_rest_after_speech_and_the_mouth_is_left_alone() -> None:
    gestures = follow([*talk(5), *[PAUSE] * 125])
    assert np.abs(gestures[-1].motion.pose).max() < 0.05
    assert not any(gesture.motion.mouth.any() for gesture in gestures)


def test_phrases_are_held_differently() -> None:
    turned = poses(follow(talk(60)))[:, YAW]
    ends = turned[PHRASE_TICKS - 1 :: PHRASE_TICKS + PAUSE_TICKS]
    assert ends.std() > 0.5 and np.abs(np.diff(ends)).mean() > 0.5


def test_the_same_seed_gives_the_same_gestures_and_another_does_not() -> None:
    first, again, other = (poses(follow(talk(3), seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_an_interruption_is_no_jump() -> None:
    emphasis = Emphasis(NAMES, 1)
    for prosody in talk(1)[:28]:
        before = emphasis.step(prosody).motion
    emphasis.reset()
    after = emphasis.step(PAUSE).motion
    assert np.abs(after.pose - before.pose).max() < 1.0
    assert np.abs(after.expression - before.expression).max() < 0.15


def test_learnt_coefficients_without_names_stay_at_rest() -> None:
    names = {part: [f"{part}{n}" for n in range(4)] for part in Component}
    emphasis = Emphasis(names, 0)
    for prosody in talk(2):
        motion = emphasis.step(prosody).motion
        assert not any(motion[part].any() for part in Component)
