"""All sessions of a server: opening, finding, ending, and those whose time is over."""

from __future__ import annotations

import asyncio
import logging
import secrets
from concurrent.futures import ThreadPoolExecutor

from engine.errors import ServerFull, UnknownPresenter, UnknownSession
from engine.mixer import Controls
from engine.pipeline import Pipeline
from engine.studio import Studio
from server.controls import patched
from server.protocol import SessionRequest
from server.session import House, Session

log = logging.getLogger(__name__)


class Sessions:
    """The registry.

    Args:
        studio: makes the pipelines.
        house: what all sessions share.
    """

    def __init__(self, studio: Studio, house: House) -> None:
        self._studio, self._house = studio, house
        self._open: dict[str, Session] = {}
        self._ending: set[asyncio.Task[None]] = set()
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
        places = self._house.limits.sessions
        if len(self) >= places:
            raise ServerFull(f"all {places} places are taken: try again soon")
        self._opening += 1
        try:
            pipeline = await asyncio.get_running_loop().run_in_executor(
                self._preparing, self._prepare, request, portrait
            )
            session = Session(
                pipeline,
                None if portrait is not None else request.presenter,
                request.size,
                self._house,
            )
        finally:
            self._opening -= 1
        if self._closed:
            raise ServerFull("the server is stopping: ask another, or again in a minute")
        self._open[session.id] = session
        self._house.metrics.created.inc()
        self._house.metrics.sessions.set(len(self._open))
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
        await asyncio.shield(self._end(self.find(session_id), reason))

    def reap(self) -> None:
        """Begin to end every session whose page is gone or whose time is over."""
        now = self._house.clock.now()
        for session in list(self._open.values()):
            reason = session.overdue(now)
            if reason is not None:
                self._end(session, reason)

    async def close(self) -> None:
        """End all, open no more."""
        self._closed = True
        for session in list(self._open.values()):
            self._end(session, "the server is stopping")
        await asyncio.gather(*self._ending)
        self._preparing.shutdown()

    def _end(self, session: Session, reason: str) -> asyncio.Task[None]:
        del self._open[session.id]
        self._house.metrics.sessions.set(len(self._open))
        log.info("session ended: %s", reason)
        ending = asyncio.create_task(session.end(reason))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return ending

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
