from __future__ import annotations

import numpy as np
import pytest

from engine.arkit import EXPRESSION, MOUTH, POSE, mirrored
from engine.driver import Driver, DriverState
from engine.motion_stream import HOLD_SECONDS
from engine.types import Component, floats
from engine.watch import Watcher
from tests.support.motions import motion
from tests.support.readings import reading

NAMES = {Component.MOUTH: MOUTH, Component.EXPRESSION: EXPRESSION, Component.POSE: POSE}
STEP = 0.04


def met(seconds: float = 2.0) -> tuple[Driver, float]:
    """A driver whose rest is known, and the time of the last reading."""
    driver = Driver(Watcher(NAMES))
    driver.settle(0.0, False)
    for tick in range(round(seconds / STEP) + 1):
        driver.see(reading(), tick * STEP, tick * STEP)
        driver.at(tick * STEP)
    return driver, tick * STEP


def yaw(driver: Driver, now: float) -> float:
    followed = driver.at(now)
    return float(followed.presence * followed.motion.pose[0])


def test_a_driver_comes_is_learnt_followed_lost_and_forgotten() -> None:
    driver = Driver(Watcher(NAMES))
    assert driver.state(0.0) is DriverState.ABSENT
    driver.see(None, 0.0, 0.0)
    assert driver.state(0.01) is DriverState.LOST
    for tick in range(1, 60):
        driver.see(reading(), tick * STEP, tick * STEP)
        state = driver.state(tick * STEP)
        assert state is (DriverState.LEARNING if tick < 20 else state)
    assert state is DriverState.FOLLOWING
    assert driver.pace(tick * STEP) == (26, 1.0)
    for more in range(1, 14):
        driver.see(None, (tick + more) * STEP, (tick + more) * STEP)
    now = (tick + more) * STEP
    assert driver.state(now) is DriverState.LOST and driver.pace(now) == (26, 0.5)
    assert driver.state(now + 6) is DriverState.ABSENT and driver.pace(now + 6) == (0, 0.0)


def test_nobody_is_followed_before_the_rest_is_known() -> None:
    driver = Driver(Watcher(NAMES))
    for tick in range(20):
        driver.see(reading(turn=(15.0, 0.0, 0.0)), tick * STEP, tick * STEP)
        assert driver.at(tick * STEP).presence == 0


def test_lost_and_found_elsewhere_leaves_no_jump() -> None:
    """At most three standard deviations of what a head does from picture to picture."""
    rng = np.random.default_rng(3)
    driver, last = met()
    sway = np.cumsum(rng.normal(0, 0.6, 400)) * 0.9 ** np.arange(400)
    usual = []
    seen = [yaw(driver, last)]
    for tick, turn in enumerate(np.sin(np.arange(200) / 12) * 10 + sway[:200], 1):
        now = last + tick * STEP
        gone = 80 <= tick < 80 + round((HOLD_SECONDS + 0.2) / STEP) or 140 <= tick < 145
        elsewhere = -1 if tick >= 140 else 1
        driver.see(None if gone else reading(turn=(turn * elsewhere, 0, 0)), now, now)
        seen.append(yaw(driver, now + 0.001))
        usual.append(turn)
    steps, normal = np.abs(np.diff(seen)), float(np.std(usual))
    assert steps.max() < 3 * normal and steps[78:].max() < 3.0


def test_a_mirror_swaps_sides_softly() -> None:
    driver, last = met()
    driver.see(reading(turn=(10.0, 5.0, 4.0), mouthSmileLeft=0.8), last + STEP, last + STEP)
    plain = driver.at(last + STEP + 0.001).motion
    driver.settle(0.0, True)
    steps = []
    for tick in range(2, 20):
        now = last + tick * STEP
        driver.see(reading(turn=(10.0, 5.0, 4.0), mouthSmileLeft=0.8), now, now)
        steps.append(driver.at(now + 0.001).motion)
    np.testing.assert_allclose(steps[-1].pose[:3], plain.pose[:3] * (-1, 1, -1), atol=1e-3)
    left, right = (MOUTH.index(it) for it in ("mouthSmileLeft", "mouthSmileRight"))
    assert steps[-1].mouth[right] == pytest.approx(0.8) and steps[-1].mouth[left] == 0
    yaws = [float(it.pose[0]) for it in steps]
    assert yaws[0] > 5 and np.abs(np.diff(yaws)).max() < 5, "no jump to the other side"


@pytest.mark.parametrize("part", Component)
def test_mirrored_twice_is_as_before(part: Component) -> None:
    sources, signs = mirrored(NAMES[part])
    row = motion(yaw=3.0, roll=2.0, mouthSmileLeft=0.4, eyeLookOutLeft=0.3)[part]
    once = row[sources] * floats(signs)
    np.testing.assert_array_equal(once[sources] * floats(signs), row)


def test_late_readings_are_counted_and_another_clock_is_taken() -> None:
    driver, last = met()
    driver.see(reading(), last - 0.1, last + 0.01)
    driver.see(reading(), last, last + 0.02)
    assert driver.late == 2
    for tick in range(30):
        driver.see(reading(turn=(8.0, 0, 0)), -100 + tick * STEP, last + (tick + 1) * STEP)
        turned = yaw(driver, last + (tick + 1) * STEP + 0.001)
    assert driver.late == 2 and turned == pytest.approx(8.0, abs=0.01)


def test_a_new_rest_is_learnt_when_asked() -> None:
    driver, last = met()
    driver.calibrate()
    for tick in range(1, 80):
        driver.see(reading(turn=(8.0, 0, 0)), last + tick * STEP, last + tick * STEP)
        turned = yaw(driver, last + tick * STEP + 0.001)
    assert turned == pytest.approx(0.0, abs=0.05)
