"""Other people's WHIP and WHEP clients: npm packages, pinned, fetched once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parents[1] / "e2e"
"""Has package.json and its lock; npm puts node_modules there."""
FETCH_SECONDS: Final = 120


def package(name: str) -> Path:
    """The folder of a package of tests/e2e/package.json; skips a test that cannot have it."""
    found = FOLDER / "node_modules" / name
    if (found / "package.json").exists():
        return found
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"the package {name} needs npm: apt install npm")
    try:
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=FOLDER,
            check=True,
            capture_output=True,
            timeout=FETCH_SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip(f"npm cannot fetch the package {name}: is this machine offline?")
    return found
