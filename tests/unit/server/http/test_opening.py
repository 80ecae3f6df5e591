"""Requests for whole pictures and other backgrounds, good and bad, without a socket."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from engine.clock import MonotonicClock
from engine.scheduler import Pool
from engine.studio import Studio
from server.app import create_app
from server.limits import Limits
from server.protocol import SessionCreated
from tests.support.serving import asked

LIMITS = Limits(sessions=3, portrait_bytes=150_000)
ASTRONAUT = Path(__file__).parents[3] / "data" / "portraits" / "astronaut.jpg"
PICTURE: dict[str, Any] = {"type": "picture"}


@pytest.fixture
async def http(studio: Studio, pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    async with asked(create_app(studio, pool, MonotonicClock(), LIMITS)) as client:
        yield client


def encoded(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (30, 90, 60)).save(file, "PNG")
    return file.getvalue()


def tall() -> bytes:
    file = io.BytesIO()
    Image.open(ASTRONAUT).crop((90, 0, 391, 512)).save(file, "JPEG")
    return file.getvalue()


async def post(http: httpx.AsyncClient, settings: dict[str, Any], **files: bytes) -> httpx.Response:
    if files:
        form = {"settings": json.dumps(settings)}
        return await http.post("/v1/sessions", files=dict(files), data=form)
    return await http.post("/v1/sessions", json=settings)


async def shape(answer: httpx.Response) -> tuple[int, int]:
    assert answer.status_code == 201, answer.text
    made = SessionCreated.model_validate_json(answer.content)
    return made.width, made.height


async def test_a_session_tells_how_large_its_pictures_are(http: httpx.AsyncClient) -> None:
    assert await shape(await post(http, {"presenter": "ada", "size": 256})) == (256, 256)
    whole = {"size": 256, "framing": "whole", "background": {"type": "blur"}}
    assert await shape(await post(http, whole, portrait=tall())) == (300, 512)
    assert await shape(await post(http, {"presenter": "ada", "framing": "whole"})) == (512, 512)


async def test_a_presenter_before_a_picture(http: httpx.AsyncClient) -> None:
    settings = {"presenter": "ada", "size": 256, "background": PICTURE}
    assert await shape(await post(http, settings, background=encoded(64, 64))) == (256, 256)
    both = {"size": 256, "background": PICTURE}
    answer = await post(http, both, background=encoded(640, 64), portrait=tall())
    assert await shape(answer) == (256, 256)


@pytest.mark.parametrize(
    ("background", "file", "status", "code"),
    [
        (PICTURE, encoded(64, 63), 422, "background_unusable"),
        (PICTURE, b"no picture", 422, "background_unusable"),
        (PICTURE, b"", 422, "background_unusable"),
        (PICTURE, encoded(200, 200)[:-60], 422, "background_unusable"),
        (PICTURE, None, 422, "request_refused"),
        ({"type": "blur"}, encoded(64, 64), 422, "request_refused"),
        ({"type": "as_is"}, encoded(64, 64), 422, "request_refused"),
        ({"type": "colour"}, None, 422, "request_refused"),
        ({"type": "colour", "colour": "red"}, None, 422, "request_refused"),
        ({"type": "colour", "colour": "#12345"}, None, 422, "request_refused"),
        ({"type": "colour", "colour": "#1234567"}, None, 422, "request_refused"),
        ({"type": "video"}, None, 422, "request_refused"),
        ("blur", None, 422, "request_refused"),
    ],
)
async def test_a_background_that_cannot_be(
    http: httpx.AsyncClient, background: Any, file: bytes | None, status: int, code: str
) -> None:
    settings = {"presenter": "ada", "size": 256, "background": background}
    files = {} if file is None else {"background": file}
    answer = await post(http, settings, **files)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "background" in answer.json()["message"]
    assert (await http.get("/health")).json()["sessions"] == 0, "nothing is lost"
    settings["background"] = {"type": "colour", "colour": "#1234aF"}
    assert await shape(await post(http, settings)) == (256, 256)


async def test_a_framing_that_is_not_known(http: httpx.AsyncClient) -> None:
    answer = await post(http, {"presenter": "ada", "framing": "half"})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_refused")


@pytest.mark.parametrize("field", ["portrait", "background"])
async def test_each_picture_at_its_limit_and_one_past_it(
    http: httpx.AsyncClient, field: str
) -> None:
    settings = {"presenter": "ada", "background": PICTURE}
    noise = np.random.default_rng(1).bytes(LIMITS.portrait_bytes + 1)
    files = {"portrait": tall(), "background": encoded(64, 64)}
    fits = await post(http, settings, **files | {field: noise[:-1]})
    assert fits.json()["code"] in ("picture_unreadable", "background_unusable")
    much = await post(http, settings, **files | {field: noise})
    assert (much.status_code, much.json()["code"]) == (413, "picture_too_large")
    assert field in much.json()["message"]


async def test_forms_with_other_fields(http: httpx.AsyncClient) -> None:
    picture = tall()
    for files in (
        [("portrait", picture), ("portrait", picture)],
        [("background", picture), ("other", picture)],
        [("settings", picture), ("portrait", picture)],
        [("portrait", picture), ("background", picture), ("portrait", picture)],
    ):
        answer = await http.post("/v1/sessions", files=files)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_refused")


async def test_a_transparent_portrait_is_said(http: httpx.AsyncClient) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (400, 400), (90, 90, 90, 0)).save(file, "PNG")
    answer = await post(http, {"framing": "whole"}, portrait=file.getvalue())
    assert (answer.status_code, answer.json()["code"]) == (422, "person_unclear")
