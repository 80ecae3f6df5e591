"""Other people's npm packages, pinned, fetched once: clients, checkers, the page's tracker."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
CLIENTS: Final = ROOT / "tests" / "e2e"
PAGE: Final = ROOT / "client"
"""Folders that have package.json and its lock; npm puts node_modules there."""
FETCH_SECONDS: Final = 120


def package(name: str, folder: Path = CLIENTS) -> Path:
    """The folder of a package of that folder's package.json; skips a test that cannot have it."""
    found = folder / "node_modules" / name
    if (found / "package.json").exists():
        return found
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"the package {name} needs npm: apt install npm")
    try:
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=FETCH_SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip(f"npm cannot fetch the package {name}: is this machine offline?")
    return found


def tracker_of_the_page() -> Path:
    """What the page tracks faces with; skips a test that cannot have it."""
    return package("@mediapipe/tasks-vision", PAGE)
