"""Barge-in: how soon after an interruption the voice is silent and the mouth at rest."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

import httpx
import numpy as np
import pytest

from client.call import connected
from client.devices import Silence
from engine.arkit import MOUTH
from engine.pipeline import Heard, Pipeline
from engine.studio import Studio
from engine.types import Motion
from server.media.encoder import SLICE, Codec, PicturePacket, SoundPacket
from server.protocol import SessionRequest
from server.session import Session
from tests.support.leaks import until
from tests.support.serving import serving

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("clean")]
SPEECH = Path(__file__).parents[1] / "data" / "speech" / "hibari.wav"
JAW = MOUTH.index("jawOpen")
TIMES = 12
"""Interruptions, at moments that have nothing to do with the ticks."""


class Watcher:
    """Sees what leaves for one viewer: when the voice fell silent, when the mouth had closed."""

    codec: Codec | None = "H264"
    leads = False

    def __init__(self, session: Session) -> None:
        self._session = session
        self.jaws: dict[int, float] = {}
        self.at: float | None = None
        self.silent: list[float] = []
        self.closed: list[float] = []

    def estimate(self) -> int | None:
        return None

    def sound(self, packet: SoundPacket) -> None:
        """A slice leaves; it is silent if the beat has none of the voice left for it."""
        part = (packet.pts or 0) // SLICE
        if self.waits(self.silent) and not self._session._beat.sound(part).any():
            self.silent.append(asyncio.get_running_loop().time() - (self.at or 0.0))

    def picture(self, packet: PicturePacket) -> None:
        shown = self._session._beat._shown
        jaw = self.jaws.get(shown.index if shown else -1, 1.0)
        if self.waits(self.closed) and jaw < 0.05:
            self.closed.append(asyncio.get_running_loop().time() - (self.at or 0.0))

    def waits(self, noted: list[float]) -> bool:
        return self.at is not None and len(noted) < self._asked

    _asked = 0

    def ask(self) -> None:
        self._asked += 1
        self.at = asyncio.get_running_loop().time()
        self._session.interrupt()


def noting_jaws(pipeline: Pipeline, jaws: dict[int, float]) -> None:
    """Note how far the jaw is open in every tick that is mixed."""
    mix, ticks = pipeline.mix, iter(range(10**9))

    def noted(heard: Heard, now: float) -> Motion:
        motion = mix(heard, now)
        jaws[next(ticks)] = float(motion.mouth[JAW])
        return motion

    pipeline.mix = noted  # type: ignore[method-assign]


async def speak(http: httpx.AsyncClient, session: Session) -> None:
    body = SPEECH.read_bytes()
    headers = {"content-type": "audio/wav"}
    answer = await http.post(f"/v1/sessions/{session.id}/speech", content=body, headers=headers)
    assert answer.status_code == 202


@pytest.mark.timing
async def test_an_interruption_is_heard_and_seen_within_120_ms(studio: Studio) -> None:
    silent, closed = await interrupted(studio)
    assert silent <= 120
    assert closed <= 120


async def interrupted(studio: Studio) -> tuple[float, float]:
    """Until the voice is silent, and the mouth at rest: 95th percentiles in milliseconds."""
    ada = SessionRequest(presenter="ada", size=256)
    async with serving(studio) as server, connected(server.url, Silence(), ada) as talk:
        session = server.sessions.find(talk.session.id)
        watcher = Watcher(session)
        noting_jaws(session._pipeline, watcher.jaws)
        await until(lambda: talk.report().pictures > 3)
        session._broadcast.join(watcher)
        for n in range(1, TIMES + 1):
            await speak(server.http, session)
            await until(lambda: session.voice.playing and session._pipeline.speaking, 5)
            await asyncio.sleep(0.2 + secrets.randbelow(600) / 1000)
            watcher.ask()
            await until(lambda n=n: len(watcher.closed) == n and len(watcher.silent) == n)  # type: ignore[misc]
        session._broadcast.leave(watcher)
    silent, closed = np.percentile([watcher.silent, watcher.closed], 95, axis=1) * 1000
    print(f"silent p95 {silent:.0f} ms, mouth at rest p95 {closed:.0f} ms")
    return float(silent), float(closed)
