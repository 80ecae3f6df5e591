from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from client.elastic import RATE, Elastic, Samples
from tests.support.speech import tone

BLOCK, SLICE = 480, 960


def through(elastic: Elastic, sound: Samples, faster: float) -> tuple[Samples, NDArray[np.float64]]:
    """What a reader gets whose writer's clock is faster by a share, and how deep it was."""
    out, depths, at, owed = [], [], 0, 0.0
    while at + 2 * SLICE < len(sound):
        owed += SLICE * (1 + faster)
        elastic.write(sound[at : at + int(owed)])
        at, owed = at + int(owed), owed % 1
        out += [elastic.read(BLOCK), elastic.read(BLOCK)]
        depths.append(elastic.seconds)
    return np.concatenate(out), np.array(depths)


@pytest.mark.parametrize("faster", [-0.001, -0.0002, 0.0, 0.0002, 0.001])
def test_clocks_that_differ_neither_fill_nor_drain_it(faster: float) -> None:
    elastic = Elastic(0.04, 0.4)
    _, depths = through(elastic, tone(60.0), faster)
    assert elastic.gaps == 0 and elastic.dropped_seconds == 0
    assert np.ptp(depths[-1_000:]) < 0.002
    assert abs(depths[-1] - 0.03) < 0.015


def test_what_is_read_is_what_was_written() -> None:
    """At 1 kHz, over the whole length, 30 dB and more above everything else."""
    time = np.arange(20 * RATE) / RATE
    sound = np.asarray(8_000 * np.sin(2 * np.pi * 1_000 * time), np.int16)
    out, _ = through(Elastic(0.04, 0.4), sound, 0.0003)
    spectrum = np.abs(np.fft.rfft(out[-RATE:] * np.hanning(RATE))) ** 2
    near = spectrum[990:1_011].sum()
    assert near > 1_000 * (spectrum.sum() - near)


def test_it_gives_silence_until_enough_is_in_hand() -> None:
    elastic = Elastic(0.03, 0.2)
    elastic.write(np.full(SLICE, 1_000, np.int16))
    assert not elastic.read(SLICE).any() and elastic.gaps == 0
    elastic.write(np.full(SLICE, 1_000, np.int16))
    assert (elastic.read(SLICE) == 1_000).mean() > 0.99


def test_it_keeps_more_in_hand_once_it_ran_dry() -> None:
    elastic = Elastic(0.04, 0.4)
    elastic.write(tone(0.06))
    before = elastic.seconds
    for _ in range(8):
        last = elastic.read(SLICE)
    assert not last.any() and elastic.gaps == 1
    assert elastic.seconds == pytest.approx(before, abs=0.021) and elastic.seconds >= 0.059
    elastic.write(tone(0.05))
    assert elastic.read(SLICE).any(), "nothing of what was left has gone"


def test_a_reader_that_stood_still_finds_the_newest() -> None:
    elastic = Elastic(0.04, 0.2)
    elastic.write(tone(0.05))
    elastic.read(BLOCK)
    for value in range(50):
        elastic.write(np.full(SLICE, value, np.int16))
        assert elastic.seconds <= 0.2
    assert elastic.dropped_seconds == pytest.approx(1.0 - elastic.seconds, abs=0.06)
    assert elastic.read(SLICE).min() >= 40


def test_nothing_is_missed_before_a_reader_is_there() -> None:
    elastic = Elastic(0.04, 0.2)
    elastic.write(tone(1.0))
    assert elastic.dropped_seconds == 0 and elastic.seconds == pytest.approx(0.04, abs=0.001)


def test_a_reader_of_large_blocks_is_served_without_gaps() -> None:
    elastic = Elastic(0.04, 0.4)
    out = []
    for _ in range(100):
        for _ in range(5):
            elastic.write(tone(0.02))
        out.append(elastic.read(5 * SLICE))
    assert elastic.gaps == 0 and all(piece.any() for piece in out[3:])
