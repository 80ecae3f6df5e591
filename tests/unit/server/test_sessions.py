from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from engine.clock import ManualClock
from engine.errors import (
    ControlError,
    OfferRefused,
    PictureUnreadable,
    ServerFull,
    UnknownPresenter,
    UnknownSession,
)
from engine.render import Identity
from engine.render_processes import RemoteIdentity, RenderProcesses
from engine.scheduler import Pool
from engine.studio import Studio
from server.doors.tokens import ANYONE
from server.doors.turn import Relays
from server.limits import Limits
from server.protocol import ComponentPatch, ControlsPatch, SessionRequest
from server.sessions import Sessions
from tests.support.serving import registry_of

ASTRONAUT = Path(__file__).parents[2] / "data" / "portraits" / "astronaut.jpg"
LIMITS = Limits(sessions=2, offer_seconds=30, session_seconds=3600)
ADA = SessionRequest(presenter="ada", size=256)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(50.0)


@pytest.fixture
async def sessions(studio: Studio, pool: Pool, clock: ManualClock) -> AsyncIterator[Sessions]:
    registry = registry_of(studio, pool, clock, LIMITS)
    yield registry
    await registry.close()


async def test_a_session_is_found_by_its_id_until_it_ends(sessions: Sessions) -> None:
    session = await sessions.create(ADA)
    assert sessions.find(session.id) is session
    assert (session.presenter, session.size, len(sessions)) == ("ada", 256, 1)
    session.touch()
    await sessions.end(session.id, "test")
    assert len(sessions) == 0
    with pytest.raises(UnknownSession):
        sessions.find(session.id)
    with pytest.raises(UnknownSession):
        session.touch()
    with pytest.raises(UnknownSession):
        await sessions.end(session.id, "again")


async def test_ids_cannot_be_guessed(sessions: Sessions) -> None:
    ids = [(await sessions.create(ADA)).id for _ in range(2)]
    assert len(set(ids)) == 2
    assert all(re.fullmatch(r"[\w-]{24}", session_id) for session_id in ids)


async def test_passwords_of_relays_are_made_when_they_are_asked_for(
    studio: Studio, pool: Pool, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session lasts longer than they do."""
    relays = Relays((), ("turn:relay.example.org",), b"north", seconds=300)
    registry = registry_of(studio, pool, clock, LIMITS, relays=relays)
    session = await registry.create(ADA)
    names = []
    for now in (1_000.0, 2_000.0):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        names += [it.username for it in session.ice_servers]
    assert names == [f"{end}:{ANYONE.sub}" for end in (1_300, 2_300)]
    await registry.close()


async def test_a_full_server_refuses_and_takes_again_when_a_place_is_free(
    sessions: Sessions,
) -> None:
    first = await sessions.create(ADA)
    await sessions.create(ADA)
    with pytest.raises(ServerFull):
        await sessions.create(ADA)
    await sessions.end(first.id, "test")
    await sessions.create(ADA)


async def test_places_are_taken_while_sessions_are_being_made(sessions: Sessions) -> None:
    made = await asyncio.gather(*(sessions.create(ADA) for _ in range(5)), return_exceptions=True)
    assert [isinstance(it, ServerFull) for it in made].count(True) == 3
    assert len(sessions) == 2


async def test_large_pictures_take_two_places(sessions: Sessions) -> None:
    whole = SessionRequest(framing="whole", size=256)
    content = large_portrait()
    first = await sessions.create(ADA)
    with pytest.raises(ServerFull, match="2 places"):
        await sessions.create(whole, content)
    assert len(sessions) == 1
    await sessions.end(first.id, "test")
    large = await sessions.create(whole, content)
    assert (large.width, large.height, len(sessions)) == (1000, 1000, 2)
    with pytest.raises(ServerFull):
        await sessions.create(ADA)


def large_portrait() -> bytes:
    """A photograph of 1000 x 1000 pixels: more than 1280 x 720."""
    file = io.BytesIO()
    Image.open(ASTRONAUT).resize((1000, 1000)).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("request_", "portrait", "error"),
    [
        (SessionRequest(), None, UnknownPresenter),
        (SessionRequest(presenter="nobody"), None, UnknownPresenter),
        (SessionRequest(), b"no picture", PictureUnreadable),
        (ADA.model_copy(update={"controls": ControlsPatch(emotion="bored")}), None, ControlError),
        (
            ADA.model_copy(
                update={"controls": ControlsPatch(mouth=ComponentPatch(source="telepathy"))}
            ),
            None,
            ControlError,
        ),
    ],
)
async def test_a_session_that_cannot_be_made_takes_no_place(
    sessions: Sessions, request_: SessionRequest, portrait: bytes | None, error: type[Exception]
) -> None:
    for _ in range(LIMITS.sessions + 1):
        with pytest.raises(error):
            await sessions.create(request_, portrait)
    assert len(sessions) == 0


@pytest.mark.parametrize(("seconds", "left"), [(29.9, 1), (30.1, 0)])
async def test_a_session_without_an_offer_ends(
    sessions: Sessions, clock: ManualClock, seconds: float, left: int
) -> None:
    await sessions.create(ADA)
    clock.advance(seconds)
    sessions.reap()
    assert len(sessions) == left


async def test_the_longest_time_ends_a_session(sessions: Sessions, clock: ManualClock) -> None:
    session = await sessions.create(ADA)
    assert session.overdue(clock.now() + LIMITS.session_seconds - 1) == "nobody is connected"
    assert (
        session.overdue(clock.now() + LIMITS.session_seconds + 1) == "it reached its longest time"
    )


async def test_a_refused_offer_loses_nothing(sessions: Sessions) -> None:
    session = await sessions.create(ADA)
    with pytest.raises(OfferRefused):
        await session.answer("v=0 nonsense")
    sessions.reap()
    assert sessions.find(session.id).state.state == "waiting"


async def test_a_closed_registry_opens_nothing(sessions: Sessions) -> None:
    await sessions.create(ADA)
    making = asyncio.create_task(sessions.create(ADA))
    await asyncio.sleep(0)
    await sessions.close()
    with pytest.raises(ServerFull):
        await making
    with pytest.raises(ServerFull):
        await sessions.create(ADA)
    assert len(sessions) == 0


async def test_controls_are_changed_where_they_are_named(sessions: Sessions) -> None:
    session = await sessions.create(ADA)
    before = session.controls
    patch = ControlsPatch(mouth=ComponentPatch(gain=1.5), emotion="happy")
    after = session.change(patch)
    assert after.mouth == before.mouth.model_copy(update={"gain": 1.5})
    assert after == before.model_copy(update={"mouth": after.mouth, "emotion": "happy"})
    with pytest.raises(ControlError):
        session.change(ControlsPatch(blink=0.0, emotion="bored"))
    assert session.controls == after


async def test_avatars_that_other_processes_draw_are_forgotten_with_their_session(
    studio: Studio, pool: Pool, clock: ManualClock
) -> None:
    processes = Lent()
    registry = registry_of(studio, pool, clock, LIMITS, processes=processes)
    session = await registry.create(ADA)
    assert processes.lent == 1
    await registry.end(session.id, "test")
    assert processes.lent == 0
    session = await registry.create(ADA)
    await registry.close()
    assert processes.lent == 0
    processes.close()


class Lent(RenderProcesses):
    """Counts the avatars that have not come back."""

    def __init__(self) -> None:
        super().__init__(0)
        self.lent = 0

    def remote(self, identity: Identity) -> RemoteIdentity:
        self.lent += 1
        return super().remote(identity)

    def forget(self, key: int) -> None:
        self.lent -= 1
        super().forget(key)
