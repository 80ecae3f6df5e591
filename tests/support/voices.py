"""A session that only speaks, played by hand, and a WebSocket without a network."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import uvicorn
from fastapi import APIRouter, FastAPI

from engine.clock import ManualClock
from engine.errors import UnknownSession
from engine.types import SOUND_RATE, SOUND_TICK, Samples, Sound
from server.doors.doorkeeper import granted
from server.doors.protocols import RefusableSocket
from server.doors.tokens import ANYONE, Grant
from server.protocol import Message, SpeechMessage
from server.voice.stream import VoiceStream

TICK_SECONDS = SOUND_TICK / SOUND_RATE


class Speaker:
    """What a session does with a voice: takes it tick by tick, hands it over, interrupts it."""

    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        self.voice = VoiceStream(self.clock)
        self.events: list[tuple[str, int, float]] = []
        """What happened, to which utterance, at how many milliseconds of it."""
        self.voice.on_event = self._hear
        self.touched = 0
        self.tick = 0
        self._played: list[Samples] = []

    @property
    def played(self) -> Samples:
        """All sound that was handed over, with the silence in it."""
        return np.concatenate([np.zeros(0, np.int16), *self._played])

    def push(self, samples: Samples, rate: int = SOUND_RATE) -> None:
        self.voice.push(Sound(samples, rate))

    def take(self) -> tuple[Samples, float | None] | None:
        """The next tick, which stays under way."""
        taken = self.voice.take(self.tick)
        self.tick += 1
        self.clock.advance(TICK_SECONDS)
        return taken

    def play(self, ticks: int = 1) -> list[bool]:
        """Take and hand over so many ticks; says for each whether there was a voice."""
        return [self._play_one() for _ in range(ticks)]

    def play_out(self, most: int = 100_000) -> int:
        """Play until no utterance plays any more; returns how many ticks that took."""
        for count in range(most):
            if not self._play_one():
                return count
        raise AssertionError("it never ends")

    def interrupt(self) -> None:
        self.voice.clear()

    def touch(self) -> None:
        self.touched += 1

    def find(self, session_id: str, grant: Grant = ANYONE, /) -> Speaker:
        """As a server's sessions: there is one, whose id is `it`."""
        if session_id != "it":
            raise UnknownSession("no such session: it has ended; create another")
        return self

    def _play_one(self) -> bool:
        taken = self.take()
        if taken is None:
            return False
        assert len(taken[0]) == SOUND_TICK
        self.voice.handed(self.tick - 1)
        self._played.append(taken[0])
        return True

    def _hear(self, message: SpeechMessage) -> None:
        self.events.append((message.event, message.utterance, round(message.position_ms, 3)))


def counting(count: int, start: int = 0) -> Samples:
    """Samples that are all different from their neighbours, so that none can go missing."""
    return ((np.arange(start, start + count) % 30_000) + 1).astype(np.int16)


def application(*routers: APIRouter) -> FastAPI:
    """An application of these addresses, which everybody may use."""
    app = FastAPI()
    for router in routers:
        app.include_router(router)
    app.dependency_overrides[granted] = lambda: ANYONE
    return app


class Caller:
    """The other end of a WebSocket of an application, without a network."""

    def __init__(self, app: FastAPI, path: str) -> None:
        self._app, self._path = app, path
        self._to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._to_server.put_nowait({"type": "websocket.connect"})
        self._from_server: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self.reading = asyncio.Event()
        """Cleared, the caller's network takes nothing any more."""
        self.reading.set()

        self._over = asyncio.Event()

    async def run(self) -> None:
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "scheme": "ws",
            "path": self._path,
            "raw_path": self._path.encode(),
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
            "state": {},
        }
        await self._app(scope, self._to_server.get, self._accept)
        self._over.set()

    async def gone(self) -> None:
        """Wait until the server has done with this connection."""
        async with asyncio.timeout(5):
            await self._over.wait()

    @property
    def unread(self) -> int:
        """Messages that the server has not taken yet."""
        return self._to_server.qsize()

    def say(self, message: Message | str) -> None:
        text = message if isinstance(message, str) else message.model_dump_json()
        self._to_server.put_nowait({"type": "websocket.receive", "text": text})

    def send(self, data: bytes) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "bytes": data})

    def leave(self, code: int = 1005) -> None:
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": code})

    async def hear(self) -> dict[str, Any]:
        """The next message; the close as {"closed": code, "reason": text}."""
        async with asyncio.timeout(5):
            message = await self._from_server.get()
        if message["type"] == "websocket.close":
            return {"closed": message["code"], "reason": message.get("reason", "")}
        heard: dict[str, Any] = json.loads(message["text"])
        return heard

    async def _accept(self, message: MutableMapping[str, Any]) -> None:
        await self.reading.wait()
        if message["type"] != "websocket.accept":
            self._from_server.put_nowait(message)


@asynccontextmanager
async def calling(app: FastAPI, path: str) -> AsyncIterator[Caller]:
    """A caller while the block runs; leaves at its end, if it has not left."""
    caller = Caller(app, path)
    running = asyncio.create_task(caller.run())
    try:
        yield caller
    finally:
        caller.leave()
        async with asyncio.timeout(5):
            await running


async def settle(condition: Callable[[], bool], most: int = 10_000) -> None:
    """Let all other tasks go on until it holds, without any time passing."""
    for _ in range(most):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came about")


async def idle(rounds: int = 50) -> None:
    """Let all other tasks go on as far as they can."""
    for _ in range(rounds):
        await asyncio.sleep(0)


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    """An application on a free port of this machine, as the server would run it; its address."""
    config = uvicorn.Config(
        app, log_config=None, ws=RefusableSocket, ws_ping_interval=0.5, ws_ping_timeout=0.5
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def playing(speaker: Speaker, speed: float = 1.0) -> AsyncIterator[None]:
    """Play while the block runs, in real time or so many times faster."""

    async def play() -> None:
        start = time.monotonic()
        while True:
            speaker.play()
            ahead = speaker.tick * TICK_SECONDS / speed - (time.monotonic() - start)
            await asyncio.sleep(max(0.0, ahead))

    task = asyncio.create_task(play())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
