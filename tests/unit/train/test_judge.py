"""The figures that networks are judged by tell good from bad."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.arkit import MOUTH
from engine.listen import Speech
from engine.prosody import Prosody
from engine.types import Floats, floats
from train.voices.batches import disturbed
from train.voices.curves import mouth_curves
from train.voices.judge_mouth import judged, tucked_share
from train.voices.judge_prosody import prosody_judged
from train.voices.phones import Phone, Utterance
from train.voices.prosody import prosody_curves
from train.voices.samples import read_test
from train.voices.spoil import level, noise
from train.voices.trials import in_company, noisy

SPEECH = Path(__file__).parents[2] / "data" / "speech"
REST = np.zeros(len(MOUTH), np.float32)


@pytest.fixture(scope="module")
def said() -> Utterance:
    return read_test(SPEECH / "hibari.wav")


def told(curves: Floats) -> list[Speech]:
    return [Speech(REST, Prosody(*curve)) for curve in curves.tolist()]


def test_the_wanted_prosody_is_perfect(said: Utterance) -> None:
    figures = prosody_judged(told(prosody_curves(said)), said)
    assert figures is not None
    assert figures.stress == pytest.approx(1.0)
    assert figures.noticed > 0.9 and figures.made_up < 0.02
    assert figures.pause == 1.0 and figures.ends == 0.0


def test_prosody_that_comes_late_or_from_elsewhere_is_not(said: Utterance) -> None:
    wanted = prosody_curves(said)
    late = prosody_judged(told(np.roll(wanted, 3, axis=0)), said)
    elsewhere = prosody_judged(told(wanted[::-1]), said)
    assert late is not None and elsewhere is not None
    assert late.ends == pytest.approx(0.12)
    assert late.stress < 0.7
    assert elsewhere.stress < 0.3 and elsewhere.noticed < 0.5 and elsewhere.pause < 0.8


def test_a_network_without_prosody_is_not_judged_on_it(said: Utterance) -> None:
    assert prosody_judged([Speech(REST, None)] * 10, said) is None


def test_wanted_mouths_are_perfect_and_resting_ones_never_tuck(said: Utterance) -> None:
    mouths, _ = mouth_curves(said)
    figures = judged(mouths, said)
    assert figures.opening == pytest.approx(1.0)
    assert figures.closed == 1.0 and figures.tucked > 0.9 and figures.mistaken == 0.0
    assert judged(mouths * np.float32(0.02), said).mistaken > 60.0
    assert tucked_share(np.zeros(len(mouths), np.float32), said.phones) == 0.0


def test_lips_may_tuck_a_tick_late() -> None:
    rolled = floats([0, 0, 0, 0, 0.3, 0, 0, 0])
    assert tucked_share(rolled, (Phone("f", 0.08, 0.14),)) == 1.0
    assert tucked_share(rolled, (Phone("v", 0.0, 0.06),)) == 0.0
    assert tucked_share(rolled, (Phone("f", 0.08, 0.14), Phone("f", 0.24, 0.3))) == 0.5


@pytest.mark.parametrize("below", [5.0, 20.0])
def test_noise_and_company_are_as_loud_as_they_should_be(said: Utterance, below: float) -> None:
    talk = noise(16_000, np.random.default_rng(1)) * np.float32(3.0)
    for worse in (noisy(said, below), in_company(said, talk, below)):
        added = worse.sound - said.sound
        assert 20 * np.log10(level(said.sound) / level(added)) == pytest.approx(below, abs=0.1)
        assert worse.phones == said.phones


def test_others_who_talk_are_heard_in_the_pauses_but_quieter_than_the_speaker() -> None:
    """Half speech, half silence; background talk fills the silence by 8 to 26 decibels less."""
    random = np.random.default_rng(0)
    own = np.full((200, 4, 64), -0.4, np.float32)
    own[100:] = -1.0
    talk = np.full((200, 4, 64), -0.5, np.float32)

    def filled(others: list[Floats]) -> float:
        power = np.exp((disturbed(own, random, others) + 1.0) * 11.5) - 1.0
        return float(10 * np.log10(power[100:].mean() / power[:100].mean() + 1e-9))

    assert min(filled([]) for _ in range(20)) < -60.0, "often nothing is added"
    assert all(-30.0 < filled([talk]) < -2.0 for _ in range(40))
