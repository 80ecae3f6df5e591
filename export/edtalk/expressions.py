"""Stored expressions: small array files, one a look."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np

from engine.errors import CheckpointError
from engine.types import Floats
from models.edtalk.layout import EXPRESSION

NAME: Final = re.compile(r"[a-z0-9_-]{1,32}")
MOST_BYTES: Final = 4_096
"""An expression has 168."""
NEUTRAL: Final = "neutral"


def read_expressions(folder: Path) -> dict[str, Floats]:
    """How far each look goes along the bank's directions, [10], by the files' names.

    Raises:
        CheckpointError: there are none, or a file is something else.
    """
    files = sorted(folder.glob("*.npy"))
    if not files:
        raise CheckpointError(f"'{folder.name}' holds no .npy files: which folder are they in?")
    return {file.stem.lower(): _expression(file) for file in files}


def looks(expressions: dict[str, Floats]) -> dict[str, Floats]:
    """What each look adds to a face at rest: its steps less those of the neutral one.

    A look is laid over what the portrait does by itself, which for a calm face is about
    the neutral expression; so a calm face then has the expression as it is stored.
    """
    neutral = expressions.get(NEUTRAL, np.zeros(EXPRESSION, np.float32))
    return {name: steps - neutral for name, steps in expressions.items() if name != NEUTRAL}


def _expression(file: Path) -> Floats:
    if not NAME.fullmatch(file.stem.lower()):
        raise CheckpointError(f"'{file.name}' is no name of a look: use letters, digits, - and _")
    try:
        with file.open("rb") as stream:
            if len(stream.read(MOST_BYTES + 1)) > MOST_BYTES:
                raise ValueError("too large")
            stream.seek(0)
            steps = np.asarray(np.load(stream, allow_pickle=False), np.float32)
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise CheckpointError(f"'{file.name}' is not an expression that can be read") from error
    if steps.size != EXPRESSION or not np.isfinite(steps).all():
        raise CheckpointError(
            f"'{file.name}' is not an expression: that has {EXPRESSION} finite numbers"
        )
    return steps.reshape(EXPRESSION)
