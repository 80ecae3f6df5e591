from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.arkit import EXPRESSION, MOUTH, POSE
from engine.rest import LEARN_SECONDS
from engine.types import Component, Motion
from engine.watch import RECENTRE_SECONDS, Watcher, place_of, place_shown
from tests.support.readings import reading

ARKIT = {Component.MOUTH: MOUTH, Component.EXPRESSION: EXPRESSION, Component.POSE: POSE}
STEP = 0.04


class Follower:
    """A watcher, and the time of the next picture."""

    def __init__(self, names: Any = ARKIT) -> None:
        self.watcher, self.time, self.names = Watcher(names), 0.0, names

    def see(self, count: int = 1, **values: Any) -> Motion | None:
        motion = None
        for _ in range(count):
            motion = self.watcher(reading(**values), self.time, 0.0)
            self.time += STEP
        return motion

    def value(self, motion: Motion | None, name: str) -> float:
        assert motion is not None
        part = next(it for it, names in self.names.items() if name in names)
        return float(motion[part][list(self.names[part]).index(name)])


def learnt(**rest: Any) -> Follower:
    follower = Follower()
    assert follower.see(round(LEARN_SECONDS / STEP) - 1, **rest) is None, "not known yet"
    follower.see(3, **rest)
    assert follower.watcher.learnt
    return follower


def test_a_driver_at_rest_leaves_the_portrait_at_rest() -> None:
    """Whoever smiles a little, sits turned and near, moves nothing by that."""
    rest: dict[str, Any] = {
        "mouthSmile": 0.3, "eyeBlink": 0.15, "turn": (9.0, -4.0, 2.0), "place": (6.0, -3.0, 38.0),
    }  # fmt: skip
    motion = learnt(**rest).see(**rest)
    assert motion is not None
    for part in Component:
        np.testing.assert_allclose(motion[part], 0, atol=1e-5)


def test_what_is_left_of_the_way_is_gone_wholly() -> None:
    follower = learnt(mouthSmile=0.4)
    assert follower.value(follower.see(mouthSmile=1.0), "mouthSmileLeft") == pytest.approx(1.0)
    half = follower.value(follower.see(mouthSmile=0.7), "mouthSmileLeft")
    assert half == pytest.approx(0.5)
    assert follower.value(follower.see(mouthSmile=0.1), "mouthSmileLeft") == 0.0


def test_less_of_one_end_is_some_of_the_other() -> None:
    follower = learnt(eyeLookInLeft=0.4)
    motion = follower.see(eyeLookInLeft=0.1)
    assert follower.value(motion, "eyeLookOutLeft") == pytest.approx(0.5)
    assert follower.value(motion, "eyeLookInLeft") == 0.0


def test_a_blink_while_the_rest_is_learnt_does_not_count() -> None:
    follower = Follower()
    follower.see(5)
    follower.see(3, eyeBlink=0.7)
    follower.see(25)
    assert follower.value(follower.see(), "eyeBlinkLeft") == 0.0
    assert follower.value(follower.see(eyeBlink=0.63), "eyeBlinkRight") == 1.0


def test_turns_are_degrees_from_the_rest() -> None:
    follower = learnt(turn=(5.0, 0.0, 0.0))
    motion = follower.see(turn=(-3.0, 6.0, 2.0))
    np.testing.assert_allclose(motion.pose[:3] if motion else (), (-8.0, 6.0, 2.0), atol=1e-4)


def test_a_head_that_stays_elsewhere_comes_back_to_the_middle() -> None:
    follower = learnt()
    there: dict[str, Any] = {"place": (5.0, 5.0, 40.0), "turn": (10.0, 0.0, 0.0)}
    motion = follower.see(3, **there)
    right, up, nearer = (follower.value(motion, it) for it in ("x", "y", "scale"))
    assert right > 0.03 and up < -0.03 and nearer > 0.05
    motion = follower.see(round(4 * RECENTRE_SECONDS / STEP), **there)
    assert abs(follower.value(motion, "x")) < 0.1 * right
    assert abs(follower.value(motion, "scale")) < 0.1 * nearer
    assert follower.value(motion, "yaw") == pytest.approx(10.0, abs=1e-3), "a turn stays"


def test_a_new_rest_is_learnt_on_request_and_comes_softly() -> None:
    follower = learnt()
    assert follower.value(follower.see(5, browInnerUp=0.5), "browInnerUp") == pytest.approx(0.5)
    follower.watcher.calibrate()
    seen = [follower.value(follower.see(browInnerUp=0.5), "browInnerUp") for _ in range(60)]
    assert seen[20] == pytest.approx(0.5), "the old one holds while the new one is learnt"
    assert seen[-1] == pytest.approx(0.0, abs=1e-3)
    assert max(np.abs(np.diff(seen))) < 0.2


def test_a_slow_camera_is_watched_for_longer() -> None:
    follower = Follower()
    for count in range(8):
        assert follower.watcher.learnt is False, count
        follower.watcher(reading(), count * 0.4, 0.0)
    assert follower.watcher.learnt


def test_coefficients_that_a_bundle_has_not_stay_at_rest() -> None:
    names = {Component.MOUTH: ["a", "jawOpen"], Component.EXPRESSION: ["b"], Component.POSE: []}
    follower = Follower(names)
    follower.see(30)
    motion = follower.see(jawOpen=0.8)
    assert motion is not None
    np.testing.assert_allclose(motion.mouth, [0.0, 1.0])
    assert not motion.expression.any() and motion.pose.shape == (0,)


def test_a_place_is_where_it_is_shown() -> None:
    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, 3] = (3.0, -2.0, -60.0)
    np.testing.assert_allclose(place_of(matrix), (3.0, -2.0, 60.0))
    follower = learnt(place=(0.0, 0.0, 50.0))
    motion = follower.see(place=tuple(place_shown(0.1, 0.05, 0.1).tolist()))
    shown = [follower.value(motion, it) for it in ("x", "y", "scale")]
    np.testing.assert_allclose(shown, (0.05, 0.025, 0.05), rtol=0.02)
