"""The body of a request for a session: JSON, or a form with pictures beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from engine.errors import BackgroundUnusable, PictureUnreadable, RequestRefused, VisavisError
from server.http.faults import WrongType, invalid, picture_too_large
from server.limits import Limits
from server.protocol import SessionRequest

FIELDS: Final = ("settings", "portrait", "background")


@dataclass(frozen=True, slots=True)
class Opening:
    """What is asked for, and the pictures that came with it."""

    settings: SessionRequest
    portrait: bytes | None = None
    backdrop: bytes | None = None


async def read_opening(request: Request, limits: Limits) -> Opening:
    """Read a request for a session.

    Raises:
        RequestRefused, PortraitError: what is wrong with it.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return Opening(_settings(await request.body()))
    if kind != "multipart/form-data":
        raise WrongType("send application/json, or multipart/form-data with pictures")
    form = await _form(request, limits)
    try:
        settings = form.get("settings", "{}")
        if not isinstance(settings, str):
            raise RequestRefused("settings: JSON is expected in this form field, not a file")
        most = limits.portrait_bytes
        portrait = await _picture(form, "portrait", most, PictureUnreadable)
        backdrop = await _picture(form, "background", most, BackgroundUnusable)
    finally:
        await form.close()
    if portrait is None and backdrop is None:
        raise RequestRefused("portrait: a file is expected in this form field")
    return Opening(_settings(settings), portrait, backdrop)


async def _form(request: Request, limits: Limits) -> FormData:
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=2,
        max_fields=1,
        max_part_size=limits.json_bytes,
    )
    parser.spool_max_size = 2 * limits.portrait_bytes  # in memory, never on disk
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise RequestRefused(
            "the form cannot be read: a portrait, a background, and settings, each once"
        ) from error
    names = [name for name, _ in form.multi_items()]
    if len(names) > len(set(names)) or not set(names) <= set(FIELDS):
        await form.close()
        raise RequestRefused("the form may have these fields, each once: " + ", ".join(FIELDS))
    return form


async def _picture(
    form: FormData, field: str, most: int, unusable: Callable[[str], VisavisError]
) -> bytes | None:
    """The bytes of a picture, None if there is no such field."""
    file = form.get(field)
    if file is None:
        return None
    if not isinstance(file, UploadFile):
        raise RequestRefused(f"{field}: a file is expected in this form field")
    data = await file.read()
    if not data:
        raise unusable(f"the {field} is empty: choose a PNG, JPEG or WebP picture")
    if len(data) > most:
        raise picture_too_large(most, field)
    return data


def _settings(text: str | bytes) -> SessionRequest:
    try:
        return SessionRequest.model_validate_json(text)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False)) from error
