"""The application: everything the server answers over HTTP, put together."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, HTMLResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from engine.clock import Clock
from engine.errors import ServerFull
from engine.scheduler import Pool
from engine.studio import Studio
from server import compat, docs
from server.api import Api
from server.faults import Faults
from server.guard import Guard
from server.limits import Limits
from server.metrics import Metrics
from server.protocol import Health, IceServer
from server.session import House
from server.sessions import Sessions

log = logging.getLogger(__name__)
HOUSEKEEPING_SECONDS: Final = 0.25
NO_CACHE: Final = {"Cache-Control": "no-cache"}
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
    ice_servers: Sequence[IceServer] = (),
    ice_host: str | None = None,
    hosts: Collection[str] = (),
) -> FastAPI:
    """Put a server together. Studio and pool stay the caller's to close.

    Args:
        studio: an open bundle.
        pool: workers that draw.
        clock: monotonic.
        limits: how many, how large, how long.
        web: folder of the page; none means that only the API is served.
        ice_servers: STUN and TURN servers for both ends.
        ice_host: the only local address to offer to pages (127.0.0.1 on one machine).
        hosts: names under which the server may be addressed; empty means any.
    """
    house = House(pool, clock, limits or Limits(), Metrics(), ice_servers)
    faults = Faults(house.metrics)
    sessions = Sessions(studio, house)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.openapi()  # 30 ms, kept from now on
        with compat.adjusted(ice_host):
            async with _living(sessions, house):
                yield

    app = FastAPI(
        title="Visavis", description=DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.sessions = sessions
    app.include_router(Api(studio, sessions, house).router())
    _add_watching(app, sessions, house)
    if web is not None:
        _add_page(app, web)
    faults.install(app)
    app.add_middleware(Guard, faults=faults, limits=house.limits, hosts=hosts)
    return app


@asynccontextmanager
async def _living(sessions: Sessions, house: House) -> AsyncIterator[None]:
    """Threads for encoding and a housekeeper while the server runs."""
    encoding = ThreadPoolExecutor(os.cpu_count(), "visavis-encoder")
    asyncio.get_running_loop().set_default_executor(encoding)
    keeping = asyncio.create_task(_keep_house(sessions, house))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await sessions.close()
        encoding.shutdown()


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


def _add_file(app: FastAPI, address: str, file: Path) -> None:
    @app.get(address, include_in_schema=False)
    async def read() -> FileResponse:
        return FileResponse(file, headers=NO_CACHE)
