from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from client.report import CallReport
from client.status import Status

REPORT = CallReport("x", 0.0, 0, 0.0, 0.0, None, 0.0, None, None, None)


class Lamp:
    name = "camera"
    trouble: str | None = None


def test_pictures_are_counted_over_the_last_moments() -> None:
    status = Status(Console(file=io.StringIO()), [])
    for step in range(41):
        line = status.line(replace(REPORT, seconds=step / 4, pictures=step), "idle", None)
    assert "10 s, idle, 4.0 pictures/s" in line and "speaker" not in line
    for step in range(41, 61):
        report = replace(REPORT, seconds=step / 4, pictures=40, round_trip_ms=12.0)
        line = status.line(report, "speaking", 0.12)
    assert "speaking, 0.0 pictures/s, round trip 12 ms, speaker +120 ms" in line


def test_a_trouble_is_told_once_and_so_is_its_end() -> None:
    said, lamp = io.StringIO(), Lamp()
    status = Status(Console(file=said), [lamp])
    status.tell_troubles()
    assert said.getvalue() == ""
    lamp.trouble = "camera [0] is gone"
    for _ in range(3):
        status.tell_troubles()
    lamp.trouble = None
    status.tell_troubles()
    assert said.getvalue().splitlines() == ["camera [0] is gone", "the camera is back"]
