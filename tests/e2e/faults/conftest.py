from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from client.call import connected
from client.devices import Silence
from engine.studio import Studio
from server.limits import Limits
from server.protocol import SessionRequest
from tests.support.leaks import until
from tests.support.relay import Relay
from tests.support.serving import Serving, serving


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay(1) as running:
        yield running


@pytest.fixture
async def server(studio: Studio, clean: None) -> AsyncIterator[Serving]:
    """A server that, whatever was done to it, is empty at the end and takes a fresh call."""
    limits = Limits(sessions=12, offer_seconds=8.0)
    async with serving(studio, limits) as running:
        yield running
        await until(lambda: len(running.sessions) == 0)
        settings = SessionRequest(presenter="ada", size=256)
        async with connected(running.url, Silence(), settings) as talk:
            await until(lambda: talk.report().pictures > 5)
