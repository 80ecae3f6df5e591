"""How connections are served: encrypted, WebSockets within bounds, and none that only waits."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from server import limits
from server.doors.listening import Tls
from server.doors.protocols import ImpatientHttp
from server.doors.tokens import Grant, Tokens
from server.serve import configured
from tests.support.certificate import certificate
from tests.support.guarded import LOCKED, SECRET, Guarded

BEARER = {"Authorization": f"Bearer {Tokens(SECRET).issue(Grant('bob'), limits.TOKEN_SECONDS)}"}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it is told; over HTTP, who asks."""
    if scope["type"] == "http":
        body = f"{scope['scheme']} {scope['client'][0]}".encode()
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})
        return
    socket = WebSocket(scope, receive, send)
    await socket.accept()
    try:
        while True:
            await socket.send_bytes(await socket.receive_bytes())
    except WebSocketDisconnect:
        pass


@asynccontextmanager
async def served(
    app: ASGIApp = echo, tls: Tls | None = None, proxies: tuple[str, ...] = ()
) -> AsyncIterator[int]:
    config = configured(app, tls=tls, proxies=proxies)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = asyncio.create_task(server.serve([listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await running


async def test_encrypted_with_a_certificate(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(cert))
    async with served(tls=Tls(cert, key)) as port:
        async with httpx.AsyncClient(verify=trusting) as http:
            answer = await http.get(f"https://127.0.0.1:{port}/")
        assert answer.text == "https 127.0.0.1"
        async with connect(f"wss://127.0.0.1:{port}/", ssl=trusting) as talk:
            await talk.send(b"hello")
            assert await talk.recv() == b"hello"
        async with httpx.AsyncClient() as http:
            with pytest.raises(httpx.ConnectError):
                await http.get(f"https://127.0.0.1:{port}/")
            with pytest.raises(httpx.HTTPError):
                await http.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("proxies", "told"), [((), "http 127.0.0.1"), (("127.0.0.1",), "https 198.51.100.9")]
)
async def test_only_a_proxy_is_believed_who_asks(proxies: tuple[str, ...], told: str) -> None:
    headers = {"X-Forwarded-For": "198.51.100.9", "X-Forwarded-Proto": "https"}
    async with served(proxies=proxies) as port, httpx.AsyncClient(headers=headers) as http:
        assert (await http.get(f"http://127.0.0.1:{port}/")).text == told


async def test_messages_of_a_websocket_at_their_limit() -> None:
    async with served() as port:
        async with connect(f"ws://127.0.0.1:{port}/", max_size=None) as talk:
            await talk.send(b"x" * limits.SOCKET_MESSAGE_BYTES)
            assert len(await talk.recv()) == limits.SOCKET_MESSAGE_BYTES
            assert not talk.protocol.extensions
            await talk.send(b"x" * (limits.SOCKET_MESSAGE_BYTES + 1))
            with pytest.raises(ConnectionClosedError) as closed:
                await talk.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


async def test_a_websocket_that_does_not_answer_pings_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "SOCKET_PING_SECONDS", 0.1)
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        rest = await asyncio.wait_for(reader.read(), 3)
        assert rest[:1] == b"\x89", "a ping came first"
        writer.close()


async def test_refusals_of_a_websocket_reach_the_caller(capfd: pytest.CaptureFixture[str]) -> None:
    """And neither a ticket nor an error reaches the log, however much it tells."""
    guarded = Guarded(LOCKED)
    async with served(guarded.app) as port:
        logging.getLogger("uvicorn.error").setLevel(logging.INFO)
        here = f"ws://127.0.0.1:{port}/v1/sessions/x/voice"
        for headers, status in (
            ({}, 401),
            ({"Origin": "https://evil.example"} | BEARER, 403),
            ({"Origin": "null"} | BEARER, 403),
        ):
            with pytest.raises(InvalidStatus) as refused:
                await connect(here, additional_headers=headers)
            assert refused.value.response.status_code == status
            assert b'"code"' in (refused.value.response.body or b"")
        async with connect(here, additional_headers=BEARER):
            pass
        ticket = guarded.tickets.issue(Grant("bob"))
        origin = {"Origin": f"http://127.0.0.1:{port}"}
        async with connect(f"{here}?ticket={ticket}", additional_headers=origin):
            pass
        with pytest.raises(InvalidStatus):
            await connect(f"{here}?ticket={ticket}", additional_headers=origin)
    log = capfd.readouterr().err
    assert "voice" in log and ticket not in log and "ERROR" not in log
    assert BEARER["Authorization"] not in log


@pytest.mark.parametrize(
    "start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-", b"\r\n\r\n\r\n"]
)
async def test_headers_that_do_not_come_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    """A byte now and then does not help."""
    monkeypatch.setattr(ImpatientHttp, "seconds", 0.3)
    async with served() as port:
        assert await cut_after(port, start) < 1.0


async def test_a_second_request_is_not_waited_for_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImpatientHttp, "seconds", 0.3)
    async with served() as port:
        whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        assert await cut_after(port, whole + b"GET / HT", answers=1) < 1.0


async def test_what_comes_in_time_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImpatientHttp, "seconds", 0.3)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.5)
        await echo(scope, receive, send)

    async with served(slow) as port:
        async with httpx.AsyncClient() as http:
            for _ in range(2):
                assert (await http.get(f"http://127.0.0.1:{port}/")).status_code == 200
                await asyncio.sleep(0.4)
        async with connect(f"ws://127.0.0.1:{port}/") as talk:
            await asyncio.sleep(0.4)
            await talk.send(b"x")
            assert await talk.recv() == b"x"


async def much(scope: Scope, receive: Receive, send: Send) -> None:
    """Says 16 MiB."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(256):
        await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def test_an_answer_that_is_not_taken_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImpatientHttp, "taking_seconds", 0.3)
    given_up = asyncio.Event()

    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        await much(scope, receive, send)
        given_up.set()

    async with served(told) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(given_up.wait(), 10)
        taken = 0
        with suppress(ConnectionResetError):
            while part := await reader.read(65_536):
                taken += len(part)
        writer.close()
    assert taken < 16 * 2**20


async def test_an_answer_that_is_taken_slowly_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImpatientHttp, "taking_seconds", 0.5)
    async with served(much) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        taken, began = 0, asyncio.get_running_loop().time()
        while part := await reader.read(262_144):
            taken += len(part)
            await asyncio.sleep(0.01)
        writer.close()
        assert asyncio.get_running_loop().time() - began > 0.5
    assert taken > 16 * 2**20


async def cut_after(port: int, start: bytes, answers: int = 0) -> float:
    """Seconds until the server closes a connection on which bytes only trickle."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(start)
    for _ in range(answers):
        assert b"200" in await reader.readuntil(b"\r\n\r\n")
    reading = asyncio.create_task(reader.read())
    while not reading.done() and loop.time() - began < 3:
        writer.write(b"a")
        await asyncio.wait([reading], timeout=0.05)
    writer.close()
    await asyncio.gather(reading, return_exceptions=True)
    return loop.time() - began


@pytest.mark.parametrize(("size", "answer"), [(15_000, b""), (17_000, b"400")])
async def test_headers_do_not_grow_for_ever(size: int, answer: bytes) -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * size)
        status = b""
        try:
            async with asyncio.timeout(0.3):
                status = await reader.readuntil(b"\r\n")
        except TimeoutError:
            pass
        assert answer in status and bool(answer) == bool(status)
        writer.close()
