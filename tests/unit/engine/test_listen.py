from __future__ import annotations

import numpy as np

from engine.listen import Listener
from engine.studio import Studio
from engine.types import HEARING_TICK, Floats
from tests.support.lips import SPEECH
from tests.support.sound import read
from tests.support.speech import heard


def ticks(seconds: float) -> list[Floats]:
    """Real speech at 16 kHz, in ticks."""
    speech = heard(read(SPEECH / "rms.wav")[::3])
    return np.split(speech[: round(seconds * 25) * HEARING_TICK], round(seconds * 25))


def hear(listener: Listener, sound: list[Floats]) -> Floats:
    return np.array([listener.hear(tick) for tick in sound])


def test_the_mouth_moves_with_speech_and_rests_in_silence(studio: Studio) -> None:
    speech = hear(studio.listener(), ticks(6.0))
    quiet = hear(studio.listener(), [np.zeros(HEARING_TICK, np.float32)] * 100)
    assert speech.shape == (150, 28)
    jaw = 2
    assert speech[:, jaw].max() > 0.15
    assert quiet[:, jaw].var() < 0.01 * speech[:, jaw].var()
    assert speech.min() >= 0.0 and speech.max() <= 1.0


def test_reset_equals_a_new_listener(studio: Studio) -> None:
    sound = ticks(2.0)
    listener = studio.listener()
    first = hear(listener, sound)
    listener.reset()
    np.testing.assert_array_equal(hear(listener, sound), first)


def test_two_listeners_do_not_hear_each_other(studio: Studio) -> None:
    sound = ticks(2.0)
    alone = hear(studio.listener(), sound)
    one, other = studio.listener(), studio.listener()
    mixed = []
    for tick in sound:
        mixed.append(one.hear(tick))
        other.hear(tick[::-1].copy())
    np.testing.assert_array_equal(np.array(mixed), alone)
