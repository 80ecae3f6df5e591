"""A real server in the test's own event loop, and a client that speaks its HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from engine.clock import MonotonicClock
from engine.errors import PortraitError
from engine.scheduler import Pool
from engine.studio import Studio
from server.app import create_app
from server.limits import Limits
from server.sessions import Sessions

WEB = Path(__file__).parents[2] / "client" / "web"


@dataclass(frozen=True)
class Serving:
    """A server that runs: where, and what it holds."""

    url: str
    sessions: Sessions
    http: httpx.AsyncClient


def opened() -> Studio:
    """The built-in bundle; its face tracker has started its threads, which it keeps."""
    studio = Studio.open()
    with suppress(PortraitError):
        studio.portrait(studio.presenter_picture(studio.presenters[0].id), 256)
    return studio


@asynccontextmanager
async def serving(studio: Studio, limits: Limits | None = None) -> AsyncIterator[Serving]:
    """Serve on a free port of 127.0.0.1 while the block runs."""
    pool = Pool()
    app = create_app(studio, pool, MonotonicClock(), limits, web=WEB, ice_host="127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
        running = asyncio.create_task(server.serve([listener]))
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
