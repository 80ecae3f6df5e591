"""Floods: how often, how many at once, and how many senders are remembered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.clock import ManualClock
from engine.errors import ServerFull, TooOften
from server import limits
from server.doors.doors import Doors
from server.doors.tokens import ANYONE, Grant, Tokens
from server.doors.turnstile import Turnstile
from tests.support.guarded import SECRET, Guarded


def post(path: str, address: str = "198.51.100.1") -> dict[str, Any]:
    return {"type": "http", "method": "POST", "path": path, "client": (address, 1)}


def taken(
    turnstile: Turnstile, scope: dict[str, Any], grant: Grant = ANYONE, tries: int = 100
) -> int:
    count = 0
    for _ in range(tries):
        try:
            turnstile.admit(scope, grant)
            count += 1
        except TooOften:
            pass
    return count


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/sessions", limits.OPENINGS_PER_MINUTE),
        ("/v1/sessions/x/offer", limits.OPENINGS_PER_MINUTE),
        ("/whip/x", limits.OPENINGS_PER_MINUTE),
        ("/whep/x", limits.OPENINGS_PER_MINUTE),
        ("/v1/tickets", limits.ORDERS_PER_MINUTE),
        ("/v1/sessions/x/speech", limits.ORDERS_PER_MINUTE),
        ("/v1/sessions/x/interrupt", 100),
    ],
)
def test_what_is_dear_is_counted(path: str, allowed: int) -> None:
    clock = ManualClock()
    turnstile = Turnstile(clock, generous=False)
    assert taken(turnstile, post(path)) == allowed
    clock.advance(60)
    assert taken(turnstile, post(path)) == allowed


def test_a_thousand_offers_in_ten_seconds_make_a_dozen() -> None:
    clock = ManualClock()
    turnstile = Turnstile(clock, generous=False)
    passed = 0
    for number in range(1000):
        clock.advance(0.01)
        passed += taken(turnstile, post(f"/whep/{number}"), tries=1)
    assert passed in (11, 12)


def test_by_address_and_by_person() -> None:
    turnstile = Turnstile(ManualClock(), generous=False)
    bob, eve = Grant("bob"), Grant("eve")
    most = limits.OPENINGS_PER_MINUTE
    assert taken(turnstile, post("/v1/sessions", "198.51.100.1"), bob) == most
    assert taken(turnstile, post("/v1/sessions", "198.51.100.2"), bob) == 0, "same person"
    assert taken(turnstile, post("/v1/sessions", "198.51.100.1"), eve) == 0, "same address"
    assert taken(turnstile, post("/v1/sessions", "198.51.100.3"), eve) == most
    assert taken(turnstile, post("/whip/x", "198.51.100.1"), bob) == most, "something else"


def test_an_ipv6_network_is_one_address() -> None:
    turnstile = Turnstile(ManualClock(), generous=False)
    passed = sum(
        taken(turnstile, post("/v1/sessions", f"2001:db8::{it:x}"), Grant(f"g{it}"), 1)
        for it in range(1, 50)
    )
    assert passed == limits.OPENINGS_PER_MINUTE
    assert taken(turnstile, post("/v1/sessions", "2001:db8:0:1::1"), Grant("other"), 1) == 1


def test_ipv4_in_the_shape_of_ipv6_is_one_address_each() -> None:
    turnstile = Turnstile(ManualClock(), generous=False)
    for last in range(3):
        scope = post("/v1/sessions", f"::ffff:198.51.100.{last}")
        assert taken(turnstile, scope, Grant(f"g{last}")) == limits.OPENINGS_PER_MINUTE


def test_programs_of_this_machine_find_patience() -> None:
    turnstile = Turnstile(ManualClock(), generous=True)
    assert taken(turnstile, post("/v1/sessions", "127.0.0.1"), tries=900) == 900


def test_memory_for_senders_is_bounded() -> None:
    turnstile = Turnstile(ManualClock(), generous=False, capacity=10)
    for number in range(100):
        scope = post("/v1/sessions", f"198.51.100.{number}")
        turnstile.admit(scope, Grant(f"g{number}"))
    assert len(turnstile._allowances) == 10


async def test_the_refusal_says_when_to_come_again() -> None:
    doors = Doors(tokens=Tokens(SECRET), beyond=True)
    bearer = f"Bearer {Tokens(SECRET).issue(Grant('bob'), 60)}"
    async with Guarded(doors).http(Authorization=bearer) as http:
        answers = [await http.post("/v1/sessions") for _ in range(11)]
    assert [it.status_code for it in answers] == [200] * 10 + [429]
    assert answers[-1].json()["code"] == "too_often" and int(answers[-1].headers["retry-after"]) > 0


async def test_few_offers_are_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    turnstile = Turnstile(ManualClock(), generous=False)
    gate, running = asyncio.Event(), 0

    async def answer() -> None:
        nonlocal running
        async with turnstile.handshake(post("/whip/x")):
            running += 1
            await gate.wait()
            running -= 1

    tasks = [asyncio.create_task(answer()) for _ in range(limits.HANDSHAKES + 3)]
    await asyncio.sleep(0.01)
    assert running == limits.HANDSHAKES
    monkeypatch.setattr(limits, "HANDSHAKE_WAIT_SECONDS", 0.02)
    with pytest.raises(ServerFull, match="connecting"):
        await answer()
    async with turnstile.handshake(post("/v1/sessions")):
        pass  # what is no offer does not wait
    gate.set()
    await asyncio.gather(*tasks)
    await answer()
