"""What every request passes first: whose page sends it, how large and how slow it is."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.errors import VisavisError
from server.faults import Faults, Foreign, TooLarge, TooSlow, picture_too_large
from server.limits import Limits

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; font-src 'self'; "
        "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(self), geolocation=()",
}
CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
DRAIN: Final = 4
"""A body is read up to so many times its limit, so that its sender reads the refusal."""


class Guard:
    """ASGI middleware around the whole application.

    Args:
        app: what is guarded.
        faults: makes the refusals.
        limits: of bodies.
        hosts: names under which this server may be addressed (a page elsewhere that
            points its own name at this machine has another); empty means any.
    """

    def __init__(
        self, app: ASGIApp, faults: Faults, limits: Limits, hosts: Collection[str] = ()
    ) -> None:
        self._app, self._faults = app, faults
        self._limits, self._hosts = limits, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            self._check_origin(scope)
            if scope["method"] in CHANGING:
                receive = await self._body(scope, receive)
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if started:
                raise
            await self._faults.answer(error)(scope, receive, send_with_headers)

    def _check_origin(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._hosts and urlsplit(f"//{host}").hostname not in self._hosts:
            raise Foreign("this server is not reached under that name")
        origin = headers.get("origin")
        if origin is None or scope["method"] not in CHANGING:
            return
        if urlsplit(origin).netloc.lower() != host.lower():
            raise Foreign("only this server's own page may do that")

    async def _body(self, scope: Scope, receive: Receive) -> Receive:
        """Read the body, counting; what declares its size wrongly gains nothing by it."""
        limit, refusal = self._limit(scope)
        parts: list[Message] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while True:
                    message = await receive()
                    size += len(message.get("body", b""))
                    if size <= limit:
                        parts.append(message)
                    if not message.get("more_body", False) or size > DRAIN * limit:
                        break
        except TimeoutError:
            raise TooSlow(f"the body took more than {self._limits.body_seconds:g} s") from None
        if size > limit:
            raise refusal

        waiting = iter(parts)

        async def replay() -> Message:
            await asyncio.sleep(0)  # a portrait is parsed piece by piece, others get their turn
            message = next(waiting, None)
            return await receive() if message is None else message

        return replay

    def _limit(self, scope: Scope) -> tuple[int, VisavisError]:
        limits = self._limits
        if Headers(scope=scope).get("content-type", "").startswith("multipart/"):
            size = limits.portrait_bytes
            # The form around the picture has a few hundred bytes and the settings.
            return size + limits.json_bytes, picture_too_large(size)
        size = limits.offer_bytes if scope["path"].endswith("/offer") else limits.json_bytes
        return size, TooLarge(f"at most {size} bytes are accepted here")
