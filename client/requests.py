"""The HTTP side of a call: every refusal becomes an error of ours."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic import ValidationError

from client.errors import CallLost, CallRefused, FileUnusable
from server.protocol import (
    ErrorBody,
    Message,
    PresenterList,
    SessionCreated,
    SessionDescription,
    SessionRequest,
)

Answer = TypeVar("Answer", bound=Message)


def opened(url: str, token: str | None, seconds: float) -> httpx.AsyncClient:
    """A client of the server at `url`, whose answers may take so long.

    Raises:
        CallLost: that is no address.
    """
    try:
        return httpx.AsyncClient(base_url=url, timeout=seconds, headers=authorization(token))
    except httpx.InvalidURL as error:
        raise CallLost(f"{url} is no address: write it as http://127.0.0.1:8080") from error


def authorization(token: str | None) -> dict[str, str]:
    """Headers that show a token."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


async def create(
    http: httpx.AsyncClient,
    settings: SessionRequest,
    portrait: Path | None,
    background: Path | None = None,
) -> SessionCreated:
    """Open a session for a portrait, a presenter, or the server's first presenter.

    Args:
        http: with the server's address.
        settings: what is asked for.
        portrait: picture of a person, in place of a presenter.
        background: picture to be behind that person, where the settings say so.
    """
    if portrait is None and settings.presenter is None:
        first = (await offered(http)).presenters[0].id
        settings = settings.model_copy(update={"presenter": first})
    named = {"portrait": portrait, "background": background}
    files = {name: await _content(path) for name, path in named.items() if path is not None}
    if files:
        form = {"settings": settings.model_dump_json()}
        request = http.build_request("POST", "/v1/sessions", files=files, data=form)
    else:
        request = http.build_request("POST", "/v1/sessions", json=settings.model_dump())
    return await _answer(http, request, SessionCreated)


async def offered(http: httpx.AsyncClient) -> PresenterList:
    """Who there is, and what can be asked of them."""
    return await _answer(http, http.build_request("GET", "/v1/presenters"), PresenterList)


async def _content(path: Path) -> bytes:
    try:
        return await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise FileUnusable(f"{path.name} cannot be read") from error


async def exchange(http: httpx.AsyncClient, session: str, offer: str) -> str:
    """Our offer for the server's answer (both SDP)."""
    body = SessionDescription(type="offer", sdp=offer).model_dump()
    request = http.build_request("POST", f"/v1/sessions/{session}/offer", json=body)
    return (await _answer(http, request, SessionDescription)).sdp


async def _answer(http: httpx.AsyncClient, request: httpx.Request, kind: type[Answer]) -> Answer:
    try:
        answer = await http.send(request)
    except httpx.HTTPError as error:
        raise CallLost(f"no server answers at {http.base_url}: is it running?") from error
    try:
        if answer.is_success:
            return kind.model_validate_json(answer.content)
        refusal = ErrorBody.model_validate_json(answer.content)
    except ValidationError:  # not from a server of ours
        raise CallLost(
            f"{http.base_url} answers {answer.status_code}: is that the server's address?"
        ) from None
    raise CallRefused(refusal.code, refusal.message)
