"""Files that are written at the end of long work: whether they can be, before it begins."""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import DeviceError


def check_target(target: Path, what: str) -> None:
    """Whether a file can be written.

    Args:
        target: the file.
        what: it holds, as in "the film".

    Raises:
        DeviceError: there is a folder of that name, or neither the file nor the folder around
            it may be written.
    """
    if not target.name or target.is_dir():
        raise DeviceError(f"{what} cannot be written over a folder: give it a name of its own")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise DeviceError(
            f"{what} cannot be written there: choose a folder that exists and may be written"
        )
