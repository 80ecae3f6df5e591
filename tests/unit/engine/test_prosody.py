from __future__ import annotations

import numpy as np

from engine.audio import VoiceActivity
from engine.prosody import LoudnessProsody, Prosody
from engine.types import HEARING_TICK, Floats
from tests.support.lips import SPEECH
from tests.support.sound import read
from tests.support.speech import heard


def ticks(sound: Floats) -> list[Floats]:
    return np.split(sound[: len(sound) // HEARING_TICK * HEARING_TICK], len(sound) // HEARING_TICK)


def follow(sound: list[Floats]) -> list[Prosody]:
    loudness, voice = LoudnessProsody(), VoiceActivity()
    return [loudness.step(tick, voice(tick)) for tick in sound]


def speech() -> list[Floats]:
    return ticks(heard(read(SPEECH / "hibari.wav")[::3]))


def test_stress_comes_with_the_loud_syllables_and_goes_between_them() -> None:
    sound = speech()
    stress = np.array([prosody.stress for prosody in follow(sound)])
    loud = np.array([np.sqrt(np.mean(tick * tick)) for tick in sound])
    assert float(np.corrcoef(loud, stress)[0, 1]) > 0.5
    assert 0.0 <= stress.min() and stress.max() <= 1.0
    assert 0.5 < np.mean(stress < 0.3), "most of speech is not stressed"


def test_silence_is_a_pause_without_stress() -> None:
    quiet = follow([np.zeros(HEARING_TICK, np.float32)] * 50)
    assert set(quiet) == {Prosody(0.0, 1.0)}


def test_noise_that_is_no_voice_has_no_stress() -> None:
    fan = np.random.default_rng(0).normal(0, 0.05, HEARING_TICK).astype(np.float32)
    loudness = LoudnessProsody()
    assert {loudness.step(fan, speaking=False).stress for _ in range(50)} == {0.0}


def test_reset_equals_a_new_one() -> None:
    used = LoudnessProsody()
    for tick in speech()[:60]:
        used.step(tick, speaking=True)
    used.reset()
    fresh = LoudnessProsody()
    for tick in speech()[60:80]:
        assert used.step(tick, speaking=True) == fresh.step(tick, speaking=True)
