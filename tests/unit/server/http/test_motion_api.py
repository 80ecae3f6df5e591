"""Looks and motion files over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from engine.clock import MonotonicClock
from engine.motion_file import MotionTake
from engine.scheduler import Pool
from engine.studio import Studio
from server import limits
from server.app import create_app
from server.doors.doors import Doors
from server.protocol import (
    ComponentPatch,
    ControlsPatch,
    ErrorBody,
    LookList,
    MotionAccepted,
    PresenterList,
    SessionCreated,
    SessionRequest,
)
from tests.support.motions import motion
from tests.support.serving import asked

LIVE = ControlsPatch(pose=ComponentPatch(source="camera"), sliders={"yaw": 3.0})
JSON = {"content-type": "application/json"}


@pytest.fixture
async def http(studio: Studio, pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(studio, pool, MonotonicClock(), doors=Doors(hosts=frozenset({"localhost"})))
    async with asked(app) as client:
        yield client


async def put(http: httpx.AsyncClient, name: str, look: str) -> httpx.Response:
    return await http.put(f"/v1/looks/{name}", content=look, headers=JSON)


async def test_a_look_is_saved_listed_and_deleted(http: httpx.AsyncClient) -> None:
    saved = await put(http, "my look", LIVE.model_dump_json(exclude_none=True))
    assert saved.status_code == 200
    kept = LookList.model_validate_json((await http.get("/v1/looks")).content)
    assert [(it.name, it.controls) for it in kept.looks] == [("my look", LIVE)]
    assert (await http.delete("/v1/looks/my look")).status_code == 204
    gone = await http.delete("/v1/looks/my look")
    assert gone.status_code == 404
    assert ErrorBody.model_validate_json(gone.content).code == "unknown_look"


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("x" * 41, "{}"),
        (" x", "{}"),
        ("x", '{"pose": {"source": "voice"}}'),
        ("x", '{"emotion": "furious"}'),
        ("x", '{"sliders": {"earWiggle": 1}}'),
        ("x", '{"colour": "red"}'),
        ("x", '{"fade_ms": 2001}'),
    ],
)
async def test_a_look_that_could_not_be_used_is_refused(
    http: httpx.AsyncClient, name: str, look: str
) -> None:
    answer = await put(http, name, look)
    assert answer.status_code == 422
    assert ErrorBody.model_validate_json(answer.content).message
    assert (await http.get("/v1/looks")).json() == {"looks": []}


async def test_motion_files_are_played_in_a_session(
    http: httpx.AsyncClient, studio: Studio
) -> None:
    request = SessionRequest(presenter="ada", size=256).model_dump_json(exclude_none=True)
    made = await http.post("/v1/sessions", content=request, headers=JSON)
    address = SessionCreated.model_validate_json(made.content).motion
    take = MotionTake(studio.names)
    take.add(motion(yaw=1.0))
    answer = await http.put(address, content=take.packed(), params={"loop": True})
    accepted = MotionAccepted.model_validate_json(answer.content)
    assert accepted == MotionAccepted(seconds=0.04, loop=True)
    bad = await http.put(address, content=b"nothing")
    assert (bad.status_code, bad.json()["code"]) == (422, "motion_unreadable")
    large = await http.put(address, content=bytes(limits.MOTION_BYTES + 1))
    assert large.status_code == 413
    assert (await http.put(address, content=bytes(limits.MOTION_BYTES))).status_code == 422
    assert (await http.delete(address)).status_code == 204
    elsewhere = await http.put("/v1/sessions/none/motion", content=b"")
    assert elsewhere.status_code == 404


async def test_what_can_be_moved_is_named_with_its_limits(
    http: httpx.AsyncClient, studio: Studio
) -> None:
    offered = PresenterList.model_validate_json((await http.get("/v1/presenters")).content)
    assert list(offered.coefficients) == ["mouth", "expression", "pose"]
    assert [len(it) for it in offered.coefficients.values()] == [28, 24, 6]
    yaw = offered.coefficients["pose"][0]
    assert (yaw.name, yaw.low, yaw.high) == ("yaw", -20.0, 20.0)
    assert offered.sources["mouth"][:2] == ["voice", "camera"]
    assert "voice" not in offered.sources["pose"]
    assert offered.trackers == ["page", "server"]


async def test_who_can_read_faces_for_a_bundle_is_told(faces: Studio, pool: Pool) -> None:
    app = create_app(faces, pool, MonotonicClock(), doors=Doors(hosts=frozenset({"localhost"})))
    async with asked(app) as client:
        offered = PresenterList.model_validate_json((await client.get("/v1/presenters")).content)
    assert offered.trackers == ["server"]
    assert all("camera" in offered.sources[part] for part in ("mouth", "pose", "expression"))
