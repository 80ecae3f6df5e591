"""Callers that leave at every moment, in order or not: their place comes back, nothing stays."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import pytest

from client import requests
from client.call import Conversation
from client.errors import CallLost
from engine.errors import UnknownSession
from server.protocol import InterruptMessage, SessionRequest
from tests.support.leaks import until
from tests.support.lengths import length
from tests.support.probe import Beeps
from tests.support.relay import Link, Relay
from tests.support.relaying import Weather
from tests.support.serving import Serving
from tests.support.snapshot import Memory, Snapshot

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("clean")]
ADA: Final = SessionRequest(presenter="ada", size=256)
FREED_SECONDS: Final = 10.0
POLITELY_SECONDS: Final = 2.0
HOUSEKEEPING: Final = 0.75
"""From the end of a limit to the reaper's next round, on a busy machine."""
AT_ONCE: Final = 5
REACHED_SECONDS: Final = 15.0
"""For the moment to come, where several call at once."""
SETTLE_SECONDS: Final = 5.0
"""From the last place's freeing until all of its session is gone."""
ROUNDS: Final = length(6, 24)
"""Of callers that leave, one at each moment: 54 and 216 sessions."""
WARMUP: Final = 2
"""Rounds before anything is compared: caches, pools and their threads fill."""
GROWTH_KILOBYTES: Final = length(20.0, 10.0)
"""A session, server and caller together. The promise is 10; few cycles tell no better."""


class Moment(StrEnum):
    BEFORE_OFFER = "before the offer"
    BEFORE_ANSWER = "before the answer is used"
    IN_ICE = "in ICE"
    IN_DTLS = "in DTLS"
    FIRST_PICTURE = "at the first picture"
    SPEAKING = "while it speaks"
    INTERRUPTED = "in an interrupt"
    CLOSING = "while it closes"
    TWICE = "twice"


@dataclass
class Caller:
    """One that leaves at a moment; `killed`: without a word, the network just ends."""

    server: Serving
    relay: Relay
    moment: Moment
    killed: bool

    async def call(self) -> float:
        """Call and leave; seconds from leaving until the place is free."""
        session = await requests.create(self.server.http, ADA, None)
        conversation, link = Conversation(session, Beeps()), self.relay.link()
        taking: asyncio.Task[None] | None = None
        try:
            if self.moment is not Moment.BEFORE_OFFER:
                offer = link.offer(await conversation.offer())
                answer = await requests.exchange(self.server.http, session.id, offer)
                if self.moment is not Moment.BEFORE_ANSWER:
                    taking = asyncio.create_task(conversation.take(link.answer(answer)))
                    await self._reach(conversation)
            left = time.monotonic()
            await self._leave(conversation, link, taking)
        finally:
            await _cancelled(taking)
            await conversation.close()
        await until(lambda: not self._is_open(session.id), FREED_SECONDS + HOUSEKEEPING)
        return time.monotonic() - left

    async def _reach(self, conversation: Conversation) -> None:
        connection: Any = conversation
        connection = connection._connection
        match self.moment:
            case Moment.IN_ICE:
                await until(lambda: connection.iceConnectionState == "checking", REACHED_SECONDS)
            case Moment.IN_DTLS:
                await until(lambda: connection.iceConnectionState == "completed", REACHED_SECONDS)
                assert connection.connectionState == "connecting", "it was too quick to be tested"
            case Moment.SPEAKING:
                await until(lambda: conversation.state == "speaking", REACHED_SECONDS)
            case _:
                await until(lambda: conversation.report().pictures > 0, REACHED_SECONDS)
        if self.moment is Moment.INTERRUPTED:
            conversation.send(InterruptMessage())

    async def _leave(
        self, conversation: Conversation, link: Link, taking: asyncio.Task[None] | None
    ) -> None:
        if self.moment is Moment.CLOSING:
            await _cancelled(taking)
            closing = asyncio.create_task(conversation.close())
            await asyncio.sleep(0)
            if self.killed:
                self.relay.sever(link)
            await closing
        elif self.killed:
            self.relay.sever(link)
        if self.killed:
            return
        await _cancelled(taking)
        await conversation.close()
        for _ in range(2 if self.moment is Moment.TWICE else 1):
            await self.server.http.delete(f"/v1/sessions/{conversation.session.id}")

    def _is_open(self, session: str) -> bool:
        try:
            self.server.sessions.find(session)
        except UnknownSession:
            return False
        return True


@pytest.fixture(autouse=True)
def far(relay: Relay) -> None:
    """So that ICE and DTLS take long enough to leave in the middle of them."""
    relay.weather(Weather(delay=0.05))


def callers(server: Serving, relay: Relay, killed: bool) -> list[Caller]:
    """One for each moment."""
    return [Caller(server, relay, moment, killed) for moment in Moment]


async def _cancelled(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError, CallLost):
            await task


async def all_of(some: list[Caller]) -> dict[str, float | str]:
    """Let them call, some at a time; by moment how long their place stayed taken."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(caller: Caller) -> float | str:
        async with places:
            try:
                return await caller.call()
            except Exception as error:
                return repr(error)

    results = await asyncio.gather(*map(one, some))
    return dict(zip((caller.moment.value for caller in some), results, strict=True))


def check(freed: dict[str, float | str], seconds: float) -> None:
    print({moment: round(it, 2) if isinstance(it, float) else it for moment, it in freed.items()})
    late = {moment: it for moment, it in freed.items() if not isinstance(it, float) or it > seconds}
    assert not late


@pytest.mark.timing
async def test_a_place_is_free_at_once_when_callers_hang_up(server: Serving, relay: Relay) -> None:
    check(await all_of(callers(server, relay, killed=False)), POLITELY_SECONDS)


async def test_a_place_is_free_in_10_seconds_when_callers_vanish(
    server: Serving, relay: Relay
) -> None:
    check(await all_of(callers(server, relay, killed=True)), FREED_SECONDS + HOUSEKEEPING)


@pytest.mark.parametrize("killed", length([False], [False, True]))
async def test_callers_that_come_and_go_leave_nothing(
    server: Serving, relay: Relay, killed: bool
) -> None:
    memory = Memory()
    for _ in range(WARMUP):
        await all_of(callers(server, relay, killed))
    await asyncio.sleep(1.0)
    start = Snapshot.take()
    for _ in range(ROUNDS):
        check(await all_of(callers(server, relay, killed)), FREED_SECONDS + HOUSEKEEPING)
        await Snapshot.take().settles_to(start, SETTLE_SECONDS)
        memory.note()
    growth = memory.growth(0) / len(Moment)
    print(f"{growth:.1f} kB a session over {ROUNDS * len(Moment)}")
    assert growth < GROWTH_KILOBYTES
