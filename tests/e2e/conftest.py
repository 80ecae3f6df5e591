from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.studio import Studio
from tests.support.clip import write_clip
from tests.support.leaks import nothing_left
from tests.support.serving import opened


@pytest.fixture(scope="package")
def studio() -> Iterator[Studio]:
    with opened() as studio:
        yield studio


@pytest.fixture(scope="package")
def camera(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a browser's camera sees: somebody who turns and speaks."""
    clip = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
    return write_clip(studio.presenter("samuel", 512), clip)


@pytest.fixture
async def clean() -> AsyncIterator[None]:
    """For tests that must leave no thread and no task behind."""
    async with nothing_left():
        yield
