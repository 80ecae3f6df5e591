"""When sound is heard, with what a card tells; a real one plays in tests/e2e/test_devices.py."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from client.elastic import RATE, Samples
from client.speaker import WAITING_SECONDS, Speaker
from tests.support.speech import tone


class Time:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def ask(speaker: Speaker, count: int = 480, latency: float = 0.05) -> Samples:
    """What a card does each 10 ms: it takes sound that it will play after `latency`."""
    out = np.zeros((count, 2), np.int16)
    times = SimpleNamespace(currentTime=7.0, outputBufferDacTime=7.0 + latency)
    speaker._give(out, count, times, None)
    return out


def test_sound_is_heard_after_the_card_and_what_waits() -> None:
    time = Time()
    speaker = Speaker(clock=time)
    assert speaker.heard_at is None, "no card has asked yet"
    speaker.play(tone(0.10))
    assert ask(speaker).any()
    after_block = 50.0 + 0.05 + 480 / RATE
    assert speaker.heard_at == pytest.approx(after_block + 0.09, abs=0.001)
    time.now += 0.005
    assert speaker.heard_at == pytest.approx(after_block + 0.09, abs=0.001), (
        "time goes, sound stays"
    )


def test_both_sides_hear_the_same() -> None:
    speaker = Speaker(clock=Time())
    speaker.play(tone(0.10))
    out = ask(speaker)
    np.testing.assert_array_equal(out[:, 0], out[:, 1])


def test_a_card_that_stands_still_delays() -> None:
    time = Time()
    speaker = Speaker(clock=time)
    ask(speaker)
    time.now += 2.0
    assert speaker.heard_at == pytest.approx(52.0 + WAITING_SECONDS)


def test_on_a_card_that_is_gone_nothing_is_heard() -> None:
    speaker = Speaker(clock=Time())
    ask(speaker)
    speaker.card.trouble = "the speaker is gone"
    assert speaker.heard_at is None and speaker.trouble is not None
