"""Random faces: within bounds, plausible, and of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from train.expressions import (
    NAMES,
    SHIFT_MOST,
    TURN_MOST,
    VISEMES,
    coefficients_of,
    random_coefficients,
    random_shift,
    random_turn,
)

FACES = np.stack([random_coefficients(rng) for rng in [np.random.default_rng(3)] * 800])


def column(name: str) -> list[float]:
    values: list[float] = FACES[:, NAMES.index(name)].tolist()
    return values


def test_faces_are_within_bounds_and_repeat() -> None:
    assert FACES.shape == (800, 52) and FACES.dtype == np.float32
    assert FACES.min() >= 0 and FACES.max() <= 1
    first, again = (random_coefficients(np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize(
    "name", ["jawOpen", "mouthPucker", "mouthSmileLeft", "eyeBlinkRight", "browInnerUp"]
)
def test_every_kind_of_movement_is_drawn_strongly(name: str) -> None:
    assert max(column(name)) > 0.5
    assert min(column(name)) == 0


def test_eyes_look_to_the_same_side() -> None:
    out, inwards = np.array(column("eyeLookOutLeft")), np.array(column("eyeLookInRight"))
    assert np.array_equal(out, inwards) and out.max() > 0.3
    assert not np.any((out > 0) & (np.array(column("eyeLookInLeft")) > 0))


def test_closed_mouths_and_full_blinks_are_common() -> None:
    assert 0.05 < np.mean(np.array(column("eyeBlinkLeft")) == 1) < 0.4
    assert np.mean(np.array(column("jawOpen")) < 0.02) > 0.1


def test_visemes_have_known_names() -> None:
    assert all(coefficients_of(weights).max() <= 1 for weights in VISEMES.values())
    with pytest.raises(KeyError):
        coefficients_of({"jawWide": 1.0})


def test_turns_and_shifts_are_bounded() -> None:
    rng = np.random.default_rng(4)
    turns = np.abs([random_turn(rng) for _ in range(500)])
    shifts = np.abs([random_shift(rng) for _ in range(500)])
    assert np.all(turns.max(0) <= np.array(TURN_MOST, np.float32))
    assert np.all(shifts.max(0) <= np.array(SHIFT_MOST, np.float32))
    assert turns[:, 0].max() > 12
