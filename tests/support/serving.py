"""A real server in the test's own event loop, and a client that speaks its HTTP."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from engine.background import Blurred
from engine.clock import Clock, MonotonicClock
from engine.errors import PortraitError
from engine.mark import Mark, badge
from engine.render_processes import RenderProcesses
from engine.scene import Scene
from engine.scheduler import Pool
from engine.studio import Studio
from server import heap
from server.app import create_app
from server.doors.turn import Relays
from server.limits import Limits
from server.media.peer import Line
from server.metrics import Metrics
from server.recordings import Recordings
from server.serve import configured
from server.session import House
from server.sessions import Sessions
from tests.support.leaks import until

WEB = Path(__file__).parents[2] / "client" / "web"


@dataclass(frozen=True)
class Serving:
    """A server that runs: where, and what it holds."""

    url: str
    sessions: Sessions
    http: httpx.AsyncClient


@contextmanager
def opened() -> Iterator[Studio]:
    """The built-in bundle; what looks at pictures has started its threads, which it keeps."""
    studio = Studio.open(live=True)
    first = studio.presenters[0].id
    with suppress(PortraitError):
        studio.portrait(studio.presenter_picture(first), 256)
        studio.presenter(first, 256, Scene(background=Blurred()))
    yield studio
    gc.unfreeze()
    studio.close()


@asynccontextmanager
async def serving(
    studio: Studio,
    limits: Limits | None = None,
    *,
    mark: Mark = badge,
    vp8_only: bool = False,
) -> AsyncIterator[Serving]:
    """Serve on a free port of 127.0.0.1 while the block runs.

    A test process holds far more than a server (FastAPI remembers every application it
    made): collections that looked through all of it would take seconds.
    """
    heap.freeze()
    pool = Pool()
    app = create_app(
        studio,
        pool,
        MonotonicClock(),
        limits,
        web=WEB,
        ice_host="127.0.0.1",
        mark=mark,
        vp8_only=vp8_only,
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(configured(app))
        running = asyncio.create_task(server.serve([listener]))
        await until(lambda: server.started)
        try:
            async with httpx.AsyncClient(base_url=url, timeout=15) as http:
                yield Serving(url, app.state.sessions, http)
        finally:
            server.should_exit = True
            await running
            pool.close()


@asynccontextmanager
async def asked(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """HTTP with an application without a socket."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            yield http


def registry_of(
    studio: Studio,
    pool: Pool,
    clock: Clock,
    limits: Limits,
    metrics: Metrics | None = None,
    processes: RenderProcesses | None = None,
    relays: Relays | None = None,
) -> Sessions:
    """Sessions without a server around them; threads that encode end with its own."""
    encoding = ThreadPoolExecutor(1)  # starts no thread until it is used
    metrics, recordings = metrics or Metrics(), Recordings(clock)
    house = House(pool, encoding, clock, limits, metrics, recordings, processes=processes)
    return Sessions(studio, house, Line(clock), relays or Relays())
