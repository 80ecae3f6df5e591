"""All sessions of a server: opening, finding, ending, and those whose time is over."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from engine.controls import Controls
from engine.errors import NotAllowed, ServerFull, TooOften, UnknownPresenter, UnknownSession
from engine.pipeline import Pipeline
from engine.scene import Framing, Scene
from engine.studio import Studio
from server.backgrounds import asked_background
from server.controls import patched
from server.doors.tokens import ANYONE, Grant
from server.doors.turn import Relays
from server.media.peer import Line
from server.protocol import SessionRequest, StateMessage
from server.session import House, Session

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A pipeline, and what gives back what others hold for it; that may block for a moment."""

    pipeline: Pipeline
    release: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Place:
    """A session, and who opened it until when."""

    session: Session
    release: Callable[[], None]
    grant: Grant
    until: float
    """By the house's clock."""


class Sessions:
    """The registry.

    Args:
        studio: makes the pipelines.
        house: what all sessions share.
        line: how connections are made; STUN and TURN servers of the session's own are added.
        relays: those servers.
    """

    def __init__(self, studio: Studio, house: House, line: Line, relays: Relays) -> None:
        self._studio, self._house = studio, house
        self._line, self._relays = line, relays
        self._open: dict[str, _Place] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._opening: Counter[str] = Counter()  # by who opens
        self._closed = False
        self._emptied = asyncio.Event()
        self.on_ended: Callable[[], None] = lambda: None
        """Called when a session has given everything back."""
        # One portrait at a time, and never on the threads that encode.
        self._preparing = ThreadPoolExecutor(1, "visavis-portrait")

    def __len__(self) -> int:
        """Places that are taken."""
        return self._taken + self._opening.total()

    @property
    def _taken(self) -> int:
        return sum(place.session.places for place in self._open.values())

    @property
    def closed(self) -> bool:
        """Whether no session is opened any more."""
        return self._closed

    async def create(
        self,
        request: SessionRequest,
        portrait: bytes | None = None,
        grant: Grant = ANYONE,
        backdrop: bytes | None = None,
    ) -> Session:
        """Open a session for a presenter or a portrait, before a backdrop (pictures' bytes).

        Raises:
            ServerFull: no place is free, or the server is stopping.
            NotAllowed, TooOften: the grant names others, or fewer sessions at once.
            UnknownPresenter, PortraitError, ControlError: as the engine finds.
        """
        if self._closed:
            raise ServerFull("the server is stopping: ask another, or again in a minute")
        places = self._house.limits.sessions
        if len(self) >= places:
            raise ServerFull(f"all {places} places are taken: try again soon")
        self._check(grant, None if portrait is not None else request.presenter)
        self._opening[grant.sub] += 1
        try:
            prepared = await asyncio.get_running_loop().run_in_executor(
                self._preparing, self._prepare, request, portrait, backdrop
            )
            session = Session(
                prepared.pipeline,
                None if portrait is not None else request.presenter,
                request.size,
                request.quality,
                self._house,
                self._line,
                partial(self._relays.ice_servers, grant.sub),
                grant.sub,
                self._studio.camera,
            )
        finally:
            self._opening[grant.sub] -= 1
            self._opening += Counter()  # forgets who has none
        if self._closed:
            raise ServerFull("the server is stopping: ask another, or again in a minute")
        if self._open and len(self) + session.places > places:
            raise ServerFull(
                f"pictures of this size take {session.places} places, and one is free: "
                "try again soon, or ask for the face alone"
            )
        longest = math.inf if grant.seconds is None else grant.seconds
        until = self._house.clock.now() + longest
        self._open[session.id] = _Place(session, prepared.release, grant, until)
        self._house.metrics.created.inc()
        self._house.metrics.sessions.set(len(self._open))
        return session

    def find(self, session_id: str, grant: Grant = ANYONE) -> Session:
        """The session of that id, for whom it was opened.

        Raises:
            UnknownSession: it ended, or never was, or somebody else opened it.
        """
        return self._find(session_id, grant).session

    async def end(self, session_id: str, reason: str, grant: Grant = ANYONE) -> None:
        """End one; its place is free at once.

        Raises:
            UnknownSession: it ended already, or never was, or somebody else opened it.
        """
        await asyncio.shield(self._end(self._find(session_id, grant), reason))

    def reap(self) -> None:
        """Begin to end every session whose page is gone or whose time is over."""
        now = self._house.clock.now()
        self._house.recordings.sweep()
        for place in list(self._open.values()):
            reason = place.session.overdue(now)
            if reason is None and now > place.until:
                reason = "it reached the longest time of its token"
            if reason is not None:
                self._end(place, reason)

    async def drain(self) -> None:
        """Open no more, end those that nobody is connected with; returns when all have ended."""
        self._closed = True
        for place in list(self._open.values()):
            if place.session.state.state == "waiting":
                self._end(place, "the server is stopping")
            else:
                place.session.notice(StateMessage(state="draining"))
        if self._open:
            await self._emptied.wait()

    async def close(self) -> None:
        """End all, open no more."""
        self._closed = True
        for place in list(self._open.values()):
            self._end(place, "the server is stopping")
        await asyncio.gather(*self._ending)
        self._house.recordings.close()
        self._preparing.shutdown()

    def _find(self, session_id: str, grant: Grant) -> _Place:
        place = self._open.get(session_id)
        if place is None or place.grant.sub != grant.sub:
            raise UnknownSession("no such session: it has ended; create another")
        return place

    def _end(self, place: _Place, reason: str) -> asyncio.Task[None]:
        del self._open[place.session.id]
        if not self._open and self._closed:
            self._emptied.set()
        self._house.metrics.sessions.set(len(self._open))
        log.info("session ended: %s", reason)
        ending = asyncio.create_task(self._give_back(place, reason))
        self._ending.add(ending)
        ending.add_done_callback(self._ended)
        return ending

    async def _give_back(self, place: _Place, reason: str) -> None:
        try:
            await place.session.end(reason)
        finally:
            await asyncio.get_running_loop().run_in_executor(self._preparing, place.release)

    def _ended(self, ending: asyncio.Task[None]) -> None:
        self._ending.discard(ending)
        self.on_ended()

    def _check(self, grant: Grant, presenter: str | None) -> None:
        """Refuse what the grant does not allow; `presenter` is None for a portrait."""
        if grant.presenters is not None and presenter not in grant.presenters:
            raise NotAllowed("the token does not allow this face: choose another")
        if grant.sessions is not None:
            taken = sum(place.grant.sub == grant.sub for place in self._open.values())
            if taken + self._opening[grant.sub] >= grant.sessions:
                raise TooOften(f"the token allows {grant.sessions} at once: end a session first")

    def _prepare(
        self, request: SessionRequest, portrait: bytes | None, backdrop: bytes | None
    ) -> _Prepared:
        """In a thread: 5 ms for a presenter, 200 ms for a portrait, a second for a whole one."""
        controls = patched(Controls(), request.controls)
        scene = Scene(Framing(request.framing), asked_background(request, backdrop))
        if portrait is not None:
            identity = self._studio.portrait(portrait, request.size, scene)
        elif request.presenter is not None:
            identity = self._studio.presenter(request.presenter, request.size, scene)
        else:
            raise UnknownPresenter("name a presenter or upload a portrait")
        seed = secrets.randbelow(2**31) if request.seed is None else request.seed
        pipeline = partial(self._studio.pipeline, seed=seed, controls=controls)
        processes = self._house.processes
        if processes is None or not self._studio.portable:
            return _Prepared(pipeline(identity), lambda: None)
        remote = processes.remote(identity)
        return _Prepared(pipeline(remote), remote.close)
