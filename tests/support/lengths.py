"""Short and long forms of one test: `make soak` sets the environment for the long ones."""

from __future__ import annotations

import os
from typing import Final, TypeVar

VARIABLE: Final = "VISAVIS_LONG"
T = TypeVar("T")


def length(short: T, long: T) -> T:
    """`short`, or `long` where the environment asks for the long forms."""
    return long if os.environ.get(VARIABLE) == "1" else short
