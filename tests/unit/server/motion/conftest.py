from __future__ import annotations

import pytest

from engine.scheduler import Pool
from engine.studio import Studio
from tests.support.drivers import Moved


@pytest.fixture
async def moved(studio: Studio, pool: Pool) -> Moved:
    return Moved(studio.pipeline(studio.presenter("ada", 256), seed=1, jitter=0), pool)


@pytest.fixture
async def seen(faces: Studio, pool: Pool) -> Moved:
    """One whose bundle reads pictures of faces itself."""
    return Moved(faces.pipeline(faces.presenter("ada", 256), seed=1, jitter=0), pool)
