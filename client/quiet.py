"""A terminal for what we say: libraries in C write what went wrong between our lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Final, TextIO

ERRORS: Final = 2
"""File descriptor of standard error, to which ALSA, PortAudio and OpenCV write."""


@contextmanager
def quiet() -> Iterator[TextIO]:
    """Only Python reaches standard error while the block runs; gives the file that it writes to."""
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(os.dup(ERRORS), "w", buffering=1, errors="backslashreplace") as terminal:
        os.dup2(nowhere, ERRORS)
        os.close(nowhere)
        try:
            with redirect_stderr(terminal):
                yield terminal
        finally:
            terminal.flush()
            os.dup2(terminal.fileno(), ERRORS)
