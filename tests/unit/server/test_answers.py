"""What every answer has in common: shape of errors, headers, who may ask."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from engine import errors
from engine.bundle import Bundle
from engine.clock import MonotonicClock
from engine.scheduler import Pool
from engine.studio import Studio
from server.app import VENDOR, create_app
from server.doors.doors import Doors
from server.protocol import ErrorBody, PresenterList
from tests.support.serving import WEB, asked

INSIDES = re.compile(r"/(home|root|usr|tmp|work|var)/|Traceback|\.py|File \"|0x[0-9a-f]{6}")


@pytest.fixture
async def http(studio: Studio, pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    doors = Doors(hosts=frozenset({"localhost"}))
    app = create_app(studio, pool, MonotonicClock(), web=WEB, doors=doors)

    @app.get("/break/{what}")
    async def broken(what: str) -> None:
        if what == "ours":
            raise errors.BackendError("the graph cannot be run")
        raise RuntimeError("/home/somebody/secret.py")

    async with asked(app) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/js/../../../pyproject.toml", 404, "not_found"),
        ("GET", "/js/%2e%2e/%2e%2e/call.py", 404, "not_found"),
        ("GET", "/vendor/tasks-vision/../../../../package.json", 404, "not_found"),
        ("GET", "/vendor/tasks-vision/nothing.mjs", 404, "not_found"),
        ("GET", "/v1/sessions", 405, "method_not_allowed"),
        ("PUT", "/v1/presenters", 405, "method_not_allowed"),
        ("DELETE", "/", 405, "method_not_allowed"),
        ("GET", "/v1/presenters/nobody/picture", 404, "unknown_presenter"),
        ("GET", "/v1/presenters/..%2f..%2fmanifest.json/picture", 404, "not_found"),
        ("GET", "/v1/sessions/none", 404, "unknown_session"),
        ("POST", "/v1/sessions/none/interrupt", 404, "unknown_session"),
        ("POST", "/v1/sessions/none/offer", 422, "request_refused"),
        ("PATCH", "/v1/sessions/none/controls", 422, "request_refused"),
        ("POST", "/v1/sessions", 415, "request_refused"),
        ("GET", "/break/ours", 500, "backend"),
        ("GET", "/break/other", 500, "internal"),
    ],
)
async def test_errors_have_one_shape_and_show_no_insides(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await http.request(method, path)
    body = ErrorBody.model_validate_json(answer.content)
    assert (answer.status_code, body.code) == (status, code)
    assert body.message and not INSIDES.search(body.message)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/v1/presenters", "/docs", "/health", "/nothing"])
async def test_every_answer_carries_the_security_headers(
    http: httpx.AsyncClient, path: str
) -> None:
    headers = (await http.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy.replace("'wasm-unsafe-eval'", ""), "but for the face tracker"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 404),
        ("http://localhost", 404),
        ("http://LOCALHOST", 404),
        ("http://localhost:8080", 403),
        ("http://localhost.evil.example", 403),
        ("http://evil.example", 403),
        ("http://127.0.0.1", 403),
        ("null", 403),
        ("", 403),
        ("file://", 403),
        ("http://user@localhost", 403),
    ],
)
@pytest.mark.parametrize("method", ["DELETE", "POST", "PATCH"])
async def test_only_our_own_page_may_change_anything(
    http: httpx.AsyncClient, method: str, origin: str | None, status: int
) -> None:
    path = {"DELETE": "", "POST": "/interrupt", "PATCH": "/controls"}[method]
    headers = {} if origin is None else {"origin": origin}
    body: dict[str, str] | None = {} if method == "PATCH" else None
    answer = await http.request(method, f"/v1/sessions/none{path}", headers=headers, json=body)
    assert answer.status_code == status


@pytest.mark.parametrize(("host", "status"), [("localhost:1", 200), ("evil.example", 403)])
async def test_other_names_for_this_machine_are_refused(
    http: httpx.AsyncClient, host: str, status: int
) -> None:
    assert (await http.get("/v1/presenters", headers={"host": host})).status_code == status


async def test_presenters_have_pictures_that_may_be_cached(http: httpx.AsyncClient) -> None:
    there = PresenterList.model_validate_json((await http.get("/v1/presenters")).content)
    assert there.sources["mouth"][0] == "voice" and "neutral" in there.emotions
    for presenter in there.presenters:
        answer = await http.get(presenter.picture)
        assert answer.headers["content-type"] == "image/jpeg"
        assert "max-age" in answer.headers["cache-control"]
        assert answer.content.startswith(b"\xff\xd8")


async def test_the_page_is_asked_for_each_time(http: httpx.AsyncClient) -> None:
    for path in ("/", "/style.css"):
        answer = await http.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


async def test_metrics_and_docs(http: httpx.AsyncClient) -> None:
    await http.get("/nothing")
    text = (await http.get("/metrics")).text
    assert 'visavis_errors_total{code="not_found"} 1.0' in text
    page = (await http.get("/docs")).text
    assert "/v1/sessions/{session_id}/offer" in page and "<script" not in page
    assert "/v1/sessions" in (await http.get("/openapi.json")).json()["paths"]


async def test_ready_is_false_when_the_server_stops(studio: Studio, pool: Pool) -> None:
    app = create_app(studio, pool, MonotonicClock())
    async with asked(app) as http:
        assert (await http.get("/ready")).status_code == 200
        await app.state.sessions.close()
        assert (await http.get("/ready")).status_code == 503
        assert (await http.get("/health")).status_code == 200


async def test_the_tracker_of_the_page_is_served_where_there_is_one(
    studio: Studio, pool: Pool, tmp_path: Path
) -> None:
    web, library = tmp_path / "web", tmp_path / VENDOR
    web.mkdir()
    address = "/vendor/tasks-vision/vision_bundle.mjs"
    async with asked(create_app(studio, pool, MonotonicClock(), web=web)) as client:
        assert (await client.get(address)).status_code == 404
    library.mkdir(parents=True)
    (library / "vision_bundle.mjs").write_text("export {};")
    async with asked(create_app(studio, pool, MonotonicClock(), web=web)) as client:
        answer = await client.get(address)
        model = await client.get("/v1/tracker")
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0].endswith("/javascript")
    assert "'wasm-unsafe-eval'" in answer.headers["content-security-policy"]
    assert model.content == Bundle.open().asset("tracker")
