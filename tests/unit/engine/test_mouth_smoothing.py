from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mouth_smoothing import BESIDE, MIDDLE, Causal, Gaussian, Smoothing
from engine.types import Floats, floats
from tests.support.edtalk import golden


def smoothed(smoothing: Smoothing, mouths: Floats) -> Floats:
    made = [*(smoothing.push(mouth) for mouth in mouths), smoothing.finish()]
    found = [mouth for mouth in made if mouth is not None]
    return floats(found).reshape(len(found), mouths.shape[1])


def test_the_exact_one_is_golden() -> None:
    wanted = golden()
    found = smoothed(Gaussian(), wanted["audio.raw"])
    np.testing.assert_allclose(found, wanted["audio.smoothed"], atol=2e-4)


@given(length=st.integers(1, 20), seed=st.integers(0, 20))
def test_the_exact_one_is_a_convolution_between_zeros(length: int, seed: int) -> None:
    mouths = floats(np.random.default_rng(seed).normal(size=(length, 3)))
    taps = [BESIDE, MIDDLE, BESIDE]
    columns = [np.convolve(column, taps, mode="full")[1:-1] for column in mouths.T]
    wanted = floats(columns).T
    np.testing.assert_allclose(smoothed(Gaussian(), mouths), wanted, atol=1e-6)


def test_the_quick_one_sees_nothing_ahead_and_keeps_what_stands_still() -> None:
    mouths = floats(np.random.default_rng(0).normal(size=(9, 4)))
    later = mouths.copy()
    later[5:] = 7.0
    assert np.array_equal(smoothed(Causal(), mouths)[:5], smoothed(Causal(), later)[:5])
    still = np.ones((6, 2), np.float32)
    np.testing.assert_allclose(smoothed(Causal(), still), still, atol=1e-6)


@pytest.mark.parametrize(
    ("hertz", "exact", "quick", "late_ms"),
    [(1, 0.98, 0.99, 15), (2, 0.93, 0.97, 15), (4, 0.75, 0.88, 15), (6.25, 0.45, 0.73, 14)],
)
def test_what_smoothing_does_to_motion(
    hertz: float, exact: float, quick: float, late_ms: float
) -> None:
    time = np.arange(400) / 25
    wave = floats(np.exp(2j * np.pi * hertz * time).view(np.float64).reshape(-1, 2))
    middle = slice(150, 250)

    def response(smoothing: Smoothing) -> complex:
        made = smoothed(smoothing, wave)[middle]
        given = wave[middle]
        return complex(np.vdot(given @ [1, 1j], made @ [1, 1j]) / len(given))

    found = response(Causal())
    assert abs(response(Gaussian())) == pytest.approx(exact, abs=0.006)
    assert abs(found) == pytest.approx(quick, abs=0.006)
    assert -np.angle(found) / (2 * np.pi * hertz) * 1000 == pytest.approx(late_ms, abs=0.6)


@pytest.mark.parametrize("smoothing", [Gaussian(), Causal()])
def test_after_the_end_it_is_as_new(smoothing: Smoothing) -> None:
    mouths = floats(np.random.default_rng(0).normal(size=(5, 2)))
    first = smoothed(smoothing, mouths)
    assert np.array_equal(smoothed(smoothing, mouths), first)
    assert len(first) == 5
