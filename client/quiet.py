"""Libraries in C write what we say better straight to the terminal: not while we open a device."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

ERRORS: Final = 2
"""File descriptor of standard error."""
ONE_AT_A_TIME: Final = Lock()
"""A process has one standard error: two threads that put it back crosswise would lose it."""


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing reaches standard error while the block runs, from whichever thread."""
    with ONE_AT_A_TIME:
        sys.stderr.flush()
        kept = os.dup(ERRORS)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, ERRORS)
            yield
        finally:
            os.dup2(kept, ERRORS)
            os.close(nowhere)
            os.close(kept)
