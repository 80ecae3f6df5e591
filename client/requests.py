"""The HTTP side of a call: every refusal becomes an error of ours."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from client.errors import CallLost, CallRefused, FileUnusable
from server.protocol import (
    ErrorBody,
    PresenterList,
    SessionCreated,
    SessionDescription,
    SessionRequest,
)


def authorization(token: str | None) -> dict[str, str]:
    """Headers that show a token."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


async def create(
    http: httpx.AsyncClient, settings: SessionRequest, portrait: Path | None
) -> SessionCreated:
    """Open a session for a portrait, a presenter, or the server's first presenter."""
    if portrait is not None:
        try:
            picture = await asyncio.to_thread(portrait.read_bytes)
        except OSError as error:
            raise FileUnusable(f"{portrait.name} cannot be read") from error
        form = {"settings": settings.model_dump_json()}
        request = http.build_request("POST", "/v1/sessions", files={"portrait": picture}, data=form)
        return SessionCreated.model_validate_json(await _answer(http, request))
    if settings.presenter is None:
        first = (await offered(http)).presenters[0].id
        settings = settings.model_copy(update={"presenter": first})
    request = http.build_request("POST", "/v1/sessions", json=settings.model_dump())
    return SessionCreated.model_validate_json(await _answer(http, request))


async def offered(http: httpx.AsyncClient) -> PresenterList:
    """Who there is, and what can be asked of them."""
    answer = await _answer(http, http.build_request("GET", "/v1/presenters"))
    return PresenterList.model_validate_json(answer)


async def exchange(http: httpx.AsyncClient, session: str, offer: str) -> str:
    """Our offer for the server's answer (both SDP)."""
    body = SessionDescription(type="offer", sdp=offer).model_dump()
    request = http.build_request("POST", f"/v1/sessions/{session}/offer", json=body)
    return SessionDescription.model_validate_json(await _answer(http, request)).sdp


async def _answer(http: httpx.AsyncClient, request: httpx.Request) -> bytes:
    try:
        answer = await http.send(request)
    except httpx.HTTPError as error:
        raise CallLost(f"no server answers at {http.base_url}: is it running?") from error
    if answer.is_error:
        refusal = ErrorBody.model_validate_json(answer.content)
        raise CallRefused(refusal.code, refusal.message)
    return answer.content
