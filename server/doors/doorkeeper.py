"""Who asks: reads the token or ticket of a request and notes what it allows.

With a secret every address under /v1, /whip, /whep and /metrics asks for a token, present
and future ones alike. Open stay: the page's files, /health, /ready, /docs; OPTIONS, which
browsers send without a header; reading the presenters, because pictures in a page are
fetched without a header too and because they are what the page shows to everybody; and the
face tracker's model, which belongs to the page's files and is public anyway.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from engine.errors import Unauthorized
from server import limits
from server.doors.tickets import Tickets
from server.doors.tokens import ANYONE, Grant, Tokens
from server.protocol import ErrorBody, Ticket

PROTECTED: Final = ("/v1", "/whip", "/whep", "/metrics")
OPEN: Final = ("/v1/presenters", "/v1/tracker")
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    code: {"model": ErrorBody} for code in (401, 403, 429, 503)
}
MISSING: Final = "a token is needed: send it as 'Authorization: Bearer ...'"


def grant_of(connection: HTTPConnection) -> Grant:
    """What the request's, or WebSocket's, sender may do; fails where no guard stands."""
    grant = connection.state.grant
    assert isinstance(grant, Grant)
    return grant


async def granted(connection: HTTPConnection) -> Grant:
    """As `grant_of`, for endpoints: FastAPI would take what is no coroutine to a thread."""
    return grant_of(connection)


Granted = Annotated[Grant, Depends(granted)]
"""As a parameter of an endpoint: what its caller may do."""


class Doorkeeper:
    """Knows tokens and tickets.

    Args:
        tokens: reads tokens; None lets everybody in.
        tickets: given out and taken back.
    """

    def __init__(self, tokens: Tokens | None, tickets: Tickets) -> None:
        self._tokens, self._tickets = tokens, tickets

    def grant(self, scope: Scope) -> Grant:
        """What the sender of an HTTP or WebSocket request may do.

        A ticket is taken out of the address, which others write into logs.

        Raises:
            Unauthorized: a token is needed, and there is none or no valid one.
        """
        ticket = _take_ticket(scope) if scope["type"] == "websocket" else None
        if self._tokens is None or not _is_protected(scope):
            return ANYONE
        headers = Headers(scope=scope)
        if ticket is not None and "origin" in headers:
            return self._tickets.redeem(ticket)
        given = headers.getlist("authorization")
        kind, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if kind.lower() != "bearer":
            raise Unauthorized(MISSING)
        return self._tokens.read(token.strip())

    def router(self) -> APIRouter:
        """The address that gives tickets for tokens."""
        router = APIRouter()

        @router.post("/v1/tickets", status_code=201, responses=REFUSALS)
        async def ticket(grant: Granted) -> Ticket:
            """A ticket for a WebSocket: used once, within half a minute."""
            return Ticket(ticket=self._tickets.issue(grant), seconds=limits.TICKET_SECONDS)

        return router


def _is_protected(scope: Scope) -> bool:
    path, method = scope["path"], scope.get("method")
    shown = any(_is_below(path, place) for place in OPEN)
    if method == "OPTIONS" or (method in ("GET", "HEAD") and shown):
        return False
    return any(_is_below(path, place) for place in PROTECTED)


def _is_below(path: str, place: str) -> bool:
    return path == place or path.startswith(place + "/")


def _take_ticket(scope: Scope) -> str | None:
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    tickets = [value for name, value in query if name == "ticket"]
    if tickets:
        rest = [(name, value) for name, value in query if name != "ticket"]
        scope["query_string"] = urlencode(rest).encode()
    return tickets[0] if len(tickets) == 1 else None
