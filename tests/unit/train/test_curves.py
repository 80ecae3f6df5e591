"""Mouth curves follow the rules of speech."""

from __future__ import annotations

import numpy as np
import pytest

from engine.arkit import MOUTH
from engine.types import HEARING_RATE, Floats
from train.voices.curves import CLOSED, lip_gap, lip_opening, mouth_curves, tick_centres
from train.voices.phones import ALPHABET, CONSONANTS, SILENCE, VOWELS, Phone, Utterance
from train.voices.targets import TARGETS, shape


def said(names: str, each: float = 0.1, loudness: float = 0.1) -> Utterance:
    """Phones of equal length with half a second of silence around them, over steady noise."""
    phones = [Phone(SILENCE, 0.0, 0.5)]
    for name in names.split():
        start = phones[-1].end
        phones.append(Phone(name, start, start + each))
    end = phones[-1].end + 0.6
    phones.append(Phone(SILENCE, phones[-1].end, end))
    noise = np.random.default_rng(0).standard_normal(round(end * HEARING_RATE)) * loudness
    return Utterance(noise.astype(np.float32), HEARING_RATE, tuple(phones))


def during(utterance: Utterance, phone: int, values: Floats) -> Floats:
    """What `values` [ticks, ...] are in the middle half of a phone, counted from the first one."""
    chosen = utterance.phones[phone + 1]
    times = tick_centres(utterance.seconds)
    quarter = (chosen.end - chosen.start) / 4
    inside = (times >= chosen.start + quarter) & (times <= chosen.end - quarter)
    return values[inside]


def coefficient(mouths: Floats, name: str) -> Floats:
    return mouths[..., MOUTH.index(name)]


@pytest.mark.parametrize("bilabial", ["p", "b", "m"])
@pytest.mark.parametrize("length", [0.03, 0.06, 0.12])
@pytest.mark.parametrize("shift", [0.0, 0.013, 0.027])
def test_bilabials_touch_at_any_length_and_phase(
    bilabial: str, length: float, shift: float
) -> None:
    start = 0.9 + shift
    phones = (
        Phone(SILENCE, 0.0, 0.4),
        Phone("aa", 0.4, start),
        Phone(bilabial, start, start + length),
        Phone("aa", start + length, 1.6),
        Phone(SILENCE, 1.6, 2.0),
    )
    mouths, closure = mouth_curves(Utterance(np.zeros(32_000, np.float32), HEARING_RATE, phones))
    assert closure.max() == 1.0
    assert (lip_opening(mouths)[closure == 1.0] == 0.0).all()
    assert lip_opening(mouths)[15] > 0.3  # and the vowel before is open


def test_lips_close_fully_only_for_bilabials() -> None:
    open_consonants = sorted(CONSONANTS - {"p", "b", "m"})
    for name in open_consonants:
        utterance = said(f"ah {name} ah", each=0.16)
        assert during(utterance, 1, lip_opening(mouth_curves(utterance)[0])).min() > CLOSED, name


def test_silence_is_rest() -> None:
    silent = Utterance(np.zeros(32_000, np.float32), HEARING_RATE, (Phone(SILENCE, 0.0, 2.0),))
    assert not mouth_curves(silent)[0].any()


def test_the_mouth_rests_soon_after_speech_and_parts_shortly_before() -> None:
    utterance = said("aa s ah")
    opening = lip_opening(mouth_curves(utterance)[0])
    times = tick_centres(utterance.seconds)
    end = utterance.phones[-1].start
    assert opening[times < 0.3].max() < 0.02
    assert opening[(times > 0.44) & (times < 0.5)].max() > 0.05
    assert opening[times > end + 0.4].max() < 0.02


def test_f_brings_the_lower_lip_to_the_teeth() -> None:
    utterance = said("ah f ah", each=0.12)
    mouths = mouth_curves(utterance)[0]
    assert during(utterance, 1, coefficient(mouths, "mouthRollLower")).max() > 0.3
    assert during(utterance, 1, lip_opening(mouths)).min() < 0.15


def test_rounding_of_w_starts_before_its_sound() -> None:
    alone, rounded = said("d ax d ax"), said("d ax w ax")
    before = [
        during(each, 1, coefficient(mouth_curves(each)[0], "mouthPucker")).mean()
        for each in (alone, rounded)
    ]
    assert before[1] > before[0] + 0.05


@pytest.mark.parametrize("vowel", sorted(VOWELS))
def test_vowels_are_as_wide_as_in_speech(vowel: str) -> None:
    utterance = said(f"t {vowel} t", each=0.14)
    opening = during(utterance, 1, lip_opening(mouth_curves(utterance)[0]))
    assert 0.1 < opening.max() < 0.6


def test_low_vowels_open_wider_than_high_ones() -> None:
    widths = []
    for vowel in ("iy", "eh", "aa"):
        utterance = said(f"t {vowel} t", each=0.14)
        widths.append(
            during(utterance, 1, coefficient(mouth_curves(utterance)[0], "jawOpen")).max()
        )
    assert widths == sorted(widths)


def test_louder_vowels_open_wider() -> None:
    utterance = said("aa t aa t aa", each=0.12)
    louder = utterance.sound.copy()
    start, end = (
        int(t * HEARING_RATE) for t in (utterance.phones[3].start, utterance.phones[3].end)
    )
    louder[start:end] *= 2.0
    emphasised = Utterance(louder, HEARING_RATE, utterance.phones)
    plain, wide = (
        during(utterance, 2, lip_opening(mouth_curves(each)[0])).max()
        for each in (utterance, emphasised)
    )
    assert wide > plain * 1.1


def test_every_phone_has_a_target_in_range() -> None:
    assert set(TARGETS) == ALPHABET
    for name in sorted(ALPHABET):
        mouths, _ = mouth_curves(said(f"{name} ah {name}"))
        assert mouths.dtype == np.float32 and mouths.min() >= 0.0 and mouths.max() <= 0.8


def test_lips_meet_where_mouth_close_equals_jaw_open() -> None:
    assert lip_gap(shape(jawOpen=0.5, mouthClose=0.5)) == pytest.approx(0.0)
    assert lip_opening(shape(jawOpen=0.5)) == pytest.approx(0.5)
    assert lip_opening(shape(mouthPress=1.0)) == 0.0


def test_mouths_are_sampled_in_the_middle_of_ticks() -> None:
    assert tick_centres(0.2).tolist() == pytest.approx([0.02, 0.06, 0.1, 0.14, 0.18])
