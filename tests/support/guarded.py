"""A guard around a small application, and the two ways to knock at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from engine.clock import Clock, MonotonicClock
from server.doors.bodies import Bodies
from server.doors.doorkeeper import Doorkeeper, grant_of
from server.doors.doors import Doors
from server.doors.guard import Guard
from server.doors.origins import Origins
from server.doors.tickets import Tickets
from server.doors.tokens import Tokens
from server.doors.turnstile import Turnstile
from server.http.faults import Faults
from server.limits import Limits
from server.metrics import Metrics

SECRET: Final = b"0123456789abcdef0123456789abcdef"
LOCKED: Final = Doors(tokens=Tokens(SECRET))
HOST: Final = "visavis.example:8080"


class Guarded:
    """The guard of a server with those doors; what is behind says who came and with how much."""

    def __init__(
        self, doors: Doors, limits: Limits | None = None, clock: Clock | None = None
    ) -> None:
        clock = clock or MonotonicClock()
        self.tickets = Tickets(clock)
        self.turnstile = Turnstile(clock, generous=not doors.beyond)
        self.app: ASGIApp = Guard(
            _behind,
            Faults(Metrics()),
            Origins(doors.hosts, doors.origins),
            Doorkeeper(doors.tokens, self.tickets),
            self.turnstile,
            Bodies(limits or Limits()),
        )

    @asynccontextmanager
    async def http(self, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """HTTP with it, as `HOST`."""
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://{HOST}", headers=headers
        ) as client:
            yield client

    async def socket(self, address: str, headers: Mapping[str, str]) -> int:
        """Open a WebSocket: 101 if it was let in, else the status of the refusal."""
        path, _, query = address.partition("?")
        scope: Scope = {
            "type": "websocket", "scheme": "ws", "path": path, "query_string": query.encode(),
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in ({"host": HOST} | dict(headers)).items()
            ],
            "client": ("192.0.2.7", 1), "extensions": {"websocket.http.response": {}},
            "subprotocols": [],
        }  # fmt: skip
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        assert b"ticket" not in scope["query_string"], "a ticket would be written into logs"
        if sent[0]["type"] == "websocket.accept":
            return 101
        assert sent[0]["type"] == "websocket.http.response.start"
        return int(sent[0]["status"])


async def _behind(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).accept()
        return
    request = Request(scope, receive)
    told = {"sub": grant_of(request).sub, "bytes": len(await request.body())}
    await JSONResponse(told)(scope, receive, send)
