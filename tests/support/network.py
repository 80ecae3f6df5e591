"""A network of its own for a process: only `lo`, nothing leaves, no port is taken."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

import pytest

UP: Final = "ip link set lo up"
LIMIT_SECONDS: Final = 5


def namespace(command: Sequence[str], setup: Sequence[str] = ()) -> list[str]:
    """The command line that runs `command` in a network namespace; skip where none can be.

    Args:
        command: program and arguments.
        setup: shell commands that go before it (tc, nft).
    """
    flags = next(filter(_works, ("-n", "-rn")), None)
    if flags is None:
        pytest.skip("no network namespace can be made here: needs root or user namespaces")
    steps = " && ".join([UP, *setup, 'exec "$@"'])
    return ["unshare", flags, "sh", "-c", steps, "sh", *command]


def _works(flags: str) -> bool:
    if not all(map(shutil.which, ("unshare", "ip"))):
        return False
    command = ["unshare", flags, "sh", "-c", UP]
    return subprocess.run(command, capture_output=True, timeout=LIMIT_SECONDS).returncode == 0
