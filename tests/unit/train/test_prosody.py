"""Accents and pauses: what the synthesiser knows, and what is measured in its sound."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.types import HEARING_RATE, Floats, floats
from train.voices.corpus import HELD_OUT
from train.voices.curves import tick_centres
from train.voices.flite import Flite
from train.voices.hibari import Hibari
from train.voices.make import at_hearing_rate, padded
from train.voices.phones import SILENCE, VOWELS, Phone, Utterance
from train.voices.pitch import pitch
from train.voices.prosody import prosody_curves

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
STRESS, PAUSE = 0, 1


def buzz(hertz: NDArray[np.float64], loud: float = 0.2) -> Floats:
    """Something voiced with a pitch for each sample."""
    phase = 2 * np.pi * np.cumsum(hertz) / HEARING_RATE
    wave = np.sum([np.sin(n * phase) / n for n in range(1, 15)], axis=0)
    return floats(wave * loud)


def said(*vowels: tuple[int, float, float]) -> Utterance:
    """Vowels of 200 ms after each other: stress, Hz and loudness of each; silence around them."""
    length = HEARING_RATE // 5
    quiet = np.zeros(HEARING_RATE // 2, np.float32)
    phones = [Phone(SILENCE, 0.0, 0.5)]
    for stress, _, _ in vowels:
        phones.append(Phone("aa", phones[-1].end, phones[-1].end + 0.2, stress))
    phones.append(Phone(SILENCE, phones[-1].end, phones[-1].end + 0.5))
    voiced = [buzz(np.full(length, hertz), loud) for _, hertz, loud in vowels]
    return Utterance(np.concatenate([quiet, *voiced, quiet]), HEARING_RATE, tuple(phones))


def heights(utterance: Utterance) -> list[float]:
    """The stress in the middle of each vowel."""
    stress = prosody_curves(utterance)[:, STRESS]
    times = tick_centres(utterance.seconds)
    vowels = [phone for phone in utterance.phones if phone.name in VOWELS]
    return [float(np.interp((v.start + v.end) / 2 - 0.03, times, stress)) for v in vowels]


@pytest.mark.parametrize("hertz", [80.0, 110.0, 180.0, 260.0, 380.0])
def test_pitch_is_measured(hertz: float) -> None:
    tones = pitch(buzz(np.full(HEARING_RATE, hertz)))[10:-10]
    assert np.isfinite(tones).all()
    np.testing.assert_allclose(tones, 12 * np.log2(hertz / 100), atol=0.5)


def test_pitch_follows_a_glide_and_is_unknown_in_noise_and_silence() -> None:
    tones = pitch(buzz(np.linspace(120.0, 200.0, HEARING_RATE)))[10:-10]
    assert tones[-1] - tones[0] == pytest.approx(12 * np.log2(200 / 120) * 0.8, abs=0.8)
    hiss = np.random.default_rng(0).standard_normal(HEARING_RATE).astype(np.float32) * 0.1
    assert np.isfinite(pitch(hiss)).mean() < 0.1
    assert not np.isfinite(pitch(np.zeros(HEARING_RATE, np.float32))).any()


def test_vowels_without_stress_have_no_accent() -> None:
    calm = heights(said((0, 120.0, 0.1), (1, 120.0, 0.1), (0, 120.0, 0.1)))
    assert calm[0] < 0.1 < 0.4 < calm[1]
    assert calm[2] < 0.1


def test_higher_and_louder_vowels_have_stronger_accents() -> None:
    plain, high = (
        heights(said((1, 120.0, 0.1), (0, 120.0, 0.1), (2, 120.0, 0.1)))[0],
        [
            heights(said((1, hertz, loud), (0, 120.0, 0.1), (2, 120.0, 0.1)))[0]
            for hertz, loud in ((170.0, 0.1), (120.0, 0.25))
        ],
    )
    assert min(high) > plain + 0.05


def test_a_pause_is_known_before_it_comes_and_ends_with_it() -> None:
    utterance = said((1, 120.0, 0.1), (0, 120.0, 0.1), (1, 120.0, 0.1))
    pause = prosody_curves(utterance)[:, PAUSE]
    times = tick_centres(utterance.seconds)
    assert (pause[times < 0.44] > 0.9).all() and (pause[times > 1.1] > 0.95).all()
    assert (pause[(times > 0.54) & (times < 0.82)] < 0.05).all()
    coming = pause[(times > 0.85) & (times < 1.1)]
    assert (np.diff(coming) > 0).all()


@needs_flite
@pytest.mark.parametrize("voice", ["slt", "rms", "hibari"])
def test_voices_say_what_is_stressed(voice: str) -> None:
    speaker = Hibari() if voice == "hibari" else Flite(voice)
    utterance = speaker.speak("The museum opens tomorrow.")
    assert [p.stress for p in utterance.phones if p.name == "ow"] == [1, 0], "opens, tomorrow"
    vowels = [p for p in utterance.phones if p.name in VOWELS]
    assert sum(p.stress == 1 for p in vowels) == 3
    assert vowels[0].stress == 0, "the"


def test_real_speech_has_some_accents_a_second() -> None:
    utterance = padded(at_hearing_rate(Hibari().speak(HELD_OUT[1])), 0.5, 0.5)
    curves = prosody_curves(utterance)
    assert curves.shape == (len(utterance.sound) // 640, 2)
    assert curves.min() >= 0.0 and curves.max() <= 1.0
    begins = np.sum((curves[1:, STRESS] > 0.3) & (curves[:-1, STRESS] <= 0.3))
    assert 1.0 < begins / (utterance.seconds - 1.0) < 3.5
