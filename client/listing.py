"""Which microphones, speakers, cameras and virtual cameras this machine has."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.table import Table

from client.card import NAMES, Direction, portaudio
from client.errors import DeviceMissing
from client.v4l import VideoDevice, video_devices
from client.virtual_camera import ADVICE

OTHERWISE: Final = "not listed on this system: try --camera 0, --camera 1"
OBS: Final = "the one of OBS, once it was started there"


@dataclass(frozen=True, slots=True)
class Listed:
    """A device, or why there is none of its kind."""

    kind: str
    choice: str
    """What to give to the option."""
    name: str
    note: str = ""


def listed() -> list[Listed]:
    """All devices, by kind; a kind without any says what to do."""
    videos = video_devices()
    return [
        *_cameras(videos),
        *_sounds("input"),
        *_sounds("output"),
        *_virtual_cameras(videos),
    ]


def table(devices: Sequence[Listed]) -> Table:
    """As a table for the terminal."""
    drawn = Table("device", "choose", "name", "note")
    for device in devices:
        drawn.add_row(device.kind, device.choice, device.name, device.note)
    return drawn


def _cameras(videos: Sequence[VideoDevice]) -> Iterator[Listed]:
    if sys.platform != "linux":
        yield Listed("camera", "", "", OTHERWISE)
        return
    real = [it for it in videos if not it.virtual]
    for device in real:
        yield Listed("camera", f"--camera {device.number}", device.name, device.path)
    if not real:
        yield Listed("camera", "", "none", "ls /dev/video*; a video file can take its place")


def _virtual_cameras(videos: Sequence[VideoDevice]) -> Iterator[Listed]:
    kind = "virtual camera"
    if sys.platform != "linux":
        yield Listed(kind, "--virtual-camera", "", OBS)
        return
    made = [it for it in videos if it.virtual]
    for device in made:
        yield Listed(kind, f"--virtual-camera {device.path}", device.name)
    if not made:
        yield Listed(kind, "", "none", ADVICE["linux"])


def _sounds(direction: Direction) -> Iterator[Listed]:
    kind = NAMES[direction]
    try:
        found: list[dict[str, Any]] = list(portaudio().query_devices())
    except DeviceMissing as error:
        yield Listed(kind, "", "none", str(error))
        return
    default = portaudio().default.device[direction]
    there = [it for it in found if it[f"max_{direction}_channels"]]
    for device in there:
        note = "the default" if device["index"] == default else ""
        yield Listed(kind, f"--{kind} {device['index']}", device["name"], note)
    if not there:
        yield Listed(kind, "", "none", "is one connected, does a sound server run (pactl info)?")
