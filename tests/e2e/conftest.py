from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Final

import pytest

from bench.others import BUSY, Others
from engine.studio import Studio
from tests.support.clip import write_clip
from tests.support.leaks import nothing_left
from tests.support.serving import opened

TRIES: Final = 3
"""A bound of timing that is missed once on a shared machine proves nothing; one that is missed
three times in a row does."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "timing: its bounds hold where nothing else runs")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try tests of timing again."""
    for item in items:
        if item.get_closest_marker("timing") is not None:
            item.add_marker(pytest.mark.flaky(reruns=TRIES - 1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Tell a failure of timing on a machine that others keep busy from one of ours."""
    others = Others()
    try:
        return (yield)
    except AssertionError as error:
        if item.get_closest_marker("timing") is None or (share := others.share()) < BUSY:
            raise
        what = str(error).splitlines()[0]
        pytest.skip(f"not judged, others took {100 * share:.0f} % of the cores: {what}")


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
