"""A film of an invented person whose motion is known (see train.people.clip)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.footage import Rgb, timed
from engine.types import Picture

CLIP: Final = Path(__file__).parents[1] / "data" / "driver" / "invented-900060.mp4"
SECONDS: Final = 8.0


def pictures(film: Path = CLIP) -> Iterator[tuple[float, Picture]]:
    """Its pictures, and their times in seconds."""
    rgb = Rgb()
    return ((time, rgb(frame)) for time, frame in timed(film))
