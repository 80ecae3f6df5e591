from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from engine.scheduler import Pool
from engine.studio import Studio
from tests.support.leaks import nothing_left
from tests.support.serving import opened


@pytest.fixture(scope="package")
def studio() -> Iterator[Studio]:
    with opened() as studio:
        yield studio


@pytest.fixture(autouse=True)
async def clean() -> AsyncIterator[None]:
    async with nothing_left():
        yield


@pytest.fixture
def pool(clean: None) -> Iterator[Pool]:
    workers = Pool(workers=1, capacity=2)
    yield workers
    workers.close()
