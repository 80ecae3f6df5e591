"""What a caller is told when something else than a server of ours answers."""

from __future__ import annotations

import httpx
import pytest

from client import requests
from client.errors import CallLost, CallRefused
from server.protocol import ErrorBody


def answering(status: int, body: str) -> httpx.AsyncClient:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, text=body))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9000")


@pytest.mark.parametrize("status", [200, 404, 502])
async def test_another_server_is_told_from_ours(status: int) -> None:
    async with answering(status, "<html>a proxy</html>") as http:
        with pytest.raises(CallLost, match=f"answers {status}: is that the server"):
            await requests.offered(http)


async def test_a_refusal_keeps_its_words() -> None:
    body = ErrorBody(code="server_full", message="all 2 places are taken").model_dump_json()
    async with answering(503, body) as http:
        with pytest.raises(CallRefused, match="all 2 places") as refused:
            await requests.offered(http)
    assert refused.value.code == "server_full"


def test_what_is_no_address_is_said() -> None:
    with pytest.raises(CallLost, match="is no address"):
        requests.opened("http://127.0.0.1:80a", None, 1.0)
