"""A line in the terminal that says how a call goes, and what goes wrong while it does."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from rich.console import Console

from client.report import CallReport

LATELY_SECONDS: Final = 2.0
"""Over which pictures are counted: what a person would call now."""


class Watched(Protocol):
    """A device of this machine that takes part in a call."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def trouble(self) -> str | None:
        """What is wrong at the moment, and what to do."""
        ...


class Status:
    """What is said about a call while it goes on.

    Args:
        console: where to.
        devices: that take part.
    """

    def __init__(self, console: Console, devices: Sequence[Watched]) -> None:
        self._console, self._devices = console, devices
        self._told: dict[int, str | None] = {}
        self._counts: deque[tuple[float, int]] = deque([(0.0, 0)])

    def line(self, report: CallReport, state: str, delay: float | None) -> str:
        """How it goes.

        Args:
            report: as it is now.
            state: of the session.
            delay: of the sound in the speaker, seconds.
        """
        self._counts.append((report.seconds, report.pictures))
        while len(self._counts) > 2 and report.seconds - self._counts[0][0] > LATELY_SECONDS:
            self._counts.popleft()
        began, pictures = self._counts[0]
        rate = (report.pictures - pictures) / max(report.seconds - began, 0.001)
        parts = [f"{report.seconds:.0f} s", state, f"{rate:.1f} pictures/s"]
        if report.stats is not None:
            parts.append(f"latency {report.stats.latency_ms:.0f} ms")
        if report.round_trip_ms is not None:
            parts.append(f"round trip {report.round_trip_ms:.0f} ms")
        if delay is not None:
            parts.append(f"speaker +{1000 * delay:.0f} ms")
        return ", ".join(parts) + " [dim](Ctrl+C ends)[/dim]"

    def tell_troubles(self) -> None:
        """Say once what goes wrong with a device, and when it is well again."""
        for number, device in enumerate(self._devices):
            trouble = device.trouble
            if trouble != self._told.get(number):
                said = trouble or f"the {device.name} is back"
                self._console.print(said, markup=False, highlight=False, soft_wrap=True)
                self._told[number] = trouble
