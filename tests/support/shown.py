"""What a fake virtual camera was shown."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

FAKES: Final = Path(__file__).with_name("fakes")


@dataclass(frozen=True)
class Shown:
    """Where the fake device keeps its pictures, and its plug."""

    path: Path
    unplugged: Path

    @property
    def environment(self) -> dict[str, str]:
        """For a program that is to have the fake device."""
        return {
            "PYTHONPATH": str(FAKES),
            "VISAVIS_SHOWN": str(self.path),
            "VISAVIS_UNPLUGGED": str(self.unplugged),
        }

    def unplug(self) -> None:
        self.unplugged.touch()

    def plug(self) -> None:
        self.unplugged.unlink()


def fake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """The fake device in this process, until the test ends."""
    shown = Shown(folder / "shown", folder / "unplugged")
    spec = spec_from_file_location("pyvirtualcam", FAKES / "pyvirtualcam.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    for name, value in shown.environment.items():
        if name != "PYTHONPATH":
            monkeypatch.setenv(name, value)
    return shown


def read(path: Path, size: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """When each picture was shown (monotonic seconds), and the pictures, RGB [n, size, size, 3]."""
    rows = np.fromfile(path, np.uint8).reshape(-1, 8 + size * size * 3)
    times = np.ascontiguousarray(rows[:, :8]).view(np.float64)[:, 0]
    return times, rows[:, 8:].reshape(-1, size, size, 3)
