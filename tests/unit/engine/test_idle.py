from __future__ import annotations

import numpy as np
import pytest

from engine.arkit import EXPRESSION, MOUTH, POSE
from engine.idle import SHORTEST_PAUSE, Idle, Liveliness
from engine.types import TICKS_PER_SECOND, Component, Motion

NAMES = {Component.MOUTH: MOUTH, Component.POSE: POSE, Component.EXPRESSION: EXPRESSION}
MINUTE = 60 * TICKS_PER_SECOND


def motions(seed: int, ticks: int, blink: float = 1.0, gaze: float = 1.0) -> list[Motion]:
    idle, liveliness = Idle(NAMES, seed), Liveliness(blink, gaze)
    return [idle.step(liveliness) for _ in range(ticks)]


def blinks(made: list[Motion]) -> int:
    lids = np.array([motion.expression[EXPRESSION.index("eyeBlinkLeft")] for motion in made])
    return int(np.sum((lids[1:] > 0.9) & (lids[:-1] <= 0.9)))


@pytest.mark.parametrize("seed", range(6))
def test_people_blink_8_to_25_times_a_minute(seed: int) -> None:
    made = motions(seed, 5 * MINUTE)
    assert all(8 <= blinks(made[n : n + MINUTE]) <= 25 for n in range(0, 5 * MINUTE, MINUTE))


def test_the_same_seed_gives_the_same_face_and_another_does_not() -> None:
    first, again, other = (motions(seed, 200) for seed in (1, 1, 2))
    assert all(np.array_equal(a.pose, b.pose) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[-1].pose, other[-1].pose)


def test_the_mouth_rests() -> None:
    assert not any(motion.mouth.any() for motion in motions(3, MINUTE))


def test_the_head_moves_smoothly_and_a_little() -> None:
    poses = np.array([motion.pose for motion in motions(4, 5 * MINUTE)])
    assert np.abs(poses[:, :3]).max() < 10.0, "degrees"
    assert 0.8 < poses[:, 0].std() < 4.0
    assert np.abs(np.diff(poses[:, :3], axis=0)).max() < 0.9, "degrees a tick"
    assert np.abs(poses[:, 3:]).max() < 0.02, "of the width"


def test_liveliness_zero_keeps_eyes_open_and_gaze_fixed() -> None:
    made = motions(5, MINUTE, blink=0.0, gaze=0.0)
    assert not any(motion.expression.any() for motion in made)


def test_twice_as_lively_blinks_about_twice_as_often() -> None:
    once = blinks(motions(6, 10 * MINUTE))
    twice = blinks(motions(6, 10 * MINUTE, blink=2.0))
    assert 1.5 < twice / once < 2.6


def test_a_good_moment_brings_a_blink_but_not_two_in_a_row() -> None:
    idle = Idle(NAMES, 8)
    made = [idle.step(Liveliness(), blink=tick >= 40) for tick in range(40 + 10 * TICKS_PER_SECOND)]
    lids = np.array([motion.expression[EXPRESSION.index("eyeBlinkLeft")] for motion in made])
    assert blinks(made[40:44]) == 1, "at once"
    starts = np.flatnonzero((lids[1:] > 0) & (lids[:-1] == 0))
    assert np.diff(starts).min() >= SHORTEST_PAUSE * TICKS_PER_SECOND


def test_who_does_not_blink_has_no_good_moment() -> None:
    idle = Idle(NAMES, 9)
    lively = Liveliness(blink=0.0, gaze=0.0)
    assert not any(idle.step(lively, blink=True).expression.any() for _ in range(100))


def test_both_eyes_look_the_same_way() -> None:
    for motion in motions(7, MINUTE):
        look = dict(zip(EXPRESSION, motion.expression, strict=True))
        assert look["eyeLookOutLeft"] == look["eyeLookInRight"]
        assert look["eyeLookInLeft"] == look["eyeLookOutRight"]


def test_learnt_coefficients_without_names_stay_at_rest() -> None:
    names = {part: [f"{part}{n}" for n in range(4)] for part in Component}
    motion = Idle(names, 0).step(Liveliness())
    assert not any(motion[part].any() for part in Component)
