"""All sessions of a server: opening, finding, ending, and those whose time is over."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from engine.clock import Clock
from engine.errors import ServerFull, UnknownPresenter, UnknownSession
from engine.mixer import Controls
from engine.pipeline import Pipeline
from engine.scheduler import Pool
from engine.studio import Studio
from server.controls import patched
from server.limits import Limits
from server.metrics import Metrics
from server.protocol import IceServer, SessionRequest
from server.session import Session

log = logging.getLogger(__name__)


class Sessions:
    """The registry.

    Args:
        studio: makes the pipelines.
        pool: draws the pictures.
        clock: monotonic.
        limits: how many, how long.
        metrics: of the server.
        ice_servers: for every connection.
    """

    def __init__(
        self,
        studio: Studio,
        pool: Pool,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
        ice_servers: Sequence[IceServer] = (),
    ) -> None:
        self._studio, self._pool, self._clock = studio, pool, clock
        self._limits, self._metrics, self._ice_servers = limits, metrics, ice_servers
        self._open: dict[str, Session] = {}
        self._opening = 0
        self._closed = False
        # One portrait at a time, and never on the threads that encode.
        self._preparing = ThreadPoolExecutor(1, "visavis-portrait")

    def __len__(self) -> int:
        """Places that are taken."""
        return len(self._open) + self._opening

    @property
    def closed(self) -> bool:
        """Whether no session is opened any more."""
        return self._closed

    async def create(self, request: SessionRequest, portrait: bytes | None = None) -> Session:
        """Open a session for a presenter or a portrait (a picture's bytes).

        Raises:
            ServerFull: no place is free, or the server is stopping.
            UnknownPresenter, PortraitError, ControlError: as the engine finds.
        """
        if self._closed:
            raise ServerFull("the server is stopping: ask another, or again in a minute")
        if len(self) >= self._limits.sessions:
            raise ServerFull(f"all {self._limits.sessions} places are taken: try again soon")
        self._opening += 1
        try:
            pipeline = await asyncio.get_running_loop().run_in_executor(
                self._preparing, self._prepare, request, portrait
            )
            session = Session(
                pipeline,
                None if portrait is not None else request.presenter,
                request.size,
                pool=self._pool,
                clock=self._clock,
                limits_=self._limits,
                metrics=self._metrics,
                ice_servers=self._ice_servers,
            )
        finally:
            self._opening -= 1
        if self._closed:
            raise ServerFull("the server is stopping: ask another, or again in a minute")
        self._open[session.id] = session
        self._metrics.created.inc()
        self._metrics.sessions.set(len(self._open))
        return session

    def find(self, session_id: str) -> Session:
        """The session of that id.

        Raises:
            UnknownSession: it ended, or never was.
        """
        session = self._open.get(session_id)
        if session is None:
            raise UnknownSession("no such session: it has ended; create another")
        return session

    async def end(self, session_id: str, reason: str) -> None:
        """End one; its place is free at once.

        Raises:
            UnknownSession: it ended already, or never was.
        """
        await self._end(self.find(session_id), reason)

    async def reap(self) -> None:
        """End every session whose page is gone or whose time is over."""
        now = self._clock.now()
        over = [(it, reason) for it in self._open.values() if (reason := it.overdue(now))]
        await asyncio.gather(*(self._end(session, reason) for session, reason in over))

    async def close(self) -> None:
        """End all, open no more."""
        self._closed = True
        ending = [self._end(it, "the server is stopping") for it in self._open.values()]
        await asyncio.gather(*ending)
        self._preparing.shutdown()

    async def _end(self, session: Session, reason: str) -> None:
        if self._open.pop(session.id, None) is None:
            return
        self._metrics.sessions.set(len(self._open))
        log.info("session ended: %s", reason)
        await session.end(reason)

    def _prepare(self, request: SessionRequest, portrait: bytes | None) -> Pipeline:
        """In a thread: 5 ms for a presenter, 200 ms for a portrait."""
        controls = patched(Controls(), request.controls)
        if portrait is not None:
            identity = self._studio.portrait(portrait, request.size)
        elif request.presenter is not None:
            identity = self._studio.presenter(request.presenter, request.size)
        else:
            raise UnknownPresenter("name a presenter or upload a portrait")
        seed = secrets.randbelow(2**31) if request.seed is None else request.seed
        return self._studio.pipeline(identity, seed=seed, controls=controls)
