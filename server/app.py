"""The application: everything the server answers over HTTP, put together."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from anyio import to_thread
from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, HTMLResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from engine.clock import Clock
from engine.errors import ServerFull
from engine.mark import Mark, badge
from engine.render_processes import RenderProcesses
from engine.scheduler import Pool
from engine.studio import Studio
from server import aiortc_compat
from server.doors.bodies import Bodies
from server.doors.doorkeeper import Doorkeeper, grant_of
from server.doors.doors import Doors
from server.doors.guard import Guard
from server.doors.origins import Origins
from server.doors.tickets import Tickets
from server.doors.turnstile import Turnstile
from server.http import docs, whip
from server.http.api import Api
from server.http.faults import Faults
from server.limits import Limits
from server.looks import Looks
from server.media.peer import Line
from server.metrics import Metrics
from server.motion import socket as motion
from server.protocol import Health
from server.recordings import Recordings
from server.session import House
from server.sessions import Sessions
from server.voice import socket, speech

log = logging.getLogger(__name__)
HOUSEKEEPING_SECONDS: Final = 0.25
ENCODERS: Final = max(2, os.cpu_count() or 1)
"""Threads that encode; one that hangs must not hold up the others."""
ASIDE: Final = 2
"""Threads for what would hold up the loop: offers that are read, files that are finished."""
NO_CACHE: Final = {"Cache-Control": "no-cache"}
VENDOR: Final = "node_modules/@mediapipe/tasks-vision"
"""Beside the page's folder: what it tracks faces with, where npm has fetched it."""
DESCRIPTION: Final = (
    "Live avatars over WebRTC: create a session, exchange offer and answer, speak. "
    "Messages of the data channel are described in the protocol module."
)


def create_app(
    studio: Studio,
    pool: Pool,
    clock: Clock,
    limits: Limits | None = None,
    *,
    web: Path | None = None,
    ice_host: str | None = None,
    doors: Doors | None = None,
    vp8_only: bool = False,
    mark: Mark = badge,
    looks: Looks | None = None,
    processes: RenderProcesses | None = None,
) -> FastAPI:
    """Put a server together. Studio, pool and processes stay the caller's to close.

    Args:
        studio: an open bundle.
        pool: workers that draw.
        clock: monotonic.
        limits: how many, how large, how long.
        web: folder of the page; none means that only the API is served.
        ice_host: the only local address to offer to pages (127.0.0.1 on one machine).
        doors: who may come in; everybody when left out.
        vp8_only: never encode H.264; then there are no recordings.
        mark: what is done to every picture before it leaves.
        looks: where people's looks are kept; until the server ends when left out.
        processes: that draw for the workers; they do it themselves when left out.
    """
    doors, metrics = doors or Doors(), Metrics()
    encoding = ThreadPoolExecutor(ENCODERS, "visavis-encoder")
    recordings = Recordings(clock)
    house = House(
        pool, encoding, clock, limits or Limits(), metrics, recordings, mark, processes=processes
    )
    faults = Faults(metrics)
    line = Line(clock, private=doors.private, vp8_only=vp8_only)
    sessions = Sessions(studio, house, line, doors.relays)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.openapi()  # 30 ms, kept from now on
        with aiortc_compat.adjusted(ice_host):
            async with _living(sessions, house):
                yield

    app = FastAPI(
        title="Visavis", description=DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.sessions = sessions
    doorkeeper = Doorkeeper(doors.tokens, Tickets(clock))
    app.include_router(doorkeeper.router())
    app.include_router(Api(studio, sessions, recordings, looks or Looks(), house.limits).router())
    app.include_router(speech.Speech(sessions).router())
    app.include_router(socket.router(sessions, clock, metrics))
    app.include_router(motion.router(sessions, clock, metrics))
    app.include_router(whip.router(sessions, grant_of))
    _add_watching(app, sessions, house)
    if web is not None:
        _add_page(app, web)
    faults.install(app)
    app.add_middleware(
        Guard,
        faults=faults,
        origins=Origins(doors.hosts, doors.origins),
        doorkeeper=doorkeeper,
        turnstile=Turnstile(clock, generous=not doors.beyond),
        bodies=Bodies(house.limits),
    )
    return app


@asynccontextmanager
async def _living(sessions: Sessions, house: House) -> AsyncIterator[None]:
    """A housekeeper while the server runs; all threads end with it."""
    aside = ThreadPoolExecutor(ASIDE, "visavis-aside")
    _start_threads(house.encoding, ENCODERS)
    _start_threads(aside, ASIDE)
    asyncio.get_running_loop().set_default_executor(aside)
    to_thread.current_default_thread_limiter().total_tokens = ASIDE  # for the page's files
    keeping = asyncio.create_task(_keep_house(sessions, house))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await sessions.close()
        house.encoding.shutdown()
        aside.shutdown()


def _start_threads(executor: Executor, count: int) -> None:
    """All at once and now: what a server holds is the same from its first call on."""
    together = threading.Barrier(count)
    for _ in range(count):
        executor.submit(together.wait)


async def _keep_house(sessions: Sessions, house: House) -> None:
    """End what is over, and measure how late the loop wakes."""
    while True:
        before = house.clock.now()
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        late = house.clock.now() - before - HOUSEKEEPING_SECONDS
        house.metrics.lag.observe(max(0.0, late))
        try:
            sessions.reap()
        except Exception:
            log.exception("sessions could not be ended")


def _add_watching(app: FastAPI, sessions: Sessions, house: House) -> None:
    """Add health, metrics and documentation."""

    @app.get("/health")
    async def health() -> Health:
        """The server runs."""
        return Health(sessions=len(sessions), capacity=house.limits.sessions)

    @app.get("/ready")
    async def ready() -> Health:
        """The server takes sessions; 503 while it stops."""
        if sessions.closed:
            raise ServerFull("the server is stopping")
        return Health(sessions=len(sessions), capacity=house.limits.sessions)

    @app.get("/metrics", response_class=Response)
    async def measured() -> Response:
        """Counters for Prometheus."""
        return Response(house.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/docs", include_in_schema=False)
    async def documentation() -> HTMLResponse:
        headers = {"Content-Security-Policy": docs.POLICY}
        return HTMLResponse(docs.page(app.openapi()), headers=headers)


class _Page(StaticFiles):
    """Files of the page; the browser asks each time whether they changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(NO_CACHE)
        return response


def _add_page(app: FastAPI, web: Path) -> None:
    """Serve each file and folder of `web` by its name, and the page itself at `/`.

    Not one mount at `/`: that would answer the API's wrong methods with its own 404.
    """
    for entry in sorted(web.iterdir()):
        if entry.is_dir():
            app.mount(f"/{entry.name}", _Page(directory=entry))
        else:
            address = "/" if entry.name == "index.html" else f"/{entry.name}"
            _add_file(app, address, entry)
    library = web.parent / VENDOR
    if library.is_dir():
        app.mount("/vendor/tasks-vision", _Page(directory=library))


def _add_file(app: FastAPI, address: str, file: Path) -> None:
    @app.get(address, include_in_schema=False)
    async def read() -> FileResponse:
        return FileResponse(file, headers=NO_CACHE)
