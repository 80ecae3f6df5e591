"""Voices: the sound is there, and the phones are where it has them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from engine.types import HEARING_RATE, HEARING_TICK, Floats
from train.voices.batches import louder
from train.voices.corpus import HELD_OUT, sentences
from train.voices.flite import VOICES, Flite
from train.voices.hibari import LEAD, Hibari, phones_of
from train.voices.make import HELD_OUT_VOICE, TAKES, at_hearing_rate, heard, material, padded
from train.voices.pauses import with_pauses_as_heard
from train.voices.phones import ALPHABET, ORDER, SILENCE, VOWELS, Phone, Utterance, joined
from train.voices.sound import decoded, encoded, resampled
from train.voices.spoil import level, quiet, spoiled
from train.voices.timing import closures

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
TEXT = HELD_OUT[0]


@pytest.fixture(scope="module")
def hibari() -> Hibari:
    return Hibari()


def assert_whole(said: Utterance) -> None:
    """The phones are of our alphabet and cover the sound without gaps."""
    assert {phone.name for phone in said.phones} <= ALPHABET
    assert said.phones[0].start == 0.0
    assert said.phones[-1].end == pytest.approx(said.seconds, abs=0.12)
    for before, after in zip(said.phones, said.phones[1:], strict=False):
        assert before.end == pytest.approx(after.start, abs=1e-6)
        assert after.end > after.start


@needs_flite
@pytest.mark.parametrize("voice", VOICES)
def test_flite_says_its_phones(voice: str) -> None:
    said = Flite(voice).speak(TEXT)
    assert said.rate == HEARING_RATE
    assert_whole(said)
    assert sum(phone.name == "p" for phone in said.phones) >= 4


@needs_flite
def test_flite_speaks_faster() -> None:
    voice = Flite("slt")
    assert voice.speak(TEXT, speed=1.25).seconds < 0.9 * voice.speak(TEXT).seconds


def test_hibari_says_its_phones(hibari: Hibari) -> None:
    said = hibari.speak(" ".join(HELD_OUT[:2]))
    assert_whole(said)
    assert sum(phone.name in "pbm" for phone in said.phones) >= 12
    assert {"ng", "r", "ay"} <= {p.name for t in HELD_OUT[1:4] for p in hibari.speak(t).phones}


def test_hibari_repeats_itself(hibari: Hibari) -> None:
    assert np.array_equal(hibari.speak(TEXT, seed=3).sound, hibari.speak(TEXT, seed=3).sound)


def test_hibari_is_heard_when_its_phones_say(hibari: Hibari) -> None:
    offsets = np.concatenate([closures(hibari.speak(text)) for text in HELD_OUT[:8]])
    assert len(offsets) > 30
    begins, ends = np.median(offsets, axis=0)
    assert abs(begins) < 0.015
    assert -0.045 < ends < 0.0


def test_stress_and_spaces_go_to_their_neighbours() -> None:
    letters = ["", "t", "ˈ", "i", " ", "t", "ə", ""]
    ends = np.array([0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7])
    heard_as = [(p.name, round(p.start + LEAD, 3)) for p in phones_of(letters, ends)[1:]]
    assert heard_as == [
        ("t", 0.1), ("iy", 0.2), ("t", 0.32), ("ax", 0.5), (SILENCE, 0.6)
    ]  # fmt: skip


def test_pauses_are_moved_to_the_silence() -> None:
    sound = np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.1
    sound[6_400:9_600] = 0.0  # 0.4 to 0.6 s
    phones = (Phone("aa", 0.0, 0.5), Phone(SILENCE, 0.5, 0.65), Phone("s", 0.65, 1.0))
    moved = with_pauses_as_heard(phones, sound, 16_000)
    assert [p.name for p in moved] == ["aa", SILENCE, "s"]
    assert (moved[1].start, moved[1].end) == pytest.approx((0.4, 0.6), abs=0.011)


def test_silences_are_joined_and_empty_phones_left_out() -> None:
    phones = [Phone(SILENCE, 0, 1), Phone("s", 1, 1), Phone(SILENCE, 1, 2), Phone("aa", 2, 3)]
    assert joined(phones) == (Phone(SILENCE, 0, 2), Phone("aa", 2, 3))


def test_training_sentences_are_different_repeatable_and_not_held_out() -> None:
    texts = sentences(1200, seed=1)
    assert len(set(texts)) == 1200
    assert texts == sentences(1200, seed=1)
    assert texts != sentences(1200, seed=2)
    assert not set(texts) & set(HELD_OUT)
    assert HELD_OUT_VOICE not in TAKES


def test_training_sentences_hold_every_sound(hibari: Hibari) -> None:
    names = {phone.name for text in sentences(60, seed=1) for phone in hibari.speak(text).phones}
    assert names == ALPHABET
    assert names > VOWELS


def click_at(length: int, position: int) -> Floats:
    sound = np.zeros(length, np.float32)
    sound[position - 20 : position + 21] = np.hanning(41)
    return sound


@pytest.mark.parametrize("rates", [(24_000, 16_000), (16_000, 8_000), (8_000, 16_000)])
def test_resampling_does_not_delay(rates: tuple[int, int]) -> None:
    source, target = rates
    there = resampled(click_at(source, source // 2), source, target)
    assert len(there) == target
    assert abs(int(np.argmax(there)) - target // 2) <= 1


def test_codecs_do_not_delay() -> None:
    sound = click_at(16_000, 8_000)
    for codec, container, bits in (("libopus", "ogg", 12_000), ("libmp3lame", "mp3", 32_000)):
        back = decoded(encoded(sound, 16_000, codec, container, bits), 16_000)
        assert abs(int(np.argmax(np.abs(back))) - 8_000) < 80, codec


def test_spoiled_sound_is_as_long_and_not_too_loud() -> None:
    random = np.random.default_rng(5)
    sound = np.sin(np.arange(16_000) * 0.2).astype(np.float32) * np.float32(0.3)
    for _ in range(30):
        worse = spoiled(sound, random)
        assert worse.shape == sound.shape and np.abs(worse).max() <= 1.0
        assert -40.0 < 20 * np.log10(level(worse)) < -10.0


def test_quiet_differs_and_stays_in_range() -> None:
    random = np.random.default_rng(1)
    loudness = [level(quiet(2.0, random)) for _ in range(20)]
    assert min(loudness) < 1e-4 < max(loudness) < 1.0


def test_louder_frames_are_those_of_louder_sound() -> None:
    sound = (np.random.default_rng(0).standard_normal(6_400) * 0.05).astype(np.float32)
    expected = heard(sound * np.float32(10 ** (6 / 20)))
    assert louder(heard(sound), 6.0) == pytest.approx(expected, abs=1e-4)


def test_material_has_a_mouth_for_every_tick(hibari: Hibari) -> None:
    said = padded(at_hearing_rate(hibari.speak(TEXT), faster=1.1), 0.33, 0.51)
    assert len(said.sound) % HEARING_TICK == 0
    taught = material(said, np.random.default_rng(0))
    ticks = len(said.sound) // HEARING_TICK
    assert taught.mel.shape == (ticks, 4, 64)
    assert taught.mouth.shape == (ticks, 28)
    assert taught.closure.shape == taught.phone.shape == (ticks,)
    assert taught.prosody.shape == (ticks, 2)
    middle = said.phones[5]
    tick = int((middle.start + middle.end) / 2 * 25)
    assert ORDER[taught.phone[tick]] in {phone.name for phone in said.phones[4:7]}
    assert ORDER[taught.phone[0]] == ORDER[taught.phone[-1]] == SILENCE
