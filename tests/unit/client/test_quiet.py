from __future__ import annotations

import os
import sys

import pytest

from client.quiet import quiet


def test_only_python_is_heard(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet() as terminal:
        os.write(2, b"ALSA lib: noise\n")
        print("a warning", file=sys.stderr)
        print("ours", file=terminal)
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err.splitlines() == ["a warning", "ours", "afterwards"]
