"""Passwords that coturn itself accepts, until they are too old."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from aioice import Connection, TransportPolicy

from server.doors.turn import Relays
from tests.support.coturn import PROGRAM, SECRET, coturn

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(PROGRAM is None, reason="coturn is not installed"),
]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with coturn(tmp_path_factory.mktemp("coturn")) as port:
        yield port


def relayed(port: int, controlling: bool = True, **choices: object) -> Connection:
    """One end that has no address but the TURN server's."""
    secret = choices.get("secret", SECRET)
    seconds = choices.get("seconds", 300)
    assert isinstance(secret, bytes) and isinstance(seconds, int)
    (server,) = Relays((), (f"turn:127.0.0.1:{port}",), secret, seconds).ice_servers("bob")
    return Connection(
        ice_controlling=controlling,
        turn_server=("127.0.0.1", port),
        turn_username=server.username,
        turn_password=server.credential,
        transport_policy=TransportPolicy.RELAY,
    )


async def test_two_ends_meet_through_the_relay_alone(port: int) -> None:
    one, other = relayed(port), relayed(port, controlling=False)
    try:
        for it in (one, other):
            await it.gather_candidates()
            assert {found.type for found in it.local_candidates} == {"relay"}
        for here, there in ((one, other), (other, one)):
            for candidate in here.local_candidates:
                await there.add_remote_candidate(candidate)
            await there.add_remote_candidate(None)
            there.remote_username, there.remote_password = here.local_username, here.local_password
        async with asyncio.timeout(10):
            await asyncio.gather(one.connect(), other.connect())
            await one.send(b"face to face")
            assert await other.recv() == b"face to face"
    finally:
        await one.close()
        await other.close()


async def test_a_password_that_is_too_old_opens_nothing(port: int) -> None:
    late = relayed(port, seconds=1)
    await asyncio.sleep(2.1)
    await late.gather_candidates()
    assert late.local_candidates == []
    await late.close()


async def test_a_password_of_another_secret_opens_nothing(port: int) -> None:
    foreign = relayed(port, secret=b"south")
    await foreign.gather_candidates()
    assert foreign.local_candidates == []
    await foreign.close()
