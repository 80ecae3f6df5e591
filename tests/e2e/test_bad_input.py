"""Whatever comes in: the right refusal, no session left, and the next caller is served."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import cv2
import httpx
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from client.call import call, connected
from client.devices import Microphone, Silence
from client.errors import CallLost, DeviceMissing
from engine.errors import DeviceError
from engine.studio import Studio
from server import limits
from server.limits import Limits
from server.protocol import ErrorBody, ErrorMessage, PongMessage, ServerMessage, SessionRequest
from server.serve import serve
from tests.support.leaks import until
from tests.support.serving import Serving, serving

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("clean")]
JSON = {"content-type": "application/json"}
ADA = SessionRequest(presenter="ada", size=256)


@pytest.fixture
async def server(studio: Studio, clean: None) -> AsyncIterator[Serving]:
    """A server that, after whatever the test did to it, is empty and takes a call."""
    async with serving(studio, Limits(sessions=2)) as running:
        yield running
        await until(lambda: len(running.sessions) == 0)
        async with connected(running.url, Silence(), ADA):
            assert len(running.sessions) == 1


def refused(answer: httpx.Response, status: int, code: str) -> None:
    body = ErrorBody.model_validate_json(answer.content)
    assert (answer.status_code, body.code) == (status, code), body.message


def png(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def huge_png(side: int) -> bytes:
    """A white picture of side x side pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + crc

    header = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    rows = zlib.compress((b"\x00" + b"\xff" * ((side + 7) // 8)) * side)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PORTRAITS: dict[str, tuple[Callable[[Studio], bytes], int, str]] = {
    "empty": (lambda studio: b"", 415, "picture_unreadable"),
    "text named .png": (lambda studio: b"I am no picture", 415, "picture_unreadable"),
    "svg": (lambda studio: b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "picture_unreadable"),
    "cut in half": (
        lambda studio: png(np.zeros((400, 400, 3), np.uint8) + 90)[:200], 415, "picture_unreadable",
    ),
    "20,000 pixels wide": (lambda studio: huge_png(20_000), 413, "picture_too_large"),
    "9 MB": (lambda studio: b"\xff\xd8\xff" + b"x" * 9_000_000, 413, "picture_too_large"),
    "no face": (
        lambda studio: png(np.random.default_rng(1).integers(0, 255, (400, 400, 3), np.uint8)),
        422, "no_face",
    ),
    "two faces": (lambda studio: png(side_by_side(studio)), 422, "several_faces"),
}  # fmt: skip


def side_by_side(studio: Studio) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    both = [
        cv2.imdecode(np.frombuffer(studio.presenter_picture(it), np.uint8), cv2.IMREAD_COLOR)
        for it in ("ada", "kenji")
    ]
    return np.hstack([np.asarray(it, np.uint8) for it in both])


@pytest.mark.parametrize("what", PORTRAITS)
async def test_portraits(server: Serving, studio: Studio, what: str) -> None:
    make, status, code = PORTRAITS[what]
    files = {"portrait": ("me.png", make(studio), "image/png")}
    refused(await server.http.post("/v1/sessions", files=files), status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "request_refused"),
        (b"{", 422, "request_refused"),
        (b"[]", 422, "request_refused"),
        (b"\xff\xfe\x00", 422, "request_refused"),
        (b"[" * 10_000, 422, "request_refused"),
        (b"{}", 404, "unknown_presenter"),
        (b'{"presenter": "nobody"}', 404, "unknown_presenter"),
        (b'{"presenter": "../../etc/passwd"}', 422, "request_refused"),
        (b'{"presenter": "ada", "size": 300}', 422, "request_refused"),
        (b'{"presenter": "ada", "colour": 1}', 422, "request_refused"),
        (b'{"presenter": "ada", "controls": {"emotion": "bored"}}', 422, "control"),
        (b'{"presenter": "ada", "controls": {"mouth": {"source": "brain"}}}', 422, "control"),
        (b'{"presenter": "ada", "controls": {"mouth": {"gain": 9}}}', 422, "request_refused"),
        (b" " * 20_000, 413, "request_refused"),
    ],
)
async def test_session_requests(server: Serving, body: bytes, status: int, code: str) -> None:
    refused(await server.http.post("/v1/sessions", content=body, headers=JSON), status, code)


async def test_other_kinds_of_bodies(server: Serving, studio: Studio) -> None:
    picture = studio.presenter_picture("ada")
    post = server.http.post
    plain = {"content-type": "text/plain"}
    refused(await post("/v1/sessions", content=b"{}", headers=plain), 415, "request_refused")
    headers = {"content-type": "multipart/form-data"}
    refused(await post("/v1/sessions", content=b"x", headers=headers), 422, "request_refused")
    headers = {"content-type": "multipart/form-data; boundary=b"}
    refused(await post("/v1/sessions", content=b"x", headers=headers), 422, "request_refused")
    refused(await post("/v1/sessions", data={"settings": "{}"}), 415, "request_refused")
    other = {"picture": picture}
    refused(await post("/v1/sessions", files=other), 422, "request_refused")
    two = [("portrait", picture), ("portrait", picture)]
    refused(await post("/v1/sessions", files=two), 422, "request_refused")
    one, bad = {"portrait": picture}, {"settings": "no json"}
    refused(await post("/v1/sessions", files=one, data=bad), 422, "request_refused")


async def test_a_foreign_page(server: Serving) -> None:
    foreign = {"origin": "http://evil.example"}
    answer = await server.http.post("/v1/sessions", json={"presenter": "ada"}, headers=foreign)
    refused(answer, 403, "foreign_origin")


async def create(server: Serving) -> str:
    answer = await server.http.post("/v1/sessions", json=ADA.model_dump())
    return f"/v1/sessions/{answer.json()['id']}"


async def offer(*kinds: str) -> str:
    """A real offer that asks for these kinds of media."""
    page = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    page.createDataChannel("control")
    for kind in kinds:
        page.addTransceiver(kind, direction="recvonly")
    await page.setLocalDescription()
    sdp: str = page.localDescription.sdp
    await page.close()
    return sdp


EXPECTED: Final = {
    "nonsense": (400, "offer_unreadable"),
    "codecs": (422, "codec_mismatch"),
}


@pytest.mark.parametrize(
    "what",
    ["empty", "nonsense", "no sound", "no picture", "data only", "no fingerprint", "cut", "codecs"],
)
async def test_offers_that_cannot_be_answered(server: Serving, what: str) -> None:
    whole = await offer("audio", "video")
    lines = whole.splitlines(keepends=True)
    sdp = {
        "empty": "",
        "nonsense": "v=0\r\nm=audio x y z\r\n" * 3,
        "no sound": await offer("video"),
        "no picture": await offer("audio"),
        "data only": await offer(),
        "no fingerprint": "".join(
            line for line in lines if "fingerprint" not in line
        ),
        "cut": "".join(lines[: len(lines) // 2]),
        "codecs": whole.replace("VP8", "VP7").replace("H264", "H266").replace("opus", "speex")
        .replace("PCM", "XXX").replace("G722", "XXXX"),
    }[what]  # fmt: skip
    path = await create(server)
    body = {"type": "offer", "sdp": sdp}
    status, code = EXPECTED.get(what, (422, "offer_refused"))
    refused(await server.http.post(f"{path}/offer", json=body), status, code)
    body["sdp"] = whole
    answer = await server.http.post(f"{path}/offer", json=body)
    assert answer.status_code == 200, "nothing is lost: another offer may come"
    assert (await server.http.delete(path)).status_code == 204


async def test_bodies_that_are_no_offers(server: Serving) -> None:
    path = await create(server)
    post = server.http.post
    for body in ({"type": "answer", "sdp": ""}, {"type": "offer"}, {"sdp": "v=0"}, ["offer"]):
        refused(await post(f"{path}/offer", json=body), 422, "request_refused")
    long = {"type": "offer", "sdp": "v" * 65_537}
    refused(await post(f"{path}/offer", json=long), 422, "request_refused")
    longer = {"type": "offer", "sdp": "v" * 200_000}
    refused(await post(f"{path}/offer", json=longer), 413, "request_refused")
    assert (await server.http.delete(path)).status_code == 204


async def test_a_second_offer_does_not_disturb_the_first(server: Serving) -> None:
    async with connected(server.url, Silence(), ADA) as talk:
        body = {"type": "offer", "sdp": await offer("audio", "video")}
        path = f"/v1/sessions/{talk.session.id}/offer"
        for _ in range(3):  # good offers, whose pages never connect
            assert (await server.http.post(path, json=body)).status_code == 200
        body["sdp"] = "v=0 nonsense"
        refused(await server.http.post(path, json=body), 400, "offer_unreadable")
        before = talk.report().pictures
        await until(lambda: talk.report().pictures > before + 5)


async def test_sessions_that_are_not_there(server: Serving) -> None:
    path = await create(server)
    assert (await server.http.delete(path)).status_code == 204
    refused(await server.http.delete(path), 404, "unknown_session")
    refused(await server.http.post(f"{path}/interrupt"), 404, "unknown_session")
    body = {"type": "offer", "sdp": "v=0"}
    refused(await server.http.post(f"{path}/offer", json=body), 404, "unknown_session")
    refused(await server.http.patch(f"{path}/controls", json={}), 404, "unknown_session")


async def test_controls_that_are_not_there(server: Serving) -> None:
    path = await create(server)
    patch = server.http.patch
    refused(await patch(f"{path}/controls", json={"emotion": "bored"}), 422, "control")
    refused(await patch(f"{path}/controls", json={"pose": {"source": "voice"}}), 422, "control")
    refused(await patch(f"{path}/controls", json={"blink": 3}), 422, "request_refused")
    refused(await patch(f"{path}/controls", content=b"\x00"), 422, "request_refused")
    assert (await server.http.delete(path)).status_code == 204


async def test_a_full_server(server: Serving) -> None:
    paths = [await create(server) for _ in range(2)]
    answer = await server.http.post("/v1/sessions", json=ADA.model_dump())
    refused(answer, 503, "server_full")
    assert int(answer.headers["retry-after"]) > 0
    for path in paths:
        await server.http.delete(path)


GARBAGE = [
    "", "hello", "{}", "null", "\u0000", '{"type": "reboot"}', '{"type": "ping"}', "[" * 5_000,
    '{"type": "control", "controls": {"emotion": "bored"}}', "x" * (limits.MESSAGE_BYTES + 1),
]  # fmt: skip


async def test_garbage_on_the_data_channel(server: Serving) -> None:
    messages: list[ServerMessage] = []
    async with connected(server.url, Silence(), ADA) as talk:
        talk.on_message = messages.append
        for text in GARBAGE:
            talk.send(text)
        await until(lambda: sum(isinstance(it, ErrorMessage) for it in messages) == len(GARBAGE))
        codes = {it.code for it in messages if isinstance(it, ErrorMessage)}
        assert codes == {"request_refused", "control"}
        await until(lambda: any(isinstance(it, PongMessage) for it in messages))
        before = talk.report().pictures
        await until(lambda: talk.report().pictures > before + 5)


async def test_a_flood_on_the_data_channel_is_not_answered(server: Serving) -> None:
    messages: list[ServerMessage] = []
    async with connected(server.url, Silence(), ADA) as talk:
        talk.on_message = messages.append
        for _ in range(500):
            talk.send("flood")
        before = talk.report().pictures
        await until(lambda: talk.report().pictures > before + 10)
    assert sum(isinstance(it, ErrorMessage) for it in messages) < 3 * limits.MESSAGES_PER_SECOND


async def test_a_page_that_sends_headers_and_no_body(studio: Studio) -> None:
    async with serving(studio, Limits(body_seconds=0.3)) as server:
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /v1/sessions HTTP/1.1\r\nHost: {host}:{port}\r\n"
            "Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{".encode()
        )
        answer = await asyncio.wait_for(reader.read(4096), 5)
        assert b"408" in answer.split(b"\r\n")[0] and b"request_refused" in answer
        writer.close()


async def test_nobody_at_the_other_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(CallLost, match="no server answers"):
        await call(f"http://127.0.0.1:{port}", seconds=1)


@pytest.mark.skipif(Path("/dev/snd").exists(), reason="this machine has sound devices")
async def test_no_microphone() -> None:
    with pytest.raises(DeviceMissing, match="microphone"), Microphone():
        pytest.fail("there is none")


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(DeviceError, match=f"port {port}"):
            serve(port=port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104
def test_an_address_that_others_reach_is_refused(host: str) -> None:
    with pytest.raises(DeviceError, match="--secret-file"):
        serve(host, 0)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order(how: signal.Signals) -> None:
    program = (
        "from server.serve import serve; serve(port=0, say=lambda line: print(line, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.split()[1]
        assert httpx.get(f"{url}health", timeout=20).json()["status"] == "ok"
        answer = httpx.post(f"{url}v1/sessions", content=json.dumps({"presenter": "ada"}),
                            headers=JSON, timeout=20)  # fmt: skip
        assert answer.status_code == 201
        process.send_signal(how)
        _, complaints = process.communicate(timeout=20)
        assert (process.returncode, complaints) == (0, "")
    finally:
        process.kill()
        process.wait()
