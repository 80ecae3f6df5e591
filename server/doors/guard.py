"""What every request passes first: whose page sends it, who it is, how much and how often."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.doors.bodies import Bodies
from server.doors.doorkeeper import Doorkeeper
from server.doors.origins import PREFLIGHT, Origins, is_preflight
from server.doors.turnstile import Turnstile
from server.http.faults import Faults

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
        "img-src 'self' data: blob:; "
        "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; font-src 'self'; "
        "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(self), geolocation=()",
    "Cache-Control": "no-store",
}
CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
STARTS: Final = ("http.response.start", "websocket.http.response.start")


class Guard:
    """ASGI middleware around the whole application; what it finds is in `server.doors`.

    Args:
        app: what is guarded.
        faults: makes the refusals.
        origins: whose pages may ask.
        doorkeeper: reads tokens and tickets.
        turnstile: counts.
        bodies: reads bodies.
    """

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        origins: Origins,
        doorkeeper: Doorkeeper,
        turnstile: Turnstile,
        bodies: Bodies,
    ) -> None:
        self._app, self._faults = app, faults
        self._origins, self._doorkeeper = origins, doorkeeper
        self._turnstile, self._bodies = turnstile, bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or a WebSocket on, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        reply = _Reply(send)
        try:
            await self._pass(scope, receive, reply)
        except Exception as error:
            if reply.started:
                raise
            await self._faults.answer(error)(scope, receive, reply)

    async def _pass(self, scope: Scope, receive: Receive, reply: _Reply) -> None:
        has_body = scope.get("method") in CHANGING
        try:
            reply.headers.update(self._origins.check(scope))
            if is_preflight(scope):
                await Response(status_code=204, headers=PREFLIGHT)(scope, receive, reply)
                return
            grant = self._doorkeeper.grant(scope)
            scope.setdefault("state", {})["grant"] = grant
            self._turnstile.admit(scope, grant)
        except Exception:
            if has_body:
                await self._bodies.discard(scope, receive)
            raise
        if has_body:
            receive = await self._bodies.read(scope, receive)
        async with self._turnstile.handshake(scope):
            await self._app(scope, receive, reply)


class _Reply:
    """Sends what the application sends, with the headers that every answer has."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.headers: MutableMapping[str, str] = {}

    async def __call__(self, message: Message) -> None:
        self.started = True
        if message["type"] in STARTS:
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.update(self.headers)
        await self._send(message)
