from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.motion_stream import HOLD_SECONDS, LET_GO_SECONDS, MotionStream
from tests.support.motions import motion

REST = motion()
RATE = 30.0


def jaw(stream: MotionStream, now: float) -> float:
    return float(stream.at(now).motion.mouth.max())


def fed(stream: MotionStream, seconds: float = 2.0, opening: float = 0.5) -> float:
    """Send the same motion for a while; gives the time of the last."""
    for count in range(round(seconds * RATE)):
        stream.push(motion(jawOpen=opening), count / RATE, count / RATE)
        stream.at(count / RATE + 0.001)
    return (round(seconds * RATE) - 1) / RATE


def test_nothing_is_nobody() -> None:
    followed = MotionStream(REST).at(5.0)
    assert followed.presence == 0 and followed.arrived is None and not followed.motion.mouth.any()


def test_the_newest_is_taken_at_once() -> None:
    stream = MotionStream(REST)
    last = fed(stream)
    stream.push(motion(jawOpen=0.9), last + 0.033, last + 0.05)
    assert jaw(stream, last + 0.051) == pytest.approx(0.9)
    assert stream.at(last + 0.06).arrived == last + 0.05


def test_late_ones_lie_between_their_neighbours() -> None:
    """Of a stream that is followed 60 ms late, messages may be overtaken."""
    stream = MotionStream(REST, delay=0.06)
    last = fed(stream, opening=0.0)
    for place, (opening, late) in enumerate([(0.1, 0.045), (0.2, 0.012), (0.3, 0.0)], 1):
        stream.push(motion(jawOpen=opening), last + place / RATE, last + place / RATE + late)
    for place in (1, 2, 3):
        assert jaw(stream, last + place / RATE + 0.06) == pytest.approx(place / 10, abs=0.01)
    middle = jaw(stream, last + 3 / RATE + 0.06)
    assert middle == pytest.approx(0.3, abs=0.01) and stream.late == 0


def test_what_has_been_passed_by_and_what_comes_twice_is_counted() -> None:
    stream = MotionStream(REST)
    last = fed(stream)
    assert not stream.push(motion(jawOpen=1.0), last - 0.2, last + 0.01)
    assert not stream.push(motion(jawOpen=1.0), last, last + 0.01)
    assert stream.late == 2 and jaw(stream, last + 0.02) == pytest.approx(0.5)


def test_a_clock_of_another_origin_that_runs_slow_is_followed() -> None:
    stream = MotionStream(REST, delay=0.04)
    for count in range(3_000):
        arrived = 1e6 + count / RATE
        stream.push(motion(jawOpen=count % 2), 7.0 + count / RATE * (1 - 4e-4), arrived)
        stream.at(arrived + 0.001)
    assert stream.late == 0
    seen = [jaw(stream, arrived + 0.001 + n / 1000) for n in range(0, 60, 5)]
    assert max(seen) > 0.8, "after 100 s it still interpolates between the last ones"


def test_a_clock_that_begins_anew_is_followed_softly() -> None:
    stream = MotionStream(REST)
    last = fed(stream, opening=0.0)
    stream.push(motion(jawOpen=1.0), -500.0, last + 0.04)
    seen = [jaw(stream, last + 0.041 + n * 0.04) for n in range(12)]
    assert seen[0] < 0.1 and seen[-1] == pytest.approx(1.0)
    assert max(np.diff(seen)) < 0.25 and stream.late == 0


def test_who_is_lost_is_held_and_then_let_go_within_a_second() -> None:
    stream = MotionStream(REST)
    last = fed(stream)
    presence = {}
    for tick in range(40):
        now = last + tick * 0.04
        presence[round(now - last, 2)] = stream.at(now).presence
    assert all(it == 1.0 for at, it in presence.items() if at <= HOLD_SECONDS)
    assert presence[1.04] == 0.0 and HOLD_SECONDS + LET_GO_SECONDS <= 1.0
    steps = np.abs(np.diff(list(presence.values())))
    assert 0 < max(steps) < 0.1, "softly"


def test_who_is_found_again_is_taken_softly() -> None:
    stream = MotionStream(REST)
    last = fed(stream)
    stream.at(last + 0.2)
    found = last + 0.25  # before it was let go
    seen = []
    for count in range(15):
        at = found + count / 25
        stream.push(motion(jawOpen=1.0), at, at)
        followed = stream.at(at + 0.001)
        seen.append(followed.presence * float(followed.motion.mouth.max()))
    assert seen[-1] == pytest.approx(1.0) and max(np.abs(np.diff([0.5, *seen]))) < 0.15


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.floats(0, 0.3), st.floats(0, 1)), min_size=1, max_size=60
    ),
    st.sampled_from([0.0, 0.06]),
)
def test_whatever_comes_the_motion_lies_within_what_was_sent(
    sent: list[tuple[float, float, float]], delay: float
) -> None:
    stream = MotionStream(REST, delay)
    arrivals = sorted((time + late, time, opening) for time, late, opening in sent)
    for arrived, time, opening in arrivals:
        stream.push(motion(jawOpen=opening), time, arrived)
        followed = stream.at(arrived)
        assert 0 <= followed.presence <= 1
        assert 0 <= followed.motion.mouth.max() <= max(it for *_, it in arrivals) + 1e-6
