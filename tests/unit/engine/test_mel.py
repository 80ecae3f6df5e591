from __future__ import annotations

import numpy as np
import pytest

from engine.mel import BANDS, FRAMES_PER_TICK, LogMel, mel_filters
from engine.types import HEARING_TICK, floats
from tests.support.speech import heard, noise, tone


def test_a_tick_gives_four_frames() -> None:
    assert LogMel()(np.zeros(HEARING_TICK, np.float32)).shape == (FRAMES_PER_TICK, BANDS)


def test_silence_is_minus_one_and_speech_is_above() -> None:
    mel = LogMel()
    quiet = mel(np.zeros(HEARING_TICK, np.float32))
    assert quiet == pytest.approx(-1.0, abs=1e-5)
    loud = mel(heard(tone(0.04, rate=16_000)))
    assert loud.max() > -0.3


def test_cutting_the_sound_anywhere_changes_nothing() -> None:
    sound = heard(noise(1.6, 0.1, rate=16_000))
    whole = LogMel()(sound)
    streaming = LogMel()
    pieces = [streaming(piece) for piece in np.split(sound, [160, 800, 1440, 9600])]
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)


def test_a_tone_shows_in_its_band() -> None:
    time = np.arange(6400) / 16_000
    bands = LogMel()(floats(0.3 * np.sin(2 * np.pi * 1000 * time)))[-1]
    middle = mel_filters()[bands.argmax()].argmax() * 16_000 / 512
    assert middle == pytest.approx(1000, abs=60)


def test_reset_equals_a_new_one() -> None:
    mel, sound = LogMel(), heard(noise(0.04, 0.1, rate=16_000))
    first = mel(sound)
    mel.reset()
    np.testing.assert_array_equal(mel(sound), first)
