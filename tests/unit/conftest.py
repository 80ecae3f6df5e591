"""A bundle of EDTalk's make, on small seeded networks, opened once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.studio import Studio
from tests.support.edtalk import small_bundle


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = Studio.open(small_bundle(tmp_path_factory.mktemp("edtalk")))
    yield opened
    opened.close()
