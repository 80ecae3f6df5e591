"""The video devices of a Linux machine, as its kernel names them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CLASS: Final = Path("/sys/class/video4linux")
VIRTUAL: Final = "/devices/virtual/"
"""Part of where the kernel keeps devices without hardware: v4l2loopback's."""


@dataclass(frozen=True, slots=True)
class VideoDevice:
    """One of /dev/video*."""

    number: int
    name: str
    virtual: bool
    """Pictures come from a program on this machine."""

    @property
    def path(self) -> str:
        return f"/dev/video{self.number}"


def video_devices(folder: Path = CLASS) -> list[VideoDevice]:
    """Devices that have pictures, by number; a webcam's second one has data about them only."""
    found = []
    for entry in folder.glob("video*") if folder.is_dir() else ():
        number = re.fullmatch(r"video(\d+)", entry.name)
        if number is None or _read(entry / "index") not in ("", "0"):
            continue
        virtual = VIRTUAL in f"{entry.resolve()}/"
        found.append(VideoDevice(int(number[1]), _read(entry / "name"), virtual))
    return sorted(found, key=lambda device: device.number)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
