from __future__ import annotations

import numpy as np
import pytest

from engine.one_euro import LONGEST_STEP, OneEuro
from engine.types import Floats, floats

UNIT = np.ones(1, np.float32)


def filtered(values: Floats, steadiness: float, rate: float = 25.0) -> Floats:
    calm = OneEuro(UNIT)
    return floats([calm(floats([it]), n / rate, steadiness)[0] for n, it in enumerate(values)])


def test_without_steadiness_everything_passes() -> None:
    noise = floats(np.random.default_rng(0).normal(size=50))
    np.testing.assert_array_equal(filtered(noise, 0.0), noise)


def test_a_tremor_is_calmed_the_more_the_steadier() -> None:
    noise = floats(0.02 * np.random.default_rng(0).normal(size=400))
    left = [filtered(noise, it)[50:].std() / noise.std() for it in (0.1, 0.4, 1.0)]
    assert left == sorted(left, reverse=True)
    assert left[0] < 0.9 and left[1] < 0.6 and left[2] < 0.3


@pytest.mark.parametrize("steadiness", [0.1, 0.4, 0.7])
def test_a_quick_movement_passes_nearly_whole(steadiness: float) -> None:
    """A blink: closed for three of 25 pictures a second."""
    blink = np.zeros(40, np.float32)
    blink[20:23] = 1.0
    assert filtered(blink, steadiness).max() > (0.9 if steadiness < 0.5 else 0.75)


def test_a_slow_movement_is_followed_without_an_offset() -> None:
    way = np.linspace(0, 1, 100, dtype=np.float32)
    late = way - filtered(way, 0.4)
    assert 0 <= late[-1] < 0.15 and abs(late[-1] - late[-20]) < 0.01


def test_after_a_gap_and_with_another_clock_it_begins_anew() -> None:
    calm = OneEuro(UNIT)
    calm(floats([0.0]), 0.0, 1.0)
    assert calm(floats([0.04]), 0.04, 1.0)[0] < 0.01
    assert calm(floats([1.0]), 0.05 + LONGEST_STEP, 1.0)[0] == 1.0
    assert calm(floats([0.5]), 0.01, 1.0)[0] == 0.5
