"""Which addresses ask for a token, and what counts as one."""

from __future__ import annotations

import pytest

from engine.clock import ManualClock
from server import limits
from server.doors.doors import Doors
from server.doors.tokens import Grant, Tokens
from tests.support.guarded import HOST, LOCKED, SECRET, Guarded

TOKEN = Tokens(SECRET).issue(Grant("bob"), limits.TOKEN_SECONDS)
BEARER = {"Authorization": f"Bearer {TOKEN}"}
OURS = {"Origin": f"http://{HOST}"}

ASKS = [
    ("POST", "/v1/sessions"), ("GET", "/v1/sessions/x"), ("DELETE", "/v1/sessions/x"),
    ("PATCH", "/v1/sessions/x/controls"), ("POST", "/v1/sessions/x/offer"),
    ("POST", "/v1/tickets"), ("POST", "/whip/x"), ("PATCH", "/whip/x/y"), ("GET", "/whep/x"),
    ("DELETE", "/whep/x/y"), ("GET", "/metrics"), ("GET", "/v1"), ("GET", "/v1/whatever/comes"),
    ("POST", "/v1/presenters"), ("GET", "/v1/presentersx"), ("HEAD", "/v1/sessions/x"),
    ("POST", "/v1/tracker"), ("GET", "/v1/looks"), ("PUT", "/v1/looks/x"),
]  # fmt: skip
OPEN = [
    ("GET", "/"), ("GET", "/js/main.js"), ("GET", "/health"), ("GET", "/ready"), ("GET", "/docs"),
    ("GET", "/v1/presenters"), ("GET", "/v1/presenters/ada/picture"), ("OPTIONS", "/whip/x"),
    ("OPTIONS", "/v1/sessions"), ("GET", "/v1/tracker"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ASKS)
async def test_what_is_dear_asks_for_a_token(method: str, path: str) -> None:
    async with Guarded(LOCKED).http() as http:
        refused = await http.request(method, path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert method == "HEAD" or refused.json()["code"] == "unauthorized"
        assert (await http.request(method, path, headers=BEARER)).status_code == 200
    async with Guarded(Doors()).http() as http:
        assert (await http.request(method, path)).status_code == 200


@pytest.mark.parametrize(("method", "path"), OPEN)
async def test_the_rest_is_open(method: str, path: str) -> None:
    async with Guarded(LOCKED).http() as http:
        assert (await http.request(method, path)).status_code == 200


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer{TOKEN}", f"Bearer {TOKEN} x"],
)
async def test_what_is_no_bearer_token(header: str) -> None:
    async with Guarded(LOCKED).http() as http:
        answer = await http.get("/v1/sessions/x", headers={"Authorization": header})
    assert answer.status_code == 401


async def test_two_headers_are_none_and_the_address_is_no_place_for_a_token() -> None:
    guarded = Guarded(LOCKED)
    async with guarded.http() as http:
        twice = [("Authorization", f"Bearer {TOKEN}")] * 2
        assert (await http.get("/v1/sessions/x", headers=twice)).status_code == 401
        for name in ("token", "access_token", "ticket"):
            address = f"/v1/sessions/x?{name}={TOKEN}"
            assert (await http.get(address)).status_code == 401
        ticket = guarded.tickets.issue(Grant("bob"))
        assert (await http.get(f"/v1/sessions/x?ticket={ticket}")).status_code == 401
    assert await guarded.socket(f"/v1/x?token={TOKEN}", OURS) == 401


async def test_the_scheme_is_written_as_one_likes() -> None:
    async with Guarded(LOCKED).http(Authorization=f"bearer  {TOKEN}") as http:
        assert (await http.get("/v1/sessions/x")).json()["sub"] == "bob"


async def test_a_browser_opens_a_websocket_with_a_ticket_once() -> None:
    clock = ManualClock()
    guarded = Guarded(LOCKED, clock=clock)
    ticket = guarded.tickets.issue(Grant("bob"))
    address = f"/v1/sessions/x/voice?ticket={ticket}&other=1"
    assert await guarded.socket(address, OURS) == 101
    assert await guarded.socket(address, OURS) == 401
    late = guarded.tickets.issue(Grant("bob"))
    clock.advance(limits.TICKET_SECONDS)
    assert await guarded.socket(f"/v1/sessions/x/voice?ticket={late}", OURS) == 401


async def test_a_program_opens_a_websocket_with_its_token() -> None:
    guarded = Guarded(LOCKED)
    assert await guarded.socket("/v1/sessions/x/voice", BEARER) == 101
    assert await guarded.socket("/v1/sessions/x/voice", BEARER | OURS) == 101
    assert await guarded.socket("/v1/sessions/x/voice", {}) == 401
    assert await guarded.socket("/v1/sessions/x/voice", OURS) == 401


async def test_a_ticket_without_a_browser_is_none() -> None:
    guarded = Guarded(LOCKED)
    ticket = guarded.tickets.issue(Grant("bob"))
    assert await guarded.socket(f"/v1/sessions/x/voice?ticket={ticket}", {}) == 401
    twice = f"/v1/sessions/x/voice?ticket={ticket}&ticket={ticket}"
    assert await guarded.socket(twice, OURS) == 401
    assert await guarded.socket(f"/v1/sessions/x/voice?ticket={ticket}", OURS) == 101


async def test_without_a_secret_a_websocket_just_opens() -> None:
    guarded = Guarded(Doors())
    assert await guarded.socket("/v1/sessions/x/voice", {}) == 101
    assert await guarded.socket("/v1/sessions/x/voice?ticket=whatever", OURS) == 101
