"""WHIP in, WHEP out, with other people's clients: FFmpeg, the whip-whep package, aiortc."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from aiortc import RTCPeerConnection
from aiortc.mediastreams import AudioStreamTrack
from playwright.sync_api import Page, Response

from engine.bundle import Bundle
from engine.studio import Studio
from engine.tracker import FaceTracker
from engine.types import Floats, Picture
from server.doors.tokens import Grant, Tokens
from server.limits import Limits
from tests.support.browser import Complaints, chromium
from tests.support.guarded import SECRET
from tests.support.leaks import until
from tests.support.lips import SPEECH, rgb, see
from tests.support.packages import package
from tests.support.process import server_process
from tests.support.serving import Serving, serving
from tests.support.sound import LOUDNESS_RATE, loudness, read
from tests.support.speech import write_wav
from tests.support.whep import SDP, Viewer, watching
from tests.support.whip import publishing

pytestmark = pytest.mark.e2e
ADA = {"presenter": "ada", "size": 256}
PAGE = Path(__file__).parents[1] / "support" / "whip_page.html"
CONNECT_SECONDS = 10.0
FRAGMENT = {"content-type": "application/trickle-ice-sdpfrag"}


@pytest.fixture
async def server(studio: Studio, clean: None) -> AsyncIterator[Serving]:
    async with serving(studio) as server:
        yield server


@pytest.fixture(scope="module")
def tracker() -> Iterator[FaceTracker]:
    made = FaceTracker(Bundle.open().asset("tracker"), 1)
    yield made
    made.close()


async def opened(server: Serving) -> dict[str, Any]:
    answer = await server.http.post("/v1/sessions", json=ADA)
    created: dict[str, Any] = answer.json()
    return created


async def state(server: Serving, session_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await server.http.get(f"/v1/sessions/{session_id}")).json()
    return found


async def count(server: Serving, metric: str) -> float:
    text = (await server.http.get("/metrics")).text
    found = re.search(rf"^{metric} (\S+)$", text, re.MULTILINE)
    assert found is not None, metric
    return float(found[1])


@pytest.mark.timing
async def test_ffmpeg_speaks_and_the_face_speaks_with_it(
    server: Serving, tracker: FaceTracker, tmp_path: Path
) -> None:
    created = await opened(server)
    at_rest: list[Picture] = []
    speaking: list[Picture] = []
    async with watching(server.http, created["whep"]) as viewer:
        viewer.on_picture = lambda frame: at_rest.append(rgb(frame))
        await until(lambda: len(at_rest) >= 50, CONNECT_SECONDS)
        endpoint = server.url + created["whip"]
        async with publishing(endpoint, SPEECH / "rms.wav", tmp_path) as publisher:
            viewer.on_picture = None
            await came_to_be(server, created["id"], "speaking")
            viewer.on_picture = lambda frame: speaking.append(rgb(frame))
            second = await server.http.post(created["whip"], content=await offer(), headers=SDP)
            assert (second.status_code, second.json()["code"]) == (409, "publisher_taken")
            await asyncio.wait_for(publisher.wait(), 30)
        heard = np.concatenate(viewer.sound)
        cameras = await count(server, "visavis_camera_pictures_total")
        free = await server.http.post(created["whip"], content=await offer(), headers=SDP)
        assert free.status_code == 201, "a publisher that left with DELETE gives its place back"
    print(f"camera pictures {cameras:.0f}, viewer's pictures {viewer.pictures}")
    assert cameras > 200
    moved = see(speaking, tracker).gap.var() / see(at_rest, tracker).gap.var()
    alike = likeness(loudness(heard), loudness(read(SPEECH / "rms.wav")))
    print(f"lips move {moved:.0f} times as much as at rest; sound alike {alike:.2f}")
    assert moved > 10
    assert alike > 0.85


def likeness(heard: Floats, said: Floats) -> float:
    """How well four seconds of what was said are found again in what was heard, in the median.

    Piece by piece, because a busy machine may leave some of it out.
    """
    length = 4 * LOUDNESS_RATE
    windows = np.lib.stride_tricks.sliding_window_view(heard, length)
    spread = windows.std(axis=1) + 1e-6
    best = []
    for start in range(0, len(said) - length, length):
        piece = said[start : start + length] - said[start : start + length].mean()
        best.append(float((windows @ piece / (length * spread * piece.std())).max()))
    return float(np.median(best))


async def test_a_publisher_that_vanishes_gives_its_place_back(
    studio: Studio, clean: None, tmp_path: Path
) -> None:
    async with serving(studio, Limits(silence_seconds=2.0)) as server:
        created = await opened(server)
        endpoint = server.url + created["whip"]
        async with publishing(endpoint, SPEECH / "rms.wav", tmp_path) as publisher:
            await came_to_be(server, created["id"], "idle")
            publisher.kill()
            await publisher.wait()
        sdp = await offer()
        for _ in range(20):
            answer = await server.http.post(created["whip"], content=sdp, headers=SDP)
            if answer.status_code != 409:
                break
            await asyncio.sleep(0.25)
        assert answer.status_code == 201


async def came_to_be(server: Serving, session_id: str, wanted: str) -> None:
    """Wait until the session is in that state."""
    session = server.sessions.find(session_id)
    await until(lambda: session.state.state == wanted, CONNECT_SECONDS)


async def offer() -> str:
    """Of a publisher that will not come."""
    connection = RTCPeerConnection()
    connection.addTransceiver(AudioStreamTrack(), direction="sendonly")
    await connection.setLocalDescription()
    sdp = connection.localDescription.sdp
    await connection.close()
    return sdp


@pytest.mark.timing
async def test_viewers_come_and_go_and_one_encoding_serves_all(server: Serving) -> None:
    created = await opened(server)
    seen: dict[str, deque[int]] = {}

    def remember(viewer: Viewer, name: str) -> None:
        pictures = seen[name] = deque(maxlen=500)

        def note(frame: av.VideoFrame) -> None:
            pictures.append(hash(frame.to_ndarray().tobytes()))

        viewer.on_picture = note

    async with AsyncExitStack() as staying, AsyncExitStack() as passing:
        steady = await staying.enter_async_context(watching(server.http, created["whep"]))
        remember(steady, "steady")
        await until(lambda: steady.pictures > 50, CONNECT_SECONDS)
        joined = []
        for name in ("one", "two", "three"):
            viewer = await passing.enter_async_context(watching(server.http, created["whep"]))
            remember(viewer, name)
            joined.append(viewer)
            await asyncio.sleep(0.4)
        await until(lambda: all(it.pictures > 50 for it in joined), CONNECT_SECONDS)
        stats = (await state(server, created["id"]))["stats"]
        assert stats["viewers"] == 4
        for name in ("one", "two", "three"):
            common = len(set(seen[name]) & set(seen["steady"]))
            print(f"{name}: {common} of {len(seen[name])} pictures are the steady one's")
            assert common > 0.8 * len(seen[name]), "the same packets, decoded to the same pixels"
        await joined[0].vanish()
        await passing.aclose()
        before = steady.pictures
        await until(lambda: steady.pictures > before + 50, CONNECT_SECONDS)
        print(f"longest gap of the one who stayed: {1000 * steady.longest_gap():.0f} ms")
        assert steady.longest_gap() < 0.5
        keyframes = await count(server, "visavis_keyframes_total")
        print(f"keyframes: {keyframes:.0f}")
        assert keyframes <= 8, "one for each who joins, at most one more"
    session = server.sessions.find(created["id"])
    await until(lambda: session.state.stats.viewers == 0, CONNECT_SECONDS)


async def test_offers_of_real_clients_are_refused_as_a_whole(server: Serving) -> None:
    created = await opened(server)
    wanted = await offer()
    for path, sdp, status, code in (
        (created["whep"], wanted, 422, "offer_refused"),
        (created["whip"], re.sub("opus|PCM[UA]|G722", "speex", wanted), 422, "codec_mismatch"),
        (created["whip"], wanted.replace("a=ice-pwd", "a=x"), 422, "offer_refused"),
        (created["whip"], re.sub(r"m=audio \d+", "m=audio x", wanted), 400, "offer_unreadable"),
        (created["whip"], wanted[5:], 400, "offer_unreadable"),
    ):
        answer = await server.http.post(path, content=sdp, headers=SDP)
        assert answer.status_code == status, answer.text
        assert answer.json()["code"] == code
    found = await state(server, created["id"])
    assert found["state"] == "waiting"
    assert (await server.http.post(created["whip"], content=wanted, headers=SDP)).status_code == 201


async def test_a_real_connection_is_patched_and_deleted(server: Serving) -> None:
    created = await opened(server)
    sdp = await offer()
    made = (await server.http.post(created["whip"], content=sdp, headers=SDP)).headers
    user = re.search(r"a=ice-ufrag:(\S+)", sdp)
    assert user is not None
    fragment = (
        f"a=ice-ufrag:{user[1]}\r\na=ice-pwd:x\r\nm=audio 9 x 0\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 2122260223 127.0.0.1 9 typ host\r\na=end-of-candidates\r\n"
    )
    for headers, status in (({}, 428), ({"if-match": '"x"'}, 412), ({"if-match": "*"}, 204)):
        answer = await server.http.patch(
            made["location"], content=fragment, headers=FRAGMENT | headers
        )
        assert answer.status_code == status
    assert (await server.http.delete(made["location"])).status_code == 200
    assert (await server.http.delete(made["location"])).status_code == 404


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_bytes(SECRET)
    file.chmod(0o600)
    return file


def test_the_whip_whep_package_publishes_and_watches(tmp_path: Path, secret: Path) -> None:
    clients = package("whip-whep")
    token = Tokens(SECRET).issue(Grant("somebody"), 600)
    microphone = write_wav(tmp_path / "speech.wav", read(SPEECH / "rms.wav"), 48_000)
    with (
        server_process(tmp_path, "--secret-file", str(secret)) as served,
        httpx.Client(
            base_url=served.url, headers={"authorization": f"Bearer {token}"}, timeout=20
        ) as http,
        chromium(microphone) as browser,
    ):
        created = http.post("/v1/sessions", json=ADA).json()
        stranger = httpx.post(served.url + created["whep"], content="v=0", headers=SDP)
        assert (stranger.status_code, stranger.headers["www-authenticate"]) == (401, "Bearer")
        options = httpx.options(served.url + created["whip"])
        assert (options.status_code, options.headers["accept-post"]) == (204, "application/sdp")
        page = browser.new_page()
        complaints = Complaints(page)
        answers: list[tuple[str, str, int]] = []
        page.on("response", lambda it: answers.append(summary(it)))
        page.route("**/test/page", lambda route: route.fulfill(path=PAGE))
        page.route("**/clients/*.js", lambda route: route.fulfill(
            path=clients / route.request.url.rpartition("/")[2]))  # fmt: skip
        page.goto(f"{served.url}/test/page")
        page.evaluate("([address, token]) => publish(address, token)", [created["whip"], token])
        page.evaluate("([address, token]) => watch(address, token)", [created["whep"], token])
        figures = watched(page)
        print(figures)
        found = http.get(f"/v1/sessions/{created['id']}").json()
        assert found["state"] in ("speaking", "idle") and found["stats"]["viewers"] == 1
        assert "422" in page.evaluate("restart()"), "ICE is not restarted, and that is said"
        page.evaluate("stop()")
        assert_spoken(answers)
        assert [it for it in complaints.found if "422" not in it] == []
        metrics = http.get("/metrics").text
        cameras = re.search(r"^visavis_camera_pictures_total (\S+)$", metrics, re.MULTILINE)
        assert cameras is not None and float(cameras[1]) > 20
        assert http.get(f"/v1/sessions/{created['id']}").json()["stats"]["viewers"] == 0


def summary(response: Response) -> tuple[str, str, int]:
    way = response.url.split("/")[3]
    return response.request.method, way, response.status


def watched(page: Page) -> dict[str, Any]:
    """Wait for a hundred pictures and for a voice; the figures then."""
    until_when = time.monotonic() + 30
    found: dict[str, Any] = {}
    while found.get("pictures", 0) < 100 or found.get("energy", 0.0) < 1e-3:
        assert time.monotonic() < until_when, found
        page.wait_for_timeout(250)
        found = page.evaluate("figures()")
    assert found["publisher"] == found["viewer"] == "connected"
    return found


def assert_spoken(answers: list[tuple[str, str, int]]) -> None:
    """What the two clients said over HTTP, and how it was answered."""
    for way in ("whip", "whep"):
        said = [(method, status) for method, where, status in answers if where == way]
        assert ("POST", 201) in said and ("PATCH", 204) in said and ("DELETE", 200) in said
        others = {it for it in said if it not in {("POST", 201), ("PATCH", 204), ("DELETE", 200)}}
        assert others <= {("PATCH", 422)}
