from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from engine.arkit import EXPRESSION, MOUTH, POSE
from engine.errors import RequestRefused
from engine.types import Component, floats
from engine.watch import NAMES, turn_of
from server.motion.messages import motion_of, reading_of
from server.protocol import MotionMessage
from tests.support.motions import motion

BUILTIN = {Component.MOUTH: MOUTH, Component.EXPRESSION: EXPRESSION, Component.POSE: POSE}
TURNED = floats([[0, 0, -1, 3], [0, 1, 0, -2], [1, 0, 0, -60], [0, 0, 0, 1]])
"""A head turned by 90 degrees, 60 cm away."""


def test_names_and_rows_say_the_same() -> None:
    expected = motion(jawOpen=0.5, browInnerUp=0.25, yaw=7.0)
    row = [*expected.mouth, *expected.expression, *expected.pose]
    named = MotionMessage(time=0, coefficients={"jawOpen": 0.5, "browInnerUp": 0.25, "yaw": 7.0})
    for message in (named, MotionMessage(time=0, vector=[float(it) for it in row])):
        made = motion_of(message, BUILTIN)
        for part in Component:
            np.testing.assert_array_equal(made[part], expected[part])
    read = reading_of(named, BUILTIN)
    assert read is not None
    assert read.coefficients[NAMES.index("jawOpen")] == 0.5 and read.turn[0] == 7.0


def test_names_with_a_capital_are_known_and_unknown_ones_passed_over() -> None:
    message = MotionMessage(time=0, coefficients={"JawOpen": 0.5, "EarWiggle": 1.0})
    assert motion_of(message, BUILTIN).mouth.sum() == 0.5


def test_a_row_without_the_pose_and_a_matrix() -> None:
    matrix = [float(it) for it in TURNED.T.ravel()]
    message = MotionMessage(time=0, driver=True, vector=[0.1] * 52, matrix=matrix)
    read = reading_of(message, BUILTIN)
    assert read is not None
    np.testing.assert_allclose(read.coefficients, 0.1)
    np.testing.assert_allclose(read.turn, turn_of(TURNED))
    np.testing.assert_allclose(read.place, (3, -2, 60))
    np.testing.assert_allclose(motion_of(message, BUILTIN).pose[:3], turn_of(TURNED))


def test_no_face_is_no_reading() -> None:
    assert reading_of(MotionMessage(time=0, driver=True, face=False), BUILTIN) is None


@pytest.mark.parametrize(
    ("message", "what"),
    [
        (MotionMessage(time=0, vector=[0.0] * 51), "vector: 58 numbers, or 52"),
        (MotionMessage(time=0, vector=[]), "vector"),
        (MotionMessage(time=0, matrix=[0.0] * 16), "matrix"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(message: MotionMessage, what: str) -> None:
    for read in (reading_of, motion_of):
        with pytest.raises(RequestRefused, match=what):
            read(message, BUILTIN)


@pytest.mark.parametrize(
    "fields",
    [
        {"time": float("nan")},
        {"time": 0, "vector": [1e9]},
        {"time": 0, "vector": [0.0] * 97},
        {"time": 0, "coefficients": {"jaw open": 1.0}},
        {"time": 0, "coefficients": {f"c{n}": 0.0 for n in range(97)}},
        {"time": 0, "matrix": [1.0] * 15},
    ],
)
def test_what_is_out_of_bounds_is_no_message(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MotionMessage.model_validate(fields)
