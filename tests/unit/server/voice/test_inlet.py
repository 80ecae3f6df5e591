"""An utterance keeps its length and its content, whatever its rate and however it was cut."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import SoundUnreadable
from engine.types import SOUND_RATE, Samples, Sound
from server.voice.inlet import Inlet
from tests.support.speech import tone

RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)


def through(samples: Samples, rate: int, step: int) -> Samples:
    inlet = Inlet()
    parts = [inlet(Sound(samples[at : at + step], rate)) for at in range(0, len(samples), step)]
    return np.concatenate([*parts, inlet.rest()])


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2])
def test_to_the_sample_as_long_as_it_came_in(rate: int, channels: int) -> None:
    samples = tone(0.3, rate=rate)
    sound = np.repeat(samples[:, None], 2, axis=1) if channels == 2 else samples
    out = through(sound, rate, 997)
    assert len(out) == -(-len(samples) * SOUND_RATE // rate)
    expected = tone(0.4)[: len(out)].astype(float)
    error = out[500:-500].astype(float) - expected[500:-500]
    assert np.sqrt((error**2).mean()) < 0.02 * np.sqrt((expected**2).mean())


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_where_it_is_cut_does_not_matter(rate: int) -> None:
    samples = tone(0.1, rate=rate)
    whole = through(samples, rate, len(samples))
    for step in (1, 7, 441):
        assert (through(samples, rate, step) == whole).all()


def test_nothing_of_an_utterance_is_left_for_the_next() -> None:
    inlet = Inlet()
    inlet(Sound(np.full(800, 20_000, np.int16), 8_000))
    inlet.rest()
    second = inlet(Sound(np.zeros(800, np.int16), 8_000))
    assert not second.any() and not inlet.rest().any()


def test_a_change_of_the_rate_brings_the_first_stretch_to_its_end() -> None:
    inlet = Inlet()
    parts = [inlet(Sound(tone(0.1, rate=rate), rate)) for rate in (8_000, 16_000)]
    parts.append(inlet.rest())
    assert sum(map(len, parts)) == SOUND_RATE // 5


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(SoundUnreadable):
        Inlet()(Sound(tone(0.1), 4_000))
