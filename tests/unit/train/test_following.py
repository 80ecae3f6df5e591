"""A film of an invented person whose motion is known, followed by the real tracker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from engine.studio import Studio
from tests.support.driver_clip import CLIP
from train.following import compared

LATE_TICKS: Final = 2
WANTED: Final = 0.8


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    opened = Studio.open()
    yield opened
    opened.close()


def test_a_driver_is_followed_in_everything_at_once(studio: Studio) -> None:
    for name, (alike, late) in compared(studio, CLIP).items():
        assert alike >= WANTED and late <= LATE_TICKS, (name, alike, late)


def test_a_film_without_its_motion_cannot_be_judged(studio: Studio, tmp_path: Path) -> None:
    alone = tmp_path / CLIP.name
    alone.write_bytes(CLIP.read_bytes())
    with pytest.raises(FileNotFoundError):
        compared(studio, alone)
