"""What a call was like, seen from the caller."""

from __future__ import annotations

from dataclasses import dataclass

from server.protocol import StatsMessage


@dataclass(frozen=True, slots=True)
class CallReport:
    """Figures of one call."""

    session: str
    seconds: float
    """From the answer of the server to the end."""
    pictures: int
    pictures_per_second: float
    """From the first picture to the last."""
    longest_gap_ms: float
    """Between two pictures."""
    first_picture_ms: float | None
    """After the answer; None if there was none."""
    sound_ms: float
    round_trip_ms: float | None
    """Of the last ping; None if none came back."""
    stats: StatsMessage | None
    """The server's last figures."""
    ended: str | None
    """Why the server ended the session; None if the caller did."""

    def __str__(self) -> str:
        return (
            f"{self.pictures} pictures in {self.seconds:.1f} s "
            f"({self.pictures_per_second:.1f} a second, longest gap {self.longest_gap_ms:.0f} ms), "
            f"{self.sound_ms / 1000:.1f} s of sound"
        )
