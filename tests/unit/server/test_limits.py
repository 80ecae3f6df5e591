"""Each limit at its value and one above."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest

from engine.clock import ManualClock, MonotonicClock
from engine.errors import OfferRefused
from engine.scheduler import Pool
from engine.studio import Studio
from server import limits
from server.app import create_app
from server.limits import Limits
from server.media.offers import check
from server.metrics import Metrics
from server.protocol import SessionRequest
from tests.support.serving import asked, registry_of

SMALL = Limits(sessions=2, json_bytes=400, portrait_bytes=3000, body_seconds=0.2)


@pytest.fixture
async def http(studio: Studio, pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    async with asked(create_app(studio, pool, MonotonicClock(), SMALL)) as client:
        yield client


def padded(size: int) -> bytes:
    return json.dumps({"presenter": "ada", "size": 256}).encode().ljust(size)


async def pieces(data: bytes, size: int = 7) -> AsyncIterator[bytes]:
    """A body without a declared length."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("size", "status"), [(400, 201), (401, 413), (100_000, 413)])
async def test_json_bodies(http: httpx.AsyncClient, size: int, status: int, chunked: bool) -> None:
    body = padded(size)
    answer = await http.post(
        "/v1/sessions",
        content=pieces(body) if chunked else body,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("size", "code"), [(3000, "picture_unreadable"), (3001, "picture_too_large")]
)
async def test_portraits(http: httpx.AsyncClient, size: int, code: str) -> None:
    noise = np.random.default_rng(1).bytes(size)
    answer = await http.post("/v1/sessions", files={"portrait": noise})
    assert answer.json()["code"] == code
    much = await http.post("/v1/sessions", files={"portrait": noise * 5})
    assert (much.status_code, much.json()["code"]) == (413, "picture_too_large")


@pytest.mark.parametrize(("size", "code"), [(65_536, "offer_refused"), (65_537, "request_refused")])
async def test_offers(http: httpx.AsyncClient, size: int, code: str) -> None:
    session = (await http.post("/v1/sessions", json={"presenter": "ada"})).json()["id"]
    body = {"type": "offer", "sdp": "v=0\r\n".ljust(size, "x")}
    answer = await http.post(f"/v1/sessions/{session}/offer", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_slow_bodies(http: httpx.AsyncClient) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()  # and never comes
        yield b"}"

    headers = {"content-type": "application/json"}
    answer = await http.post("/v1/sessions", content=slow(), headers=headers)
    assert answer.status_code == 408


async def test_sessions_and_when_to_ask_again(http: httpx.AsyncClient) -> None:
    answers = [await http.post("/v1/sessions", json={"presenter": "ada"}) for _ in range(3)]
    assert [it.status_code for it in answers] == [201, 201, 503]
    assert answers[2].headers["retry-after"] == str(limits.RETRY_SECONDS)


HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"


@pytest.mark.parametrize(
    ("offer", "complaint"),
    [
        (HEAD + AUDIO, "does not ask for"),
        (HEAD + AUDIO * limits.MEDIA_SECTIONS, "does not ask for"),
        (HEAD + AUDIO * (limits.MEDIA_SECTIONS + 1), "media sections"),
    ],
)
def test_what_an_offer_may_hold(offer: str, complaint: str) -> None:
    with pytest.raises(OfferRefused, match=complaint):
        check(offer, sees=True, speaks=True)


async def test_messages(studio: Studio, pool: Pool) -> None:
    clock, metrics = ManualClock(), Metrics()
    sessions = registry_of(studio, pool, clock, SMALL, metrics)
    session = await sessions.create(SessionRequest(presenter="ada", size=256))

    def errors(code: str) -> float:
        value = metrics.registry.get_sample_value("visavis_errors_total", {"code": code})
        return value or 0.0

    ping = '{"type": "ping", "time": 1}'
    session.receive(ping.ljust(limits.MESSAGE_BYTES))
    assert errors("request_refused") == 0
    session.receive(ping.ljust(limits.MESSAGE_BYTES + 1))
    assert errors("request_refused") == 1
    for _ in range(limits.MESSAGES_PER_SECOND - 2):
        session.receive(ping)
    assert errors("too_many_messages") == 0
    session.receive(ping)
    assert errors("too_many_messages") == 1
    clock.advance(1.001 / limits.MESSAGES_PER_SECOND)
    session.receive(ping)
    assert errors("too_many_messages") == 1
    await sessions.close()


def test_limits_are_consistent() -> None:
    defaults = Limits()
    assert defaults.offer_bytes > 2 * 65_536, "line ends of SDP take two bytes more in JSON"
    assert limits.MESSAGES_PER_SECOND > 25, "a slider must not be cut off"
    assert defaults.silence_seconds > 3 * 2.0, "three pings of two seconds may be lost"
