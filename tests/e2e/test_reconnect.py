"""A page that lost its connection makes another to the same session."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from client import requests
from client.call import Conversation, connected
from client.devices import Silence, SoundFile
from engine.errors import UnknownSession
from engine.studio import Studio
from server.protocol import ComponentPatch, ControlMessage, ControlsPatch, SessionRequest
from tests.support.leaks import until
from tests.support.serving import serving

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("clean")]
ADA = SessionRequest(presenter="ada", size=256)
SPEECH = Path(__file__).parents[1] / "data" / "speech" / "hibari.wav"


async def again(http: httpx.AsyncClient, before: Conversation) -> Conversation:
    """Another connection to the same session."""
    talk = Conversation(before.session, SoundFile(SPEECH))
    await talk.take(await requests.exchange(http, before.session.id, await talk.offer()))
    return talk


async def test_the_second_connection_takes_the_place_of_the_first(studio: Studio) -> None:
    async with serving(studio) as server, connected(server.url, Silence(), ADA) as first:
        still = ControlsPatch(pose=ComponentPatch(source="still"))
        first.send(ControlMessage(controls=still))
        await until(lambda: first.report().pictures > 5)
        second = await again(server.http, first)
        try:
            await until(lambda: second.report().pictures > 25, 5)
            assert second.state != "ended"
            session = server.sessions.find(first.session.id)
            assert session.controls.pose.source == "still"
            assert len(server.sessions) == 1
            assert session.stats.viewers == 1
        finally:
            await second.close()


async def test_a_page_may_come_back_after_its_connection_closed(studio: Studio) -> None:
    async with serving(studio) as server, connected(server.url, Silence(), ADA) as first:
        await until(lambda: first.report().pictures > 5)
        await first.close()
        session = server.sessions.find(first.session.id)
        await until(lambda: session.state.state == "lost")
        second = await again(server.http, first)
        try:
            await until(lambda: session.state.state in ("idle", "speaking"))
            await until(lambda: second.report().pictures > 5)
        finally:
            await second.close()


async def test_a_page_that_does_not_come_back_is_forgotten(studio: Studio) -> None:
    async with serving(studio) as server, connected(server.url, Silence(), ADA) as first:
        await first.close()
        await until(lambda: len(server.sessions) == 0, 4)
        with pytest.raises(UnknownSession):
            server.sessions.find(first.session.id)
