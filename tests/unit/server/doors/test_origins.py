"""Whose page may ask: on HTTP, on WebSockets, before and after a preflight."""

from __future__ import annotations

import pytest

from engine.errors import DeviceError
from server.doors.doors import Doors
from server.doors.origins import Origins, is_preflight
from server.http.faults import Foreign
from tests.support.guarded import HOST, LOCKED, Guarded

FRIEND = "https://friend.example"
DOORS = Doors(origins=frozenset({FRIEND, "http://localhost:3000"}))

FOREIGN = [
    "null", "", "http://visavis.example", "http://visavis.example:80", "http://visavis.example:8081",
    "http://visavis.example:8080.evil.example", "http://evil.example/visavis.example:8080",
    "http://visavis.example:8080@evil.example", "http://evil-visavis.example:8080",
    "http://visavis.example.evil.example:8080", "ftp://visavis.example:8080",
    "file://visavis.example:8080", "visavis.example:8080", "http://visavis.example:8080/",
    "http://visavis.example:8080 ", "http://visavis.example:8080#", "http://[::1]:8080",
    "https://friend.example.evil.example", "https://friend.example:444", "http://friend.example",
    "https://FRIEND.example.", "https://friend.example/", "http://localhost:3001",
    "http://visavis.example:8080, https://friend.example", "*", "https://*.example",
]  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
async def test_pages_of_other_sites_are_refused(origin: str) -> None:
    guarded = Guarded(DOORS)
    headers = {"Origin": origin}
    async with guarded.http() as http:
        for method in ("POST", "GET", "DELETE"):
            answer = await http.request(method, "/v1/sessions", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
            assert "access-control-allow-origin" not in answer.headers
        asked = headers | {"Access-Control-Request-Method": "POST"}
        assert (await http.options("/v1/sessions", headers=asked)).status_code == 403
    assert await guarded.socket("/v1/sessions/x/voice", headers) == 403


@pytest.mark.parametrize("origin", [f"http://{HOST}", f"https://{HOST}", f"http://{HOST.upper()}"])
async def test_the_own_page_is_let_in(origin: str) -> None:
    """Over https too: a proxy may have taken the encryption off."""
    guarded = Guarded(DOORS)
    async with guarded.http(Origin=origin) as http:
        answer = await http.post("/v1/sessions")
    assert answer.status_code == 200 and "access-control-allow-origin" not in answer.headers
    assert await guarded.socket("/v1/sessions/x/voice", {"Origin": origin}) == 101


@pytest.mark.parametrize(
    ("scheme", "host", "origin", "own"),
    [
        ("https", "a.example", "https://a.example", True),
        ("https", "a.example:443", "https://a.example", True),
        ("http", "a.example:443", "https://a.example", True),
        ("http", "a.example:80", "http://a.example", True),
        ("wss", "a.example", "https://a.example", True),
        ("https", "a.example", "http://a.example", False),
        ("wss", "a.example", "http://a.example", False),
        ("https", "[::1]:8443", "https://[::1]:8443", True),
        ("http", "", "http://", False),
    ],
)
def test_schemes_and_ports(scheme: str, host: str, origin: str, own: bool) -> None:
    scope = {
        "type": "http", "method": "POST", "scheme": scheme,
        "headers": [(b"host", host.encode()), (b"origin", origin.encode())],
    }  # fmt: skip
    if own:
        assert Origins().check(scope) == {}
    else:
        with pytest.raises(Foreign):
            Origins().check(scope)


@pytest.mark.parametrize("origin", [FRIEND, "http://localhost:3000"])
async def test_pages_that_are_named_are_let_in(origin: str) -> None:
    guarded = Guarded(DOORS)
    async with guarded.http(Origin=origin) as http:
        answer = await http.post("/v1/sessions")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["vary"] == "Origin"
    for name in ("location", "etag", "link", "retry-after"):
        assert name in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    assert await guarded.socket("/v1/sessions/x/voice", {"Origin": origin}) == 101


async def test_a_preflight_is_answered_without_a_token() -> None:
    doors = Doors(tokens=LOCKED.tokens, origins=DOORS.origins)
    asked = {"Origin": FRIEND, "Access-Control-Request-Method": "PATCH"}
    async with Guarded(doors).http() as http:
        answer = await http.options("/whip/x", headers=asked)
        refused = await http.post("/whip/x", headers={"Origin": FRIEND})
    assert answer.status_code == 204 and not answer.content
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert {"PUT", "PATCH", "DELETE"} < set(
        answer.headers["access-control-allow-methods"].split(", ")
    )
    assert answer.headers["access-control-allow-headers"].split(", ") == [
        "authorization", "content-type", "if-match",
    ]  # fmt: skip
    assert refused.status_code == 401, "and its page can read that"
    assert refused.headers["access-control-allow-origin"] == FRIEND


def test_options_without_a_browser_are_no_preflight() -> None:
    assert not is_preflight({"type": "http", "method": "OPTIONS", "headers": []})
    assert not is_preflight({"type": "websocket", "headers": []})


@pytest.mark.parametrize("host", ["evil.example", "", "visavis.example.evil.example", "[bad"])
async def test_other_names_of_the_server_are_refused(host: str) -> None:
    guarded = Guarded(Doors(hosts=frozenset({"Visavis.example"})))
    async with guarded.http() as http:
        assert (await http.get("/", headers={"Host": host})).status_code == 403
        assert (await http.get("/")).status_code == 200
    assert await guarded.socket("/v1/x", {"host": host}) == 403
    assert await guarded.socket("/v1/x", {}) == 101


@pytest.mark.parametrize("origin", ["*", "friend.example", "https://friend.example/", "null", ""])
def test_what_is_no_origin_is_not_taken_as_one(origin: str) -> None:
    with pytest.raises(DeviceError, match="no origin"):
        Origins((), {origin})
