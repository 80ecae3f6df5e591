"""Bodies at their limit, and one byte past it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from server import limits
from server.doors.doors import Doors
from server.limits import Limits
from tests.support.guarded import LOCKED, Guarded

SMALL = Limits(json_bytes=400, offer_bytes=700, portrait_bytes=900, speech_bytes=5000)
CASES = [
    ("/v1/sessions", "application/json", 400),
    ("/v1/sessions", "", 400),
    ("/v1/sessions/x/offer", "application/json", 700),
    ("/v1/sessions", "multipart/form-data; boundary=x", 2 * 900 + 400),
    ("/v1/sessions/x/speech", "audio/wav", 5000),
    ("/v1/sessions/x/speech", "multipart/form-data; boundary=x", 5000),
    ("/whip/x", "application/sdp", limits.SDP_BYTES),
    ("/whep/x", "Application/SDP; charset=utf-8", limits.SDP_BYTES),
    ("/whip/x/y", "application/trickle-ice-sdpfrag", limits.SDP_BYTES),
    ("/whip/x", "text/plain", 400),
    ("/v1/looks/motion", "application/json", 400),
    ("/v1/looks/speech", "application/json", 400),
    ("/v1/looks/offer", "application/json", 400),
]


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 997):
        yield data[start : start + 997]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("path", "kind", "limit"), CASES)
async def test_at_the_limit_and_one_past_it(
    path: str, kind: str, limit: int, chunked: bool
) -> None:
    method = "PATCH" if path.endswith("/y") else "POST"
    async with Guarded(Doors(), SMALL).http() as http:
        for size, status in ((limit, 200), (limit + 1, 413), (20 * limit, 413)):
            body = b"x" * size
            answer = await http.request(
                method, path, content=pieces(body) if chunked else body,
                headers={"Content-Type": kind},
            )  # fmt: skip
            assert answer.status_code == status
            assert status != 200 or answer.json()["bytes"] == size


async def test_a_body_that_takes_too_long() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async with Guarded(Doors(), Limits(body_seconds=0.05)).http() as http:
        answer = await http.post("/v1/sessions", content=slow())
    assert answer.status_code == 408


async def test_a_refused_body_is_read_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read, so that a browser which is still sending gets to see the refusal."""
    monkeypatch.setattr(limits, "DISCARD_SECONDS", 0.05)
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 100
            yield b"x" * 100

    async def stuck() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(5)

    async with Guarded(LOCKED, SMALL).http() as http:
        assert (await http.post("/v1/sessions", content=endless())).status_code == 401
        assert 400 < taken < 2000
        assert (await http.post("/v1/sessions", content=stuck())).status_code == 401
