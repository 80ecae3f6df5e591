"""Pictures and sound with the times at which a network brings them, on a clock of the test's."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from client.devices import SLICE
from client.elastic import RATE, Samples
from client.playout import EVEN_SECONDS, Playout, Zero
from client.recorder import PICTURES_EARLY
from client.speaker import Speaker
from client.virtual_camera import VirtualCamera
from tests.support.speech import tone


class Card(Speaker):
    """A speaker whose card takes so long."""

    def __init__(self, clock: Clock, seconds: float | None) -> None:
        super().__init__(clock=clock)
        self.clock, self.latency = clock, seconds
        self.played = 0

    @property
    def heard_at(self) -> float | None:
        return None if self.latency is None else self.clock.now + self.latency

    def play(self, samples: Samples) -> None:
        self.played += len(samples)


class Screen(VirtualCamera):
    """A virtual camera that remembers when each picture is due."""

    def __init__(self) -> None:
        super().__init__((256, 256))
        self.dues: list[float] = []

    def show(self, picture: av.VideoFrame, due: float) -> None:
        self.dues.append(due)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def sound(number: int) -> av.AudioFrame:
    samples = np.repeat(tone(0.02)[:, None], 2, axis=1).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = RATE, number * SLICE, Fraction(1, RATE)
    return frame


def picture(number: int) -> av.VideoFrame:
    frame = av.VideoFrame(16, 16, "yuv420p")
    frame.pts, frame.time_base = 3_600 * number, Fraction(1, 90_000)
    return frame


def converse(playout: Playout, clock: Clock, ticks: int, late: float = 0.0) -> None:
    """Ticks of one picture and two slices; every third picture comes late."""
    start = clock.now
    for tick in range(ticks):
        clock.now = start + tick * 0.04 + (late if tick % 3 == 2 else 0.0)
        playout.picture(picture(tick))
        for part in (0, 1):
            clock.now = start + tick * 0.04 + part * 0.02
            playout.sound(sound(2 * tick + part))


def test_pictures_are_shown_when_their_sound_is_heard() -> None:
    clock, screen = Clock(), Screen()
    speaker = Card(clock, 0.15)
    converse(Playout(speaker, screen, clock), clock, 50, late=0.03)
    wanted = 100.0 + np.arange(50) * 0.04 + 0.15 + PICTURES_EARLY
    np.testing.assert_allclose(screen.dues[1:], wanted[1:], atol=0.001)
    assert speaker.played == 100 * SLICE


def test_a_card_that_takes_longer_delays_the_pictures_too() -> None:
    clock, screen = Clock(), Screen()
    speaker = Card(clock, 0.05)
    playout = Playout(speaker, screen, clock)
    converse(playout, clock, 25)
    assert playout.delay == pytest.approx(0.05)
    speaker.latency = 0.09
    for number in range(50, 300):
        clock.now = 100.0 + number * 0.02
        playout.sound(sound(number))
    assert playout.delay == pytest.approx(0.09, abs=0.002)
    speaker.latency = 0.40
    clock.now += 0.02
    playout.sound(sound(300))
    assert playout.delay == pytest.approx(0.40, abs=0.01), "a jump is followed at once"


@pytest.mark.parametrize("speaks", [False, True])
def test_without_a_speaker_pictures_are_shown_evenly_and_soon(speaks: bool) -> None:
    clock, screen = Clock(), Screen()
    speaker = Card(clock, None) if speaks else None
    playout = Playout(speaker, screen, clock)
    converse(playout, clock, 10, late=0.015)
    np.testing.assert_allclose(screen.dues, 100.0 + np.arange(10) * 0.04 + EVEN_SECONDS)
    assert playout.delay is None


def test_the_zero_is_told_by_the_quickest_and_forgets_a_shorter_way() -> None:
    zero = Zero()
    assert zero(5.2, 0.0) == pytest.approx(5.2)
    assert zero(5.3, 0.2) == pytest.approx(5.1)
    assert zero(5.9, 0.4) == pytest.approx(5.1)
    for at in range(20, 60):
        last = zero(5.5 + at, float(at))
    assert last == pytest.approx(5.5)
