"""Voices over a real server: events in time, back-pressure, interruptions, files, the command."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from bench.live import server
from client.call import connected
from client.devices import Silence
from engine.clock import MonotonicClock
from engine.errors import VoiceTaken
from engine.studio import Studio
from engine.types import SOUND_RATE, Samples
from server.metrics import Metrics
from server.protocol import (
    EndMessage,
    HelloMessage,
    InterruptMessage,
    ServerMessage,
    SessionRequest,
    SpeechMessage,
)
from server.session import Session
from server.voice.socket import router
from tests.support.leaks import until
from tests.support.serving import Serving, serving
from tests.support.soundfiles import encoded
from tests.support.speech import tone, write_wav
from tests.support.voices import Speaker, application, listening, playing

pytestmark = pytest.mark.e2e
VISAVIS = (sys.executable, "-m", "visavis")
PIECE = 65_536


class Voice:
    """A voice WebSocket, and when its events came."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.came = 0.0

    async def say(self, samples: Samples, end: bool = True) -> None:
        data = samples.tobytes()
        for at in range(0, len(data), PIECE):
            await self.socket.send(data[at : at + PIECE])
        if end:
            await self.socket.send(EndMessage().model_dump_json())

    async def interrupt(self) -> None:
        await self.socket.send(InterruptMessage().model_dump_json())

    async def hear(self, seconds: float = 10.0) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        self.came = time.monotonic()
        return message

    async def event(self, name: str, utterance: int) -> float:
        """The next event must be this; its position in milliseconds."""
        message = await self.hear()
        assert (message.get("event"), message.get("utterance")) == (name, utterance), message
        return float(message["position_ms"])


@pytest.fixture
async def place(studio: Studio, clean: None) -> AsyncIterator[Serving]:
    async with serving(studio) as place:
        yield place


async def opened(place: Serving) -> Session:
    answer = await place.http.post("/v1/sessions", json={"presenter": "ada", "size": 256})
    found = place.sessions.find(answer.json()["id"])
    assert isinstance(found, Session)
    return found


@asynccontextmanager
async def voice(
    place: Serving, session: Session, hello: HelloMessage | None = None
) -> AsyncIterator[Voice]:
    address = f"ws{place.url.removeprefix('http')}/v1/sessions/{session.id}/voice"
    async with connect(address, compression=None, ping_interval=None) as socket:
        speaker = Voice(socket)
        await socket.send((hello or HelloMessage(rate=SOUND_RATE)).model_dump_json())
        assert await speaker.hear() == {"type": "ready", "buffer_ms": 5_000}
        yield speaker


async def test_an_utterance_starts_at_once_and_ends_in_time(place: Serving) -> None:
    session = await opened(place)
    async with voice(place, session) as speaker:
        await asyncio.sleep(0.5)  # the beat has begun: somebody is connected
        sent = time.monotonic()
        await speaker.say(tone(1.0))
        assert await speaker.event("started", 1) == 0.0
        started = speaker.came
        assert await speaker.event("ended", 1) == pytest.approx(1_000.0)
        assert started - sent < 0.6
        assert speaker.came - started == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("size", [1, 7, 1_000, PIECE])
@pytest.mark.parametrize(("rate", "channels", "kind"), [(8_000, 1, "s16le"), (44_100, 2, "f32le")])
async def test_any_rate_in_messages_of_any_size(
    place: Serving, rate: int, channels: int, kind: str, size: int
) -> None:
    session = await opened(place)
    hello = HelloMessage.model_validate({"rate": rate, "channels": channels, "format": kind})
    seconds = {1: 0.01, 7: 0.05}.get(size, 0.5)  # 2,000 messages a second are taken
    samples = np.repeat(tone(seconds, rate=rate)[:, None], channels, axis=1)
    data = (samples if kind == "s16le" else (samples / 32_768).astype("<f4")).tobytes()
    async with voice(place, session, hello) as speaker:
        for at in range(0, len(data), size):
            await speaker.socket.send(data[at : at + size])
        await speaker.socket.send(EndMessage().model_dump_json())
        await speaker.event("started", 1)
        assert await speaker.event("ended", 1) == pytest.approx(seconds * 1_000, abs=0.1)


async def test_one_that_is_interrupted_is_silent_within_a_tenth_of_a_second(
    place: Serving,
) -> None:
    """Twenty seconds were sent at once; the interruption comes behind them."""
    session = await opened(place)
    async with voice(place, session, HelloMessage(rate=24_000)) as speaker:
        await speaker.say(tone(20.0, rate=24_000))
        await speaker.event("started", 1)
        started = speaker.came
        await asyncio.sleep(0.7)
        asked = time.monotonic()
        await speaker.interrupt()
        position = await speaker.event("interrupted", 1)
        assert speaker.came - asked < 0.1
        assert position / 1_000 == pytest.approx(asked - started, abs=0.12)
        assert session.voice.queue.depth == 0
        await speaker.say(tone(0.2))
        await speaker.event("started", 2)


async def test_a_flood_is_held_back_and_dropped_at_once(place: Serving) -> None:
    """0.8 MB a second of sound, as fast as the network takes it: it does not take it all."""
    session = await opened(place)
    hello = HelloMessage(rate=96_000, channels=2, format="f32le")
    sent = 0
    deepest = 0

    async def flood(speaker: Voice) -> None:
        nonlocal sent
        while True:
            await speaker.socket.send(bytes(PIECE))
            sent += PIECE

    async with voice(place, session, hello) as speaker:
        flooding = asyncio.create_task(flood(speaker))
        await speaker.event("started", 1)
        before, still = -1, 0
        while still < 20:
            await asyncio.sleep(0.02)
            deepest = max(deepest, session.voice.queue.depth)
            still, before = (still + 1 if sent == before else 0), sent
        assert sent < 30_000_000 and deepest <= 5_000 and session.voice.dropped == 0
        asked = time.monotonic()
        await place.http.post(f"/v1/sessions/{session.id}/interrupt")
        await speaker.event("interrupted", 1)
        assert speaker.came - asked < 0.2
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        await speaker.socket.send(EndMessage().model_dump_json())
        await speaker.socket.send(bytes(PIECE))
        await speaker.socket.send(EndMessage().model_dump_json())
        await speaker.event("started", 2)


async def test_a_hail_of_tiny_messages_keeps_nobody_waiting(place: Serving) -> None:
    """Whoever sends byte by byte is slowed down; the sessions of others go on in time."""
    session = await opened(place)
    async with voice(place, session) as speaker:
        for _ in range(2_000):
            await speaker.socket.send(b"x")
        hail = b"".join(b"\x82\x81\x00\x00\x00\x00x" for _ in range(36_000))
        late: list[float] = []
        speaker.socket.transport.write(hail)
        for _ in range(50):
            before = time.monotonic()
            await asyncio.sleep(0.01)
            late.append(time.monotonic() - before - 0.01)
        assert max(late) < 0.15
        speaker.socket.transport.abort()


async def test_a_slow_sender_is_heard_to_the_end(place: Serving) -> None:
    """Half as fast as it is played: silence between the pieces, and nothing lost."""
    session = await opened(place)
    async with voice(place, session) as speaker:
        for _ in range(5):
            await speaker.say(tone(0.2), end=False)
            await asyncio.sleep(0.4)
        await speaker.socket.send(EndMessage().model_dump_json())
        await speaker.event("started", 1)
        assert await speaker.event("ended", 1) == pytest.approx(1_000.0)
        assert session.voice.underruns >= 4


async def test_a_second_writer_waits_for_the_first_to_go(place: Serving) -> None:
    session = await opened(place)
    async with voice(place, session):
        with pytest.raises(AssertionError, match="voice_taken"):
            async with voice(place, session):
                pass
        refused = await place.http.post(
            f"/v1/sessions/{session.id}/speech",
            content=b"x",
            headers={"content-type": "audio/wav"},
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "voice_taken")
    async with voice(place, session) as speaker:
        await speaker.say(tone(0.2))
        await speaker.event("started", 1)


async def test_the_end_of_the_session_is_told(place: Serving) -> None:
    session = await opened(place)
    async with voice(place, session) as speaker:
        await speaker.say(tone(3.0))
        await speaker.event("started", 1)
        await place.http.delete(f"/v1/sessions/{session.id}")
        await speaker.event("interrupted", 1)
        assert (await speaker.hear())["code"] == "unknown_session"
        with pytest.raises(ConnectionClosed) as closed:
            await speaker.hear()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4_404


async def test_whoever_watches_hears_it_and_is_told(place: Serving) -> None:
    """A tone that comes over the WebSocket, then one as a file, arrive by WebRTC."""
    told: list[SpeechMessage] = []
    loud: list[float] = []

    def message(it: ServerMessage) -> None:
        if isinstance(it, SpeechMessage):
            told.append(it)

    def sound(frame: av.AudioFrame, _: float) -> None:
        samples = frame.to_ndarray().astype(float)
        loud.append(float(np.sqrt((samples**2).mean())))

    settings = SessionRequest(presenter="ada", size=256)
    async with connected(place.url, Silence(), settings) as call:
        call.on_message, call.on_sound = message, sound
        session = place.sessions.find(call.session.id)
        assert isinstance(session, Session)
        async with voice(place, session) as speaker:
            await speaker.say(tone(1.0))
            await speaker.event("started", 1)
            await speaker.event("ended", 1)
        accepted = await place.http.post(
            f"/v1/sessions/{session.id}/speech",
            content=encoded(tone(1.0), SOUND_RATE, "ogg", "libopus"),
            headers={"content-type": "audio/ogg"},
        )
        assert accepted.status_code == 202, accepted.text
        assert accepted.json()["utterance"] == 2
        await until(lambda: len(told) == 4, 10)
    assert [(it.event, it.utterance) for it in told] == [
        ("started", 1), ("ended", 1), ("started", 2), ("ended", 2),
    ]  # fmt: skip
    seconds = sum(level > 1_000 for level in loud) * 0.02
    assert 1.7 < seconds < 2.4, "each tone lasts a second"


@asynccontextmanager
async def alone() -> AsyncIterator[tuple[Speaker, ClientConnection]]:
    """A voice that is pinged twice a second, and a WebSocket that has said hello."""
    speaker = Speaker()
    app = application(router(speaker, MonotonicClock(), Metrics()))
    async with listening(app) as url, playing(speaker):
        address = f"ws{url.removeprefix('http')}/v1/sessions/it/voice"
        async with connect(address, compression=None, ping_interval=None) as socket:
            await socket.send(HelloMessage(rate=24_000).model_dump_json())
            await socket.recv()
            yield speaker, socket


async def test_who_is_held_back_is_not_taken_for_dead(clean: None) -> None:
    """The answers to pings are stuck behind megabytes of sound."""
    async with alone() as (speaker, socket):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.0):
                while True:
                    await socket.send(bytes(PIECE))
        assert socket.state is State.OPEN and speaker.voice.playing
        socket.transport.abort()
        speaker.voice.close("the test is over")


async def test_who_is_dead_gives_the_voice_back(clean: None) -> None:
    async with alone() as (speaker, socket):
        with pytest.raises(VoiceTaken):
            speaker.voice.check()
        socket.transport.pause_reading()
        await until(lambda: speaker.touched > 0 and not _taken(speaker), 5.0)
        socket.transport.abort()


def _taken(speaker: Speaker) -> bool:
    try:
        speaker.voice.check()
    except VoiceTaken:
        return True
    return False


def test_a_session_is_opened_and_spoken_through_from_the_terminal(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "it.wav", tone(0.6, rate=16_000), 16_000)
    with server() as (url, _, _):
        session = _open(url)
        spoken = _visavis("speak", str(sound), "--session", session, "--url", url)
        assert spoken.returncode == 0, spoken.stderr
        assert spoken.stdout.splitlines() == [
            "utterance 1: started at 0.00 s",
            "utterance 1: ended at 0.60 s",
        ]
        pipe = subprocess.run(
            [*VISAVIS, "speak", "-", "--session", session, "--url", url, "--rate", "24000"],
            input=tone(0.4, rate=24_000).tobytes(),
            capture_output=True,
            timeout=60,
        )
        assert pipe.returncode == 0, pipe.stderr
        assert b"utterance 2: ended at 0.40 s" in pipe.stdout
        refused = _visavis("speak", str(sound), "--session", "nobody", "--url", url)
        assert refused.returncode == 1
        assert "no such session" in refused.stderr and "Traceback" not in refused.stderr
        httpx.delete(f"{url}/v1/sessions/{session}")


def test_ctrl_c_interrupts(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "it.wav", tone(30.0, rate=16_000), 16_000)
    with server() as (url, _, _):
        session = _open(url)
        process = subprocess.Popen(
            [*VISAVIS, "speak", str(sound), "--session", session, "--url", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            # What runs in the background ignores Ctrl+C, and so would its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "utterance 1: started at 0.00 s\n"
        process.send_signal(signal.SIGINT)
        said, complaints = process.communicate(timeout=15)
        httpx.delete(f"{url}/v1/sessions/{session}")
    assert process.returncode == 130, complaints
    assert "utterance 1: interrupted at" in said and complaints == ""


def _open(url: str) -> str:
    done = _visavis("open", url, "--presenter", "ada", "--size", "256")
    assert done.returncode == 0, done.stderr
    table = dict(line.split() for line in done.stdout.splitlines())
    assert set(table) == {"session", "voice", "whip", "whep"}
    assert table["voice"] == f"ws{url.removeprefix('http')}/v1/sessions/{table['session']}/voice"
    return table["session"]


def _visavis(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*VISAVIS, *arguments], capture_output=True, text=True, timeout=60)
