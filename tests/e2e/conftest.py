from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from engine.studio import Studio
from tests.support.leaks import nothing_left
from tests.support.serving import opened


@pytest.fixture(scope="package")
def studio() -> Iterator[Studio]:
    studio = opened()
    yield studio
    studio.close()


@pytest.fixture
async def clean() -> AsyncIterator[None]:
    """For tests that must leave no thread and no task behind."""
    async with nothing_left():
        yield
