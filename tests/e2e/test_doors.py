"""A server that asks for tokens, encrypts, keeps its secrets and ends in order."""

from __future__ import annotations

import asyncio
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiortc import RTCPeerConnection

from client.call import call, connected
from client.devices import Silence
from client.errors import CallRefused
from server import limits
from server.doors.tokens import Grant, Tokens
from server.protocol import SessionRequest
from tests.support.certificate import certificate
from tests.support.guarded import SECRET
from tests.support.leaks import until
from tests.support.process import ROOT, Served, server_process

pytestmark = pytest.mark.e2e
ADA = {"presenter": "ada", "size": 256}
TOKENS = Tokens(SECRET)


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_bytes(SECRET + b"\n")
    file.chmod(0o600)
    return str(file)


def caller(served: Served, grant: Grant, **more: Any) -> httpx.Client:
    headers = {"Authorization": f"Bearer {TOKENS.issue(grant, 600)}"}
    return httpx.Client(base_url=served.url, headers=headers, timeout=20, **more)


def test_each_sees_only_what_he_opened(tmp_path: Path, secret: str) -> None:
    with server_process(tmp_path, "--secret-file", secret) as served:
        bob, eve = caller(served, Grant("bob")), caller(served, Grant("eve"))
        path = bob.post("/v1/sessions", json=ADA).headers["location"]
        unknown = eve.get("/v1/sessions/unknown")
        tried: list[tuple[str, str, dict[str, Any]]] = [
            ("GET", "", {}),
            ("PATCH", "/controls", {"json": {}}),
            ("POST", "/interrupt", {}),
            ("POST", "/offer", {"json": {"type": "offer", "sdp": "v=0"}}),
            ("DELETE", "", {}),
        ]
        for method, behind, body in tried:
            foreign = eve.request(method, path + behind, **body)
            assert (foreign.status_code, foreign.content) == (404, unknown.content)
            assert httpx.request(method, served.url + path + behind, **body).status_code == 401
        assert bob.get(path).status_code == 200
        assert bob.delete(path).status_code == 204
        assert bob.get("/metrics").status_code == 200
        assert httpx.get(f"{served.url}/metrics").status_code == 401
        for open_to_all in ("/", "/health", "/ready", "/v1/presenters", "/docs"):
            assert httpx.get(served.url + open_to_all).status_code == 200
        bob.close()
        eve.close()


def test_a_token_limits_faces_and_sessions_and_time(tmp_path: Path, secret: str) -> None:
    with server_process(tmp_path, "--secret-file", secret) as served:
        with caller(served, Grant("bob", ("mei",), 1.0, 1)) as bob:
            assert bob.post("/v1/sessions", json=ADA).json()["code"] == "not_allowed"
            portrait = bob.post("/v1/sessions", files={"portrait": b"x"})
            assert (portrait.status_code, portrait.json()["code"]) == (403, "not_allowed")
            path = bob.post("/v1/sessions", json=ADA | {"presenter": "mei"}).headers["location"]
            second = bob.post("/v1/sessions", json=ADA | {"presenter": "mei"})
            assert (second.status_code, second.json()["code"]) == (429, "too_often")
            with caller(served, Grant("eve")) as eve:
                assert eve.post("/v1/sessions", json=ADA).status_code == 201
            ends = time.monotonic() + 3
            while bob.get(path).status_code == 200 and time.monotonic() < ends:
                time.sleep(0.05)
            assert bob.get(path).status_code == 404
            assert bob.post("/v1/sessions", json=ADA | {"presenter": "mei"}).status_code == 201


async def test_nothing_secret_is_written_down(tmp_path: Path, secret: str) -> None:
    """Not the secret, a token, ticket or password of TURN, nor a word of an offer."""
    turn = tmp_path / "turn"
    turn.write_text("turnsecretturnsecret")
    turn.chmod(0o600)
    options = (
        "--secret-file",
        secret,
        "--turn",
        "turn:127.0.0.1:9",
        "--turn-secret-file",
        str(turn),
    )
    loud = "import logging; logging.basicConfig(level=logging.INFO)"
    with server_process(tmp_path, *options, program=loud) as served:
        token = TOKENS.issue(Grant("bob"), 600)
        page = RTCPeerConnection()
        for kind in ("audio", "video"):
            page.addTransceiver(kind)
        page.createDataChannel("control")
        await page.setLocalDescription()
        offer = page.localDescription.sdp
        seen = [SECRET.decode(), "turnsecret", token, token[-43:], "candidate:", "a=fingerprint"]
        seen += re.findall(r"a=(?:ice-pwd|ice-ufrag|fingerprint):(\S+(?: \S+)?)", offer)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=20) as http:
            made = (await http.post("/v1/sessions", json=ADA)).json()
            relay = made["ice_servers"][-1]
            ticket = (await http.post("/v1/tickets")).json()["ticket"]
            path = f"/v1/sessions/{made['id']}"
            anew = (await http.get(f"{path}/ice_servers")).json()[-1]
            assert anew["urls"] == relay["urls"]
            seen += [relay["credential"], relay["username"], anew["credential"], ticket]
            await http.get(f"/v1/sessions/x?token={token}&ticket={ticket}")
            for sdp in (offer[:200], offer.replace("opus", "xxxx"), offer):
                answer = await http.post(f"{path}/offer", json={"type": "offer", "sdp": sdp})
                if answer.status_code == 200:
                    seen += re.findall(r"a=ice-pwd:(\S+)", answer.json()["sdp"])
            await http.post("/v1/sessions", content=token)
            await http.patch(f"{path}/controls", json={"emotion": token})
            await http.delete(path)
        await page.close()
        served.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(served.ended_after, 20)
        assert served.process.returncode == 0
    assert "INFO" in served.said, "or the log was not loud"
    assert [it for it in seen if it in served.said] == []


def test_beyond_this_machine_encrypted(tmp_path: Path, secret: str) -> None:
    cert, key = certificate(tmp_path)
    options = ("--host", "0.0.0.0", "--secret-file", secret)  # noqa: S104
    tls = ("--tls-cert", str(cert), "--tls-key", str(key))
    with server_process(tmp_path, *options, *tls) as served:
        assert served.url.startswith("https://")
        here = served.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        trusting = ssl.create_default_context(cafile=str(cert))
        with httpx.Client(base_url=here, verify=trusting) as http:
            assert http.get("/health").status_code == 200
            assert http.post("/v1/sessions", json=ADA).status_code == 401
            headers = {"Authorization": f"Bearer {TOKENS.issue(Grant('bob'), 60)}"}
            codes = [
                http.post("/v1/sessions", json={"presenter": "nobody"}, headers=headers).status_code
                for _ in range(limits.OPENINGS_PER_MINUTE + 1)
            ]
            assert codes == [404] * limits.OPENINGS_PER_MINUTE + [429]


def test_behind_a_proxy_each_caller_is_counted_for_himself(tmp_path: Path, secret: str) -> None:
    with server_process(tmp_path, "--behind-proxy", "--secret-file", secret) as served:
        for number in range(2 * limits.OPENINGS_PER_MINUTE):
            with caller(served, Grant(f"g{number}")) as http:
                headers = {"X-Forwarded-For": f"198.51.100.{number}", "Host": "any.example"}
                answer = http.post("/v1/sessions", json={"presenter": "nobody"}, headers=headers)
                assert answer.status_code == 404


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--host", "0.0.0.0"), "--secret-file"),  # noqa: S104
        (("--behind-proxy",), "--secret-file"),
        (("--secret-file", "{short}"), "32 bytes"),
        (("--secret-file", "{none}"), "cannot be read"),
        (("--secret-file", "{secret}", "--host", "::"), "--tls-cert"),
        (("--tls-cert", "{secret}", "--tls-key", "{secret}"), "PEM"),
        (("--origin", "example.org"), "https://example.org"),
        (("--turn", "turn:example.org"), "--turn-secret-file"),
        (("--turn", "http://example.org"), "turn:example.org:3478"),
    ],
)
def test_a_careless_start_is_one_sentence(
    tmp_path: Path, secret: str, options: tuple[str, ...], sentence: str
) -> None:
    short = tmp_path / "short"
    short.write_text("short")
    short.chmod(0o600)
    given = [it.format(secret=secret, short=short, none=tmp_path / "none") for it in options]
    done = subprocess.run(
        [sys.executable, "-m", "visavis", "serve", "--port", "0", *given],
        capture_output=True, text=True, timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 1 and sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1 and "Visavis: http" not in done.stdout


def test_a_token_from_the_command_opens_the_door(tmp_path: Path, secret: str) -> None:
    command = [sys.executable, "-m", "visavis", "token", "--name", "bob", "--presenter", "ada"]
    printed = subprocess.run(
        [*command, "--secret-file", secret, "--minutes", "5", "--sessions", "2"],
        capture_output=True, text=True, timeout=60, cwd=ROOT, check=True,
    )  # fmt: skip
    assert TOKENS.read(printed.stdout.strip()) == Grant("bob", ("ada",), None, 2)
    for wrong in (["--minutes", "1441"], ["--seconds", "-1"]):
        refused = subprocess.run(
            [*command, "--secret-file", secret, *wrong],
            capture_output=True, text=True, timeout=60, cwd=ROOT,
        )  # fmt: skip
        assert refused.returncode == 1 and not refused.stdout
    nothing = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert nothing.returncode == 1 and "--secret-file" in nothing.stderr


async def test_a_call_from_the_terminal_shows_its_token(tmp_path: Path, secret: str) -> None:
    with server_process(tmp_path, "--secret-file", secret) as served:
        token = TOKENS.issue(Grant("bob"), 600)
        report = await call(served.url, presenter="ada", size=256, seconds=2.0, token=token)
        assert report.pictures > 10
        with pytest.raises(CallRefused):
            await call(served.url, presenter="ada", size=256, seconds=2.0)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_when_nobody_is_connected_it_ends_at_once(tmp_path: Path, how: signal.Signals) -> None:
    with server_process(tmp_path) as served:
        with httpx.Client(base_url=served.url) as idle:
            assert idle.get("/ready").status_code == 200
            assert idle.post("/v1/sessions", json=ADA).status_code == 201  # nobody connects
            served.process.send_signal(how)
            assert served.ended_after(5) < 2.0
        assert served.process.returncode == 0
        assert len(served.said.splitlines()) == 1


async def test_it_waits_for_the_last_session(tmp_path: Path) -> None:
    with server_process(tmp_path) as served:
        async with (
            httpx.AsyncClient(base_url=served.url) as http,
            connected(served.url, Silence(), SessionRequest.model_validate(ADA)) as talk,
        ):
            await until(lambda: talk.report().pictures > 5, 20)
            served.process.send_signal(signal.SIGTERM)
            asked = time.monotonic()
            await until(stopped(served), 0.5)
            refused = await http.post("/v1/sessions", json=ADA)
            assert (refused.status_code, refused.json()["code"]) == (503, "server_full")
            assert int(refused.headers["retry-after"]) > 0
            before = talk.report().pictures
            await until(lambda: talk.report().pictures > before + 50, 10)
            assert served.process.poll() is None and time.monotonic() - asked > 1.5
        assert await asyncio.to_thread(served.ended_after, 10) < 3.0
        assert served.process.returncode == 0
        assert "ends when its calls have ended (1)" in served.said


async def test_a_session_that_does_not_end_is_ended(tmp_path: Path) -> None:
    """Thirty seconds are its right; here they are two."""
    fast = (
        "import functools, server.limits as l, server.serve as s\n"
        "s.Limits = functools.partial(l.Limits, drain_seconds=2.0)"
    )
    with server_process(tmp_path, program=fast) as served:
        async with connected(served.url, Silence(), SessionRequest.model_validate(ADA)) as talk:
            await until(lambda: talk.report().pictures > 5, 20)
            served.process.send_signal(signal.SIGTERM)
            took = await asyncio.to_thread(served.ended_after, 20)
        assert 1.9 < took < 2 + limits.END_SECONDS + 0.5
        assert served.process.returncode == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_at_once(tmp_path: Path, second: signal.Signals) -> None:
    with server_process(tmp_path) as served:
        async with connected(served.url, Silence(), SessionRequest.model_validate(ADA)) as talk:
            await until(lambda: talk.report().pictures > 5, 20)
            served.process.send_signal(signal.SIGTERM)
            await until(stopped(served), 2.0)
            assert served.process.poll() is None
            served.process.send_signal(second)
            assert await asyncio.to_thread(served.ended_after, 10) < 3.0


@pytest.mark.parametrize("signals", [1, 2])
async def test_what_is_stuck_is_ended_too(tmp_path: Path, signals: int) -> None:
    stuck = (
        "import asyncio, server.sessions as s\n"
        "async def close(self): await asyncio.sleep(60)\n"
        "s.Sessions.close = close"
    )
    with server_process(tmp_path, program=stuck) as served:
        served.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert served.process.poll() is None
        if signals == 2:
            served.process.send_signal(signal.SIGTERM)
        most = limits.END_SECONDS if signals == 1 else limits.FORCED_END_SECONDS
        assert await asyncio.to_thread(served.ended_after, 10) < most + 0.5
        assert served.process.returncode == 1


def stopped(served: Served) -> Callable[[], bool]:
    return lambda: httpx.get(f"{served.url}/ready").status_code == 503
