"""WHIP and WHEP as HTTP: every status and header, with sessions that only note what comes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request

from engine.errors import CodecMismatch, PublisherTaken, ServerFull, UnknownSession
from server import limits
from server.doors.tokens import Grant
from server.http import whip
from server.http.faults import Faults
from server.metrics import Metrics
from server.protocol import ErrorBody, IceServer

SDP = {"content-type": "application/sdp"}
FRAGMENT = {"content-type": "application/trickle-ice-sdpfrag"}
OFFER = "v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\n"
ANSWER = "v=0\r\ns=the answer\r\n"
HOST = "candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host"
GRANT = Grant("somebody")
TOKEN = {"authorization": "Bearer right"}
SERVERS = (
    IceServer(urls=["stun:192.0.2.9:3478"]),
    IceServer(
        urls=["turn:192.0.2.9?transport=udp", "turns:192.0.2.9"],
        username='17:a"b',
        credential="s\\e",
    ),
)
BOTH = pytest.mark.parametrize("name", ["whip", "whep"])


@dataclass(eq=False)
class Noted:
    """A connection that notes its candidates."""

    id: str
    answer: str = ANSWER
    candidates: list[tuple[str, str | None]] = field(default_factory=list)

    async def trickle(self, candidate: str, mid: str | None, /) -> None:
        self.candidates.append((candidate, mid))


class Room:
    """A session with one place to publish and two to watch."""

    ice_servers: Sequence[IceServer] = ()

    def __init__(self) -> None:
        self.connections: dict[str, Noted] = {}

    async def publish(self, offer: str, /) -> Noted:
        if "pub" in self.connections:
            raise PublisherTaken("somebody else publishes")
        return self._new("pub", offer)

    async def watch(self, offer: str, /) -> Noted:
        if len(self.connections) >= 2:
            raise ServerFull("too many watch")
        return self._new(f"view{len(self.connections)}", offer)

    def connection(self, connection_id: str, /) -> Noted:
        try:
            return self.connections[connection_id]
        except KeyError:
            raise UnknownSession("no such connection") from None

    async def hang_up(self, connection_id: str, /) -> None:
        del self.connections[self.connection(connection_id).id]

    def _new(self, connection_id: str, offer: str) -> Noted:
        if "m=text" in offer:
            raise CodecMismatch("no codec in common")
        self.connections[connection_id] = Noted(connection_id)
        return self.connections[connection_id]


class Rooms:
    """A registry with one session, `one`."""

    def __init__(self) -> None:
        self.room = Room()
        self.closed = False

    def find(self, session_id: str, grant: Grant, /) -> Room:
        if session_id != "one" or grant != GRANT:
            raise UnknownSession("no such session")
        return self.room


def authorise(request: Request) -> Grant:
    kind, _, who = request.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or who not in ("right", "foreign"):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return GRANT if who == "right" else Grant("somebody else")


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest.fixture
async def http(rooms: Rooms) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(whip.router(rooms, authorise))
    Faults(Metrics()).install(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers=TOKEN
    ) as client:
        yield client


def refused(answer: httpx.Response, status: int, code: str = "request_refused") -> None:
    body = ErrorBody.model_validate_json(answer.content)
    assert (answer.status_code, body.code) == (status, code)
    assert body.message


async def connected(http: httpx.AsyncClient, name: str) -> httpx.Response:
    answer = await http.post(f"/{name}/one", content=OFFER, headers=SDP)
    assert answer.status_code == 201, answer.text
    return answer


def fragment(*candidates: str, user: str = "EsAw") -> str:
    lines = [f"a=ice-ufrag:{user}", "a=ice-pwd:pwd", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0"]
    return "".join(f"{line}\r\n" for line in [*lines, *(f"a={it}" for it in candidates)])


@BOTH
async def test_an_offer_is_answered(http: httpx.AsyncClient, rooms: Rooms, name: str) -> None:
    answer = await connected(http, name)
    assert answer.text == ANSWER
    assert answer.headers["content-type"] == "application/sdp"
    (made,) = rooms.room.connections
    assert answer.headers["location"] == f"/{name}/one/{made}"
    assert re.fullmatch(r'"[\w-]{16}"', answer.headers["etag"]), "strong"
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert all(it in exposed for it in ("location", "etag", "link"))
    assert "link" not in answer.headers


@BOTH
async def test_ice_servers_are_links(http: httpx.AsyncClient, rooms: Rooms, name: str) -> None:
    rooms.room.ice_servers = SERVERS
    rights = r'; username="17:a\"b"; credential="s\\e"; credential-type="password"'
    assert (await connected(http, name)).headers.get_list("link") == [
        '<stun:192.0.2.9:3478>; rel="ice-server"',
        f'<turn:192.0.2.9?transport=udp>; rel="ice-server"{rights}',
        f'<turns:192.0.2.9>; rel="ice-server"{rights}',
    ]


@BOTH
@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (OFFER, "application/json", 415, "request_refused"),
        (OFFER, "", 415, "request_refused"),
        (OFFER, "application/trickle-ice-sdpfrag", 415, "request_refused"),
        ("", "application/sdp", 400, "offer_unreadable"),
        ("no description", "application/sdp", 400, "offer_unreadable"),
        (b"\xff\xfe", "application/sdp", 400, "offer_unreadable"),
        (OFFER.replace("audio", "text"), "application/sdp", 422, "codec_mismatch"),
        (OFFER + "a=" + "x" * limits.SDP_BYTES, "application/sdp", 413, "request_refused"),
    ],
)
async def test_other_bodies_are_refused(
    http: httpx.AsyncClient,
    rooms: Rooms,
    name: str,
    body: str | bytes,
    kind: str,
    status: int,
    code: str,
) -> None:
    answer = await http.post(f"/{name}/one", content=body, headers={"content-type": kind})
    refused(answer, status, code)
    assert not rooms.room.connections


async def test_a_content_type_may_have_parameters(http: httpx.AsyncClient) -> None:
    kind = {"content-type": "Application/SDP; charset=utf-8"}
    assert (await http.post("/whip/one", content=OFFER, headers=kind)).status_code == 201


async def test_one_publishes(http: httpx.AsyncClient) -> None:
    await connected(http, "whip")
    answer = await http.post("/whip/one", content=OFFER, headers=SDP)
    refused(answer, 409, "publisher_taken")


async def test_too_many_viewers_come_back_later(http: httpx.AsyncClient) -> None:
    for _ in range(2):
        await connected(http, "whep")
    answer = await http.post("/whep/one", content=OFFER, headers=SDP)
    refused(answer, 503, "server_full")
    assert int(answer.headers["retry-after"]) > 0


@BOTH
async def test_a_stopping_server_says_so(http: httpx.AsyncClient, rooms: Rooms, name: str) -> None:
    rooms.closed = True
    answer = await http.post(f"/{name}/one", content=OFFER, headers=SDP)
    refused(answer, 503, "server_full")
    assert int(answer.headers["retry-after"]) > 0


async def test_no_session(http: httpx.AsyncClient) -> None:
    refused(await http.post("/whip/two", content=OFFER, headers=SDP), 404, "unknown_session")
    answer = await http.post("/whep/two", content=OFFER, headers=SDP)
    refused(answer, 409, "nothing_to_watch")
    assert int(answer.headers["retry-after"]) > 0


@BOTH
async def test_candidates_trickle(http: httpx.AsyncClient, rooms: Rooms, name: str) -> None:
    made = (await connected(http, name)).headers
    for condition in (made["etag"], "*", f'"other", {made["etag"]}'):
        answer = await http.patch(
            made["location"],
            content=fragment(HOST, "end-of-candidates"),
            headers=FRAGMENT | {"if-match": condition},
        )
        assert (answer.status_code, answer.content) == (204, b"")
        assert "etag" not in answer.headers
    (noted,) = rooms.room.connections.values()
    assert noted.candidates == [(HOST, "0")] * 3


@pytest.mark.parametrize(("name", "status"), [("whip", 428), ("whep", 204)])
async def test_a_condition_is_demanded_of_publishers(
    http: httpx.AsyncClient, name: str, status: int
) -> None:
    address = (await connected(http, name)).headers["location"]
    answer = await http.patch(address, content=fragment(HOST), headers=FRAGMENT)
    assert answer.status_code == status


@BOTH
@pytest.mark.parametrize("condition", ['"other"', "", "W/{tag}", "{bare}"])
async def test_a_wrong_condition(
    http: httpx.AsyncClient, rooms: Rooms, name: str, condition: str
) -> None:
    made = (await connected(http, name)).headers
    condition = condition.format(tag=made["etag"], bare=made["etag"].strip('"'))
    headers = FRAGMENT | {"if-match": condition}
    refused(await http.patch(made["location"], content=fragment(HOST), headers=headers), 412)
    assert not next(iter(rooms.room.connections.values())).candidates


@BOTH
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (fragment(HOST, user="other"), "application/trickle-ice-sdpfrag", 422),
        (fragment(HOST), "application/sdp", 415),
        (fragment(HOST), "", 415),
        (fragment("candidate:broken"), "application/trickle-ice-sdpfrag", 400),
        ('{"candidate": ""}', "application/trickle-ice-sdpfrag", 400),
        (
            fragment(*[HOST] * (limits.SDP_BYTES // len(HOST))),
            "application/trickle-ice-sdpfrag",
            413,
        ),
    ],
)
async def test_other_fragments_are_refused(
    http: httpx.AsyncClient, rooms: Rooms, name: str, body: str, kind: str, status: int
) -> None:
    made = (await connected(http, name)).headers
    headers = {"content-type": kind, "if-match": "*"}
    refused(await http.patch(made["location"], content=body, headers=headers), status)
    (noted,) = rooms.room.connections.values()
    assert not noted.candidates


async def test_a_flood_of_candidates_is_passed_over(http: httpx.AsyncClient, rooms: Rooms) -> None:
    made = (await connected(http, "whip")).headers
    flood = [HOST.replace("61764", str(port)) for port in range(1, limits.CANDIDATES_TRIED)]
    for _ in range(3):
        answer = await http.patch(
            made["location"],
            content=fragment(*flood),
            headers=FRAGMENT | {"if-match": made["etag"]},
        )
        assert answer.status_code == 204
    (noted,) = rooms.room.connections.values()
    assert len(noted.candidates) == limits.CANDIDATES_TRIED


@BOTH
async def test_a_connection_ends_once(http: httpx.AsyncClient, rooms: Rooms, name: str) -> None:
    address = (await connected(http, name)).headers["location"]
    headers = {"if-match": '"whatever"'}
    assert (await http.delete(address, headers=headers)).status_code == 200
    assert not rooms.room.connections
    refused(await http.delete(address), 404, "unknown_session")
    late = await http.patch(address, content=fragment(HOST), headers=FRAGMENT | {"if-match": "*"})
    refused(late, 404, "unknown_session")


async def test_a_connection_lives_at_one_address_only(
    http: httpx.AsyncClient, rooms: Rooms
) -> None:
    publishing = (await connected(http, "whip")).headers["location"]
    elsewhere = publishing.replace("whip", "whep")
    for method in ("GET", "DELETE"):
        refused(await http.request(method, elsewhere), 404, "unknown_session")
    assert rooms.room.connections


@BOTH
async def test_looking_gives_nothing_but_a_status(http: httpx.AsyncClient, name: str) -> None:
    address = (await connected(http, name)).headers["location"]
    for method in ("GET", "HEAD"):
        for path in (f"/{name}/one", address):
            answer = await http.request(method, path)
            assert (answer.status_code, answer.content) == (204, b"")
        for path in (f"/{name}/two", address + "x"):
            assert (await http.request(method, path)).status_code == 404


@BOTH
async def test_options_are_told_to_everybody(http: httpx.AsyncClient, name: str) -> None:
    del http.headers["authorization"]
    endpoint, resource = [
        (await http.options(path)) for path in (f"/{name}/one", f"/{name}/one/some")
    ]
    assert endpoint.status_code == resource.status_code == 204
    assert endpoint.headers["accept-post"] == "application/sdp"
    assert resource.headers["accept-patch"] == "application/trickle-ice-sdpfrag"
    for answer, methods in ((endpoint, ["POST"]), (resource, ["PATCH", "DELETE"])):
        allowed = answer.headers["access-control-allow-methods"]
        assert all(it in allowed for it in methods) and answer.headers["allow"] == allowed
        asked = answer.headers["access-control-allow-headers"].lower()
        assert all(it in asked for it in ("authorization", "content-type", "if-match"))
        assert "access-control-allow-origin" not in answer.headers, "that is the guard's to say"


@BOTH
@pytest.mark.parametrize(
    ("path", "methods", "allowed"),
    [
        ("one", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"], "GET, HEAD, OPTIONS, POST"),
        ("one/x", ["PUT", "POST", "TRACE", "PROPFIND"], "DELETE, GET, HEAD, OPTIONS, PATCH"),
    ],
)
async def test_other_methods(
    http: httpx.AsyncClient, name: str, path: str, methods: list[str], allowed: str
) -> None:
    for method in methods:
        answer = await http.request(method, f"/{name}/{path}")
        refused(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == allowed


@BOTH
@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic right"])
async def test_who_is_not_known_is_asked_who_they_are(
    http: httpx.AsyncClient, rooms: Rooms, name: str, authorization: str
) -> None:
    address = (await connected(http, name)).headers["location"]
    http.headers["authorization"] = authorization
    for method, path in (
        ("POST", f"/{name}/one"),
        ("GET", f"/{name}/one"),
        ("HEAD", f"/{name}/one"),
        ("PATCH", address),
        ("DELETE", address),
        ("GET", address),
    ):
        answer = await http.request(method, path, content=OFFER, headers=SDP)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert len(rooms.room.connections) == 1


@BOTH
async def test_a_session_is_for_whom_it_was_opened(
    http: httpx.AsyncClient, rooms: Rooms, name: str
) -> None:
    address = (await connected(http, name)).headers["location"]
    http.headers["authorization"] = "Bearer foreign"
    for method, path in (("GET", f"/{name}/one"), ("GET", address), ("DELETE", address)):
        refused(await http.request(method, path), 404, "unknown_session")
    answer = await http.post(f"/{name}/one", content=OFFER, headers=SDP)
    assert answer.status_code == {"whip": 404, "whep": 409}[name]
    assert len(rooms.room.connections) == 1


async def test_addresses_are_documented_once(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    assert set(paths["/whip/{session_id}"]) == {"get", "post"}
    assert set(paths["/whep/{session_id}/{connection_id}"]) == {"get", "patch", "delete"}
    body = paths["/whip/{session_id}"]["post"]["requestBody"]["content"]
    assert list(body) == ["application/sdp"]
