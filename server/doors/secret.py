"""Secrets: read from a file or the environment, never from a command line that others see."""

from __future__ import annotations

import logging
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.errors import DeviceError
from server import limits

log = logging.getLogger(__name__)
VARIABLE: Final = "VISAVIS_SECRET"


def read_secret(
    file: Path | None, environment: Mapping[str, str], least: int = limits.SECRET_BYTES
) -> bytes | None:
    """The secret of a file, else of the environment; None when neither is given.

    Args:
        file: holds nothing else; a line end behind it does not count.
        environment: may hold it as VISAVIS_SECRET.
        least: bytes that it must have.

    Raises:
        DeviceError: the file cannot be read, others may change it, or it is too short.
    """
    if file is not None:
        secret = _content(file)
    elif VARIABLE in environment:
        secret = environment[VARIABLE].encode()
    else:
        return None
    if len(secret) < least:
        raise DeviceError(
            f"the secret has fewer than {least} bytes: make one with 'openssl rand -hex 32'"
        )
    return secret


def _content(file: Path) -> bytes:
    try:
        mode = file.stat().st_mode
        secret = file.read_bytes().strip()
    except OSError as error:
        raise DeviceError(f"the secret cannot be read from {file.name}: check its name") from error
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise DeviceError(f"others can change {file.name}, the secret: chmod 600 it")
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning("others on this machine can read %s, the secret: chmod 600 it", file.name)
    return secret
