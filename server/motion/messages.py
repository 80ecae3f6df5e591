"""Motion on the wire and in the engine: names in any order, or a row of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.errors import RequestRefused
from engine.types import Component, Floats, Motion, floats
from engine.watch import NAMES, Reading, place_of, place_shown, turn_of
from server.protocol import MotionMessage

ORDER = (Component.MOUTH, Component.EXPRESSION, Component.POSE)
"""Of the components in a vector; the pose, which a matrix can stand for, comes last."""
Names = Mapping[Component, Sequence[str]]


def reading_of(message: MotionMessage, names: Names) -> Reading | None:
    """What a tracker reads on a driver's face; None where it sees none.

    Raises:
        RequestRefused: the vector has another length, or the matrix is none of a head.
    """
    if not message.face:
        return None
    values = _named(message, names)
    coefficients = floats([values.get(name, 0.0) for name in NAMES])
    if message.matrix is None:
        yaw, pitch, roll, x, y, scale = (
            values.get(name, 0.0) for name in ("yaw", "pitch", "roll", "x", "y", "scale")
        )
        return Reading(coefficients, floats([yaw, pitch, roll]), place_shown(x, y, scale))
    matrix = _matrix(message.matrix)
    return Reading(coefficients, turn_of(matrix), place_of(matrix))


def motion_of(message: MotionMessage, names: Names) -> Motion:
    """The motion that a message tells.

    Raises:
        RequestRefused: as `reading_of`.
    """
    values = _named(message, names)
    if message.matrix is not None:
        turned = turn_of(_matrix(message.matrix)).tolist()
        values |= dict(zip(("yaw", "pitch", "roll"), turned, strict=True))
    return Motion.of(
        {part: floats([values.get(name, 0.0) for name in it]) for part, it in names.items()}
    )


def _matrix(numbers: Sequence[float]) -> Floats:
    """A head's transformation [4, 4] out of its columns."""
    matrix = floats(numbers).reshape(4, 4).T
    if not np.linalg.norm(matrix[:3, :3], axis=0).all():
        raise RequestRefused("matrix: the 4 x 4 numbers of a turned head, column by column")
    return matrix


def _named(message: MotionMessage, names: Names) -> dict[str, float]:
    """Coefficients by the bundle's names; Audio2Face writes them with a capital."""
    if message.vector is None:
        given = message.coefficients or {}
        return {name[:1].lower() + name[1:]: value for name, value in given.items()}
    row = [name for part in ORDER for name in names[part]]
    without_pose = len(row) - len(names[Component.POSE])
    if len(message.vector) not in (len(row), without_pose):
        raise RequestRefused(
            f"vector: {len(row)} numbers, or {without_pose} without the pose, not "
            f"{len(message.vector)}; GET /v1/presenters tells their order"
        )
    return dict(zip(row, message.vector, strict=False))
