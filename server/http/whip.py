"""WHIP takes a session's sound and camera, WHEP gives its picture and sound; both by plain HTTP.

WHIP is RFC 9725, WHEP is draft-ietf-wish-whep-04. A POST of an offer makes a connection, which
has an address of its own: PATCH there adds ICE candidates, DELETE ends it. Answers hold all of
our candidates; ICE is not restarted.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from engine.errors import NothingToWatch, RequestRefused, ServerFull, UnknownSession
from server import limits
from server.doors.tokens import Grant
from server.http import sdpfrag
from server.http.connections import Connection, Session, Sessions
from server.http.faults import TooLarge, WrongType
from server.http.links import links
from server.protocol import ErrorBody

log = logging.getLogger(__name__)
Authorise = Callable[[Request], Grant]
"""What the sender of a request may do; raises for whom it does not know."""
OFFER: Final = "application/sdp"
FRAGMENT: Final = "application/trickle-ice-sdpfrag"
EXPOSED: Final = {"Access-Control-Expose-Headers": "Location, ETag, Link, Retry-After"}
"""What scripts of other sites may read, where the guard lets such sites in."""


class ConditionMissing(RequestRefused):
    """A change without If-Match."""

    status = 428


class ConditionFailed(RequestRefused):
    """If-Match names another ICE session."""

    status = 412


@dataclass(slots=True)
class _Negotiated:
    """What is remembered of an offer for what trickles after it."""

    users: frozenset[str]
    tag: str
    """Strong entity tag of the ICE session."""
    trickled: int = 0
    """Candidates that were taken since."""


class Whip:
    """`/whip/{session_id}`: takes the sound that a session speaks, and a camera's pictures."""

    name = "whip"
    strict = True
    """Whether a PATCH must have If-Match, as RFC 9725 says."""

    def __init__(self, sessions: Sessions, authorise: Authorise) -> None:
        self._sessions, self._authorise = sessions, authorise
        self._negotiated: WeakKeyDictionary[Connection, _Negotiated] = WeakKeyDictionary()

    def add_to(self, router: APIRouter) -> None:
        """Add all addresses."""
        endpoint = f"/{self.name}/{{session_id}}"
        router.post(endpoint, status_code=201, **_described(OFFER))(self.offer)
        router.get(endpoint, status_code=204)(self.look)
        router.head(endpoint, include_in_schema=False)(self.look)
        _close(router, endpoint, "GET, HEAD, OPTIONS, POST", {"Accept-Post": OFFER})
        resource = endpoint + "/{connection_id}"
        router.patch(resource, status_code=204, **_described(FRAGMENT))(self.trickle)
        router.delete(resource, response_class=Response)(self.leave)
        router.get(resource, status_code=204)(self.look_closer)
        router.head(resource, include_in_schema=False)(self.look_closer)
        _close(router, resource, "DELETE, GET, HEAD, OPTIONS, PATCH", {"Accept-Patch": FRAGMENT})

    async def offer(self, session_id: str, request: Request) -> Response:
        """Connect: an offer in, the answer with all of the server's addresses out."""
        if self._sessions.closed:
            raise ServerFull("the server is stopping: ask another, or again in a minute")
        session = self._wanted(request, session_id)
        offer = await _text(request, OFFER)
        users = sdpfrag.users(offer)
        connection = await self._connect(session, offer)
        negotiated = _Negotiated(users, f'"{secrets.token_urlsafe(12)}"')
        self._negotiated[connection] = negotiated
        answer = Response(connection.answer, 201, EXPOSED, OFFER)
        answer.headers["Location"] = f"{request.url.path}/{connection.id}"
        answer.headers["ETag"] = negotiated.tag
        for link in links(session.ice_servers):
            answer.headers.append("Link", link)
        return answer

    async def trickle(self, session_id: str, connection_id: str, request: Request) -> Response:
        """Add ICE candidates to a connection."""
        _, connection, negotiated = self._find(request, session_id, connection_id)
        self._check(request.headers.get("if-match"), negotiated.tag)
        fragment = sdpfrag.read(await _text(request, FRAGMENT))
        if not fragment.users <= negotiated.users:
            raise RequestRefused("ICE is not restarted here: DELETE this, and POST a new offer")
        kept = fragment.candidates[: limits.CANDIDATES_TRIED - negotiated.trickled]
        negotiated.trickled += len(kept)
        if len(kept) < len(fragment.candidates):
            log.info("candidates passed over: %d", len(fragment.candidates) - len(kept))
        for candidate in kept:
            await connection.trickle(candidate.text, candidate.mid)
        return Response(status_code=204)

    async def leave(self, session_id: str, connection_id: str, request: Request) -> Response:
        """End a connection."""
        session, connection, _ = self._find(request, session_id, connection_id)
        await session.hang_up(connection.id)
        return Response()

    async def look(self, session_id: str, request: Request) -> Response:
        """There is such a session."""
        self._session(request, session_id)
        return Response(status_code=204)

    async def look_closer(self, session_id: str, connection_id: str, request: Request) -> Response:
        """There is such a connection."""
        self._find(request, session_id, connection_id)
        return Response(status_code=204)

    def _session(self, request: Request, session_id: str) -> Session:
        return self._sessions.find(session_id, self._authorise(request))

    def _wanted(self, request: Request, session_id: str) -> Session:
        return self._session(request, session_id)

    async def _connect(self, session: Session, offer: str) -> Connection:
        return await session.publish(offer)

    def _find(
        self, request: Request, session_id: str, connection_id: str
    ) -> tuple[Session, Connection, _Negotiated]:
        """A connection that was made at this very endpoint."""
        session = self._session(request, session_id)
        connection = session.connection(connection_id)
        negotiated = self._negotiated.get(connection)
        if negotiated is None:
            raise UnknownSession("no such connection here: it has ended; POST a new offer")
        return session, connection, negotiated

    def _check(self, condition: str | None, tag: str) -> None:
        """Hold a request against the ICE session that it means (RFC 9110, section 13.1.1)."""
        if condition is None:
            if self.strict:
                raise ConditionMissing("If-Match: send the ETag that came with the answer")
        elif not {"*", tag} & {it.strip() for it in condition.split(",")}:
            raise ConditionFailed("If-Match: this connection has another ETag")


class Whep(Whip):
    """`/whep/{session_id}`: gives picture and sound to any player."""

    name = "whep"
    strict = False
    """Players leave If-Match out although they were given the ETag."""

    def _wanted(self, request: Request, session_id: str) -> Session:
        try:
            return self._session(request, session_id)
        except UnknownSession as error:
            raise NothingToWatch("there is no such session to watch, or not yet") from error

    async def _connect(self, session: Session, offer: str) -> Connection:
        return await session.watch(offer)


def router(sessions: Sessions, authorise: Authorise) -> APIRouter:
    """All addresses of WHIP and WHEP, leading to `sessions` for whom `authorise` knows."""
    addresses = APIRouter()
    Whip(sessions, authorise).add_to(addresses)
    Whep(sessions, authorise).add_to(addresses)
    return addresses


def _close(router: APIRouter, path: str, methods: str, accepted: dict[str, str]) -> None:
    """Say at an address what it takes: to OPTIONS, and to every method that it does not."""
    allowed = {"Allow": methods}
    shared = EXPOSED | {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    }

    async def options() -> Response:
        return Response(status_code=204, headers=allowed | accepted | shared)

    router.options(path, include_in_schema=False)(options)
    router.routes.append(Route(path, _Refusal(allowed), include_in_schema=False))


class _Refusal:
    """The answer to any method; an ASGI application, for a function would only get GET."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise HTTPException(405, headers=self._headers)


async def _text(request: Request, kind: str) -> str:
    """The body, which must be of that content type."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != kind:
        raise WrongType(f"send {kind}")
    data = await request.body()
    if len(data) > limits.SDP_BYTES:
        raise TooLarge(f"at most {limits.SDP_BYTES} bytes are accepted here")
    return data.decode(errors="replace")  # what is not UTF-8 stands only in names


def _described(kind: str) -> dict[str, Any]:
    """A body and its refusals, for the documentation."""
    refusals = (400, 401, 404, 409, 412, 413, 415, 422, 428, 503)
    content = {kind: {"schema": {"type": "string", "maxLength": limits.SDP_BYTES}}}
    return {
        "responses": {code: {"model": ErrorBody} for code in refusals},
        "openapi_extra": {"requestBody": {"required": True, "content": content}},
    }
