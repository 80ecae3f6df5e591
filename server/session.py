"""One session: a face, who is connected with it, its life from opening to end."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import av

from engine.camera import Camera
from engine.clock import Clock
from engine.errors import RecordingFailed, UnknownSession, VisavisError
from engine.mark import Mark, unmarked
from engine.pipeline import Pipeline
from engine.render_processes import RenderProcesses
from engine.scheduler import Pool
from engine.types import TICKS_PER_SECOND, Sound
from server import limits, report
from server.controls import described, patched
from server.dialogue import Dialogue
from server.lifecycle import LIVE, Life, State
from server.limits import Limits
from server.media.beat import Beat
from server.media.broadcast import Broadcast, Handed
from server.media.encoder import PICTURE_STEP, Codec, PicturePacket
from server.media.levels import Level
from server.media.peer import Line, Peer, Role
from server.media.peers import Peers
from server.media.rates import Rates
from server.media.tracks import as_yuv
from server.media.turns import ANYWHERE, AT_SOUND, Turns
from server.metrics import Metrics
from server.motion.driving import Driving
from server.motion.recorder import MotionRecorder
from server.motion.socket import Inlet
from server.protocol import (
    Controls,
    ControlsMessage,
    ControlsPatch,
    ErrorMessage,
    IceServer,
    Message,
    Quality,
    SessionState,
    StateMessage,
    StatsMessage,
)
from server.recordings import Recorder, Recordings
from server.taping import Taping
from server.voice.stream import VoiceStream

log = logging.getLogger(__name__)
ALONE_SECONDS: Final = 2 * limits.VOICE_TOUCH_SECONDS
"""Without a connection or a voice socket a session waits again."""


@dataclass(frozen=True, slots=True)
class House:
    """What all sessions of a server share."""

    pool: Pool
    encoding: Executor
    """Threads that encode."""
    clock: Clock
    limits: Limits
    metrics: Metrics
    recordings: Recordings
    mark: Mark = unmarked
    """What is done to every picture before it leaves."""
    turns: Turns = field(default_factory=Turns)
    """At which part of a tick each session's begin."""
    processes: RenderProcesses | None = None
    """What draws; the pool's own threads do where there are none."""


class Session:
    """A pipeline, its beat, its broadcast and its peers; ends as a whole.

    Args:
        pipeline: made for this session.
        presenter: id of the presenter, None for an uploaded portrait.
        size: side of a face alone, pixels.
        quality: of the pictures, to begin with.
        house: what it shares with the others.
        line: how its connections are made.
        relays: gives STUN and TURN servers; their passwords are soon worth nothing.
        sub: for whom it is.
        camera: gives what reads a camera's pictures.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        presenter: str | None,
        size: int,
        quality: Quality,
        house: House,
        line: Line,
        relays: Callable[[], Sequence[IceServer]],
        sub: str,
        camera: Callable[[], Camera],
    ) -> None:
        self.id = secrets.token_urlsafe(18)
        self.presenter, self.size = presenter, size
        level = Level.of(pipeline.width, pipeline.height)
        line = replace(line, level=level)
        self._pipeline, self._house, self._line, self._relays = pipeline, house, line, relays
        self._clock, self._metrics = clock, metrics = house.clock, house.metrics
        self.voice = VoiceStream(clock)
        self.voice.on_event = self.notice
        self.places = limits.LARGE_PICTURE_PLACES if level.large else 1
        """Of the server's places, how many it takes."""
        self._beat: Beat[av.VideoFrame] = Beat(
            pipeline,
            house.pool,
            clock,
            metrics,
            as_yuv,
            mark=house.mark,
            latency=limits.LARGE_PICTURE_LATENCY if level.large else limits.PICTURE_LATENCY,
            feed=self.voice.take,
        )
        self.width, self.height = width, height = pipeline.width, pipeline.height
        rates = Rates.of(width, height)
        self._broadcast = Broadcast(
            self._beat, house.encoding, clock, rates, on_handed=self._encoded
        )
        self.driving = Driving(pipeline, camera, house.pool, clock, metrics, fails=self._cannot_see)
        """What moves the face from outside."""
        self._inlet = Inlet(self.driving, clock, metrics)
        self._beat.on_shown = self.driving.shown
        self.choose(quality)
        self._recorder = Recorder(self._broadcast, house.recordings, sub)
        self._film = Taping(self._recorder, self.notice)
        self._motion = Taping(MotionRecorder(pipeline, house.recordings, sub), self.notice)
        self._counted = report.Counted(metrics)
        self._peers = Peers(lambda: replace(line, ice_servers=relays()), self)
        self._parts = report.Parts(
            self._beat, self._broadcast, self._peers, self.voice, self.driving
        )
        self._living: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self._life = Life()
        self._opened = self._seen = clock.now()
        self._dialogue = Dialogue(self, clock, metrics)
        self._encoded_at = 0.0
        self._handed = -1
        self._gone: str | None = None

    @property
    def ice_servers(self) -> Sequence[IceServer]:
        """STUN and TURN servers for an other end that connects now."""
        return self._relays()

    @property
    def controls(self) -> Controls:
        """All controls as they are now."""
        return described(self._pipeline.controls)

    @property
    def state(self) -> SessionState:
        """How the session goes."""
        return SessionState.model_validate(
            {
                "id": self.id,
                "state": self._life.state.value,
                "seconds": self._clock.now() - self._opened,
                "controls": self.controls,
                "stats": self.stats,
            }
        )

    @property
    def stats(self) -> StatsMessage:
        """Figures of the last seconds."""
        return report.stats(self._parts)

    async def answer(self, offer: str) -> str:
        """Connect with a page: its offer in, our answer out (SDP); again after it was lost.

        Raises:
            OfferRefused: it cannot be answered.
        """
        return (await self._connect(Role.PAGE, offer)).answer

    async def publish(self, offer: str) -> Peer:
        """Take sound and camera of a publisher (OfferRefused, PublisherTaken)."""
        return await self._connect(Role.PUBLISHER, offer)

    async def watch(self, offer: str) -> Peer:
        """Give picture and sound to a viewer (OfferRefused, ServerFull)."""
        return await self._connect(Role.VIEWER, offer)

    def connection(self, connection_id: str) -> Peer:
        """The connection of that id (UnknownSession if it has ended)."""
        return self._peers.find(connection_id)

    async def hang_up(self, connection_id: str) -> None:
        """End the connection of that id (UnknownSession if it has ended)."""
        await self._peers.hang_up(connection_id)

    def change(self, patch: ControlsPatch) -> Controls:
        """Change what the patch names, and tell the page.

        Raises:
            ControlError: a source or emotion that does not exist; nothing is changed.
        """
        self._pipeline.change(patched(self._pipeline.controls, patch))
        controls = self.controls
        self.notice(ControlsMessage(controls=controls))
        return controls

    def interrupt(self) -> None:
        """Drop all sound that has not been played, close the mouth."""
        self._tell_handed()
        self.voice.clear()
        self._beat.interrupt()
        for peer in self._peers:
            peer.interrupt()
        self.notice(StateMessage(state="interrupted"))

    def touch(self) -> None:
        """Somebody is there, though not by WebRTC (UnknownSession if it has ended)."""
        if self._life.state is State.ENDED:
            raise UnknownSession("no such session: it has ended; create another")
        self._seen = self._clock.now()
        self._begin()

    def choose(self, quality: Quality) -> None:
        """Bound the bit rate of the pictures."""
        self._broadcast.quality = Rates.ceiling(quality, self.width, self.height)

    def record(self, on: bool) -> None:
        """Start a recording, or finish it; the page is told.

        Raises:
            RecordingFailed: no file can be written, or nothing that it would hold is encoded.
        """
        if on and self._line.vp8_only:
            raise RecordingFailed("this server encodes no H.264: record what you see yourself")
        if on:
            self._film.start()
        else:
            self._film.stop()

    def record_motion(self, on: bool) -> None:
        """Start to keep what the face does, or finish the file; the page is told."""
        if on:
            self._motion.start()
        else:
            self._motion.stop()

    def calibrate(self) -> None:
        """Take the driver's face of the next second for its rest."""
        self.driving.calibrate()

    def notice(self, message: Message) -> None:
        """Tell the page, if there is one."""
        if not self._peers.send(message):
            self._metrics.unsent.inc()

    def overdue(self, now: float) -> str | None:
        """Look after everybody; why the session must end at `now`, None while it may go on."""
        if self._gone is not None:
            return self._gone
        if self._beat.failures >= limits.FAILURES_IN_A_ROW:
            return "its pictures cannot be drawn"
        if now - self._opened > self._house.limits.session_seconds:
            return "it reached its longest time"
        for peer in self._peers:
            why = peer.overdue(now, self._house.limits)
            if why is not None and peer is self._peers.page:
                return f"its page {why}"
            if why is not None:
                self._peers.drop(peer)
        if self._recorder.failed:
            self._film.stop()
        self._follow(now)
        if len(self._peers):
            self._seen = now
        elif now - self._seen > ALONE_SECONDS:
            self._life.to(State.WAITING)
        if now - self._seen > self._house.limits.offer_seconds:
            return "nobody is connected"
        return None

    async def end(self, reason: str) -> None:
        """Give everything back; a second call does nothing more."""
        self._life.to(State.ENDED)
        self.voice.close(reason)
        await asyncio.gather(self._film.end(), self._motion.end())
        self.notice(StateMessage(state="ended", reason=reason))
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
        await self._peers.close()
        await self._beat.settle(limits.CLOSE_SECONDS)
        await self.driving.close()
        self._counted.end()

    # What peers tell: see server.media.peer.Host.

    def hear(self, peer: Peer, sound: Sound) -> None:
        """Sound of a microphone; a publisher's takes the place of the page's."""
        if peer is not self._peers.speaker:
            return
        self._heard.set()
        try:
            self._pipeline.push(sound)
        except Exception:
            log.exception("a session's sound could not be taken")
            self._gone = "it failed"

    def see(self, peer: Peer, picture: av.VideoFrame, arrived: float) -> None:
        """A camera's picture; a publisher's takes the place of the page's."""
        if peer is self._peers.filmed:
            self.driving.see(picture, arrived)

    def move(self, data: str | bytes) -> None:
        """A message of the page with motion."""
        refused = self._inlet.take(data)
        if refused is not None:
            self.notice(refused)

    def receive(self, data: str | bytes) -> None:
        """A message of the page."""
        self._dialogue.receive(data)

    def changed(self, peer: Peer) -> None:
        """A peer connected, or it left."""
        if peer.closed:
            self._broadcast.leave(peer)
        elif peer.connected:
            self._begin()
            if peer.leads:
                self._peers.replace(peer)
            if peer.role.sees:
                self._broadcast.join(peer)

    def opened(self) -> None:
        """The page's data channel opened."""
        self.notice(ControlsMessage(controls=self.controls))

    def wants_keyframe(self, codec: Codec) -> None:
        """A peer lacks a whole picture."""
        self._broadcast.request_keyframe(codec)

    def sent(self, peer: Peer, packet: PicturePacket) -> None:
        """A picture was handed over to RTP: the stages end here for who leads, or is alone."""
        if peer.leads or self._peers.page is None:
            now = self._clock.now()
            self._beat.stages.note("handed_over", now - self._encoded_at)
            self._beat.handed((packet.pts or 0) // PICTURE_STEP)

    def decoded(self, seconds: float) -> None:
        """A packet of sound took so long from its arrival."""
        self._beat.stages.note("decoded", seconds)

    async def _connect(self, role: Role, offer: str) -> Peer:
        peer = await self._peers.connect(role, offer)
        self._seen = self._clock.now()
        if role is Role.PAGE or self._life.state is State.WAITING:
            self._life.to(State.CONNECTING)
        return peer

    def _begin(self) -> None:
        """Start the beat with the first who is there."""
        if self._life.state in (State.WAITING, State.CONNECTING, State.LOST):
            self._life.to(State.IDLE)
        if self._living is None and self._life.state is not State.ENDED:
            self._living = asyncio.create_task(self._live())

    def _follow(self, now: float) -> None:
        """Lost and found: draw for those who are there, and say so of the page."""
        page = self._peers.page
        present = [peer for peer in self._peers if peer.present(now)]
        self._beat.watched = self._recorder.running or any(it.role.sees for it in present)
        if page is None or not page.connected:
            return
        if page not in present:
            state = State.LOST
        elif self._life.state is State.LOST:
            state = State.IDLE
        else:
            return
        if self._life.to(state):
            self.notice(StateMessage.model_validate({"state": state.value}))

    def _cannot_see(self, error: VisavisError) -> None:
        self.notice(ErrorMessage(code=error.code, message=error.message))

    def _encoded(self, handed: Handed) -> None:
        self._encoded_at = handed.encoded
        self._beat.stages.note("encoded", handed.encoded - handed.due)

    async def _live(self) -> None:
        """The beat, the broadcast, the state and the figures of a connected session."""
        broadcasting = asyncio.create_task(self._broadcast.run())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), limits.FIRST_SOUND_SECONDS)
            self._take_turns()
            beats = 0
            while True:
                due = self._beat.advance()
                self._tell_handed()
                self._report_speech()
                beats += 1
                if beats % TICKS_PER_SECOND == 0:
                    self._counted(self._parts)
                    self.notice(self.stats)
                if broadcasting.done():
                    await broadcasting
                await asyncio.sleep(max(0.0, due - self._clock.now()))
        except Exception:
            log.exception("a session's beat failed")
            self._gone = "it failed"
        finally:
            self._house.turns.leave(self)
            broadcasting.cancel()
            await asyncio.gather(broadcasting, return_exceptions=True)

    def _take_turns(self) -> None:
        """Begin a moment after a page's sound usually comes, apart from the other sessions."""
        now, turns = self._clock.now(), self._house.turns
        later = AT_SOUND if self._heard.is_set() else ANYWHERE
        self._beat.begin(turns.best(now + limits.SOUND_MARGIN, later) - now)
        turns.join(self, lambda: self._beat.schedule.start)

    def _tell_handed(self) -> None:
        """Tell the voice which of its ticks have left; the look-ahead lies between."""
        while self._handed < self._broadcast.handed:
            self._handed += 1
            self.voice.handed(self._handed - self._pipeline.delay)

    def _report_speech(self) -> None:
        state = State.SPEAKING if self._pipeline.speaking else State.IDLE
        if self._life.state in LIVE and state is not self._life.state and self._life.to(state):
            self.notice(StateMessage.model_validate({"state": state.value}))
