"""The command, run in this process and watched."""

from __future__ import annotations

import os
import re
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import pytest

from visavis import run

MOST_MEMORY: Final = 300_000
"""Kilobytes by which this process may grow while something is refused."""


class Evil:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.target}'",)


class Command:
    """Runs the command in a folder, as if it were typed there.

    Args:
        folder: where; scratch files go to one within it.
        monkeypatch: of the test.
        capsys: of the test.
    """

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._folder, self._monkeypatch, self._capsys = folder, monkeypatch, capsys
        (folder / "scratch").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "scratch"))
        monkeypatch.chdir(folder)

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and what stands on standard error; a traceback is raised."""
        self._monkeypatch.setattr(sys, "argv", ["visavis", *arguments])
        with pytest.raises(SystemExit) as ended:
            run()
        return int(ended.value.code or 0), self._capsys.readouterr().err

    def refused(self, sentence: str, *arguments: str) -> None:
        """It must say that sentence alone, leave nothing behind, and use little memory."""
        before = self._there()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        code, told = self(*arguments)
        assert code == 1 and re.fullmatch("visavis: [^\n]+\n", told), told
        assert re.search(sentence, told), told
        assert str(self._folder) not in told
        left = self._there() ^ before
        assert not left, left
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
        assert grown < MOST_MEMORY, f"{grown} kB"

    def _there(self) -> set[Path]:
        return set(self._folder.rglob("*"))
