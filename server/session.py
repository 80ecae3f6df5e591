"""One session: a face, its connection with a page, its end."""

from __future__ import annotations

import asyncio
import logging
import secrets
import statistics
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import av
from pydantic import TypeAdapter, ValidationError

from engine.clock import Clock
from engine.errors import OfferRefused, VisavisError
from engine.pipeline import Pipeline
from engine.scheduler import Pool
from engine.types import TICKS_PER_SECOND, Sound
from server import limits, tracks
from server.allowance import Allowance
from server.beat import Beat
from server.controls import described, patched
from server.limits import Limits
from server.metrics import Metrics
from server.peer import Peer
from server.protocol import (
    ClientMessage,
    ControlMessage,
    Controls,
    ControlsMessage,
    ControlsPatch,
    ErrorMessage,
    IceServer,
    InterruptMessage,
    Message,
    PongMessage,
    SessionState,
    StateMessage,
    StatsMessage,
)

log = logging.getLogger(__name__)
CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


@dataclass(frozen=True, slots=True)
class House:
    """What all sessions of a server share."""

    pool: Pool
    clock: Clock
    limits: Limits
    metrics: Metrics
    ice_servers: Sequence[IceServer] = ()


class Session:
    """A pipeline, its beat and its peer; ends as a whole.

    Args:
        pipeline: made for this session.
        presenter: id of the presenter, None for an uploaded portrait.
        size: width and height of the pictures, pixels.
        house: what it shares with the others.
    """

    def __init__(self, pipeline: Pipeline, presenter: str | None, size: int, house: House) -> None:
        self.id = secrets.token_urlsafe(18)
        self.presenter, self.size = presenter, size
        self._pipeline, self._house = pipeline, house
        self._clock, self._metrics = clock, metrics = house.clock, house.metrics
        self._beat: Beat[av.VideoFrame] = Beat(pipeline, house.pool, clock, metrics, tracks.as_yuv)
        self._peer: Peer | None = None
        self._beating: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self._opened = self._seen = clock.now()
        self._allowance = Allowance(limits.MESSAGES_PER_SECOND, clock)
        self._state: str = "waiting"
        self._gone: str | None = None

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
                "state": self._state,
                "seconds": self._clock.now() - self._opened,
                "controls": self.controls,
                "stats": self.stats,
            }
        )

    @property
    def stats(self) -> StatsMessage:
        """Figures of the last seconds."""
        beat = self._beat
        latencies = sorted(beat.latencies)
        return StatsMessage(
            pictures=beat.pictures,
            repeated=beat.repeated,
            dropped_ms=beat.dropped_ms,
            latency_ms=1000 * latencies[len(latencies) * 95 // 100] if latencies else 0.0,
            render_ms=1000 * statistics.median(beat.renders) if beat.renders else 0.0,
        )

    async def answer(self, offer: str) -> str:
        """Connect with a page: its offer in, our answer out (SDP); once a session.

        Raises:
            OfferRefused: it cannot be answered, or there has been one already.
        """
        if self._peer is not None:
            raise OfferRefused("this session has its connection already: create another session")
        self._peer = Peer(
            [tracks.PictureTrack(self._beat), tracks.SoundTrack(self._beat)],
            self._house.ice_servers,
            self._clock,
            on_sound=self._hear,
            on_message=self.receive,
            on_state=self._peer_state,
        )
        self._state, self._seen = "connecting", self._clock.now()
        try:
            return await self._peer.answer(offer)
        except OfferRefused:
            self._gone = "the offer was refused"
            raise

    def change(self, patch: ControlsPatch) -> Controls:
        """Change what the patch names, and tell the page.

        Raises:
            ControlError: a source or emotion that does not exist; nothing is changed.
        """
        self._pipeline.change(patched(self._pipeline.controls, patch))
        controls = self.controls
        self._send(ControlsMessage(controls=controls))
        return controls

    def interrupt(self) -> None:
        """Drop all sound that has not been played, close the mouth."""
        self._beat.interrupt()
        self._send(StateMessage(state="interrupted"))

    def receive(self, data: str | bytes) -> None:
        """Do what a data-channel message asks; answer with an error if it cannot be done."""
        self._seen = self._clock.now()
        if not self._allowance.take():
            self._metrics.errors.labels("too_many_messages").inc()
            return
        if isinstance(data, bytes) or len(data) > limits.MESSAGE_BYTES:
            self._refuse("request_refused", f"messages are text of {limits.MESSAGE_BYTES} bytes")
            return
        try:
            self._do(CLIENT_MESSAGE.validate_json(data))
        except ValidationError:
            self._refuse("request_refused", "this is none of the messages of the protocol")
        except VisavisError as error:
            self._refuse(error.code, error.message)

    def overdue(self, now: float) -> str | None:
        """Why the session must end at `now` (clock seconds); None while it may go on."""
        if self._gone is not None:
            return self._gone
        if self._beat.failures >= limits.FAILURES_IN_A_ROW:
            return "its pictures cannot be drawn"
        if now - self._opened > self._house.limits.session_seconds:
            return "it reached its longest time"
        connected = self._beating is not None
        if connected and now - self._seen > self._house.limits.silence_seconds:
            return "its page went silent"
        if not connected and now - self._seen > self._house.limits.offer_seconds:
            return "no page connected in time"
        return None

    async def end(self, reason: str) -> None:
        """Give everything back; a second call does nothing more."""
        self._state = "ended"
        self._send(StateMessage(state="ended", reason=reason))
        if self._beating is not None:
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating
        if self._peer is not None:
            await self._peer.close()
        await self._beat.settle(limits.CLOSE_SECONDS)

    def _do(self, message: ClientMessage) -> None:
        match message:
            case ControlMessage(controls=patch):
                self.change(patch)
            case InterruptMessage():
                self.interrupt()
            case _:
                self._send(PongMessage(time=message.time))

    def _refuse(self, code: str, message: str) -> None:
        self._metrics.errors.labels(code).inc()
        self._send(ErrorMessage(code=code, message=message))

    def _send(self, message: Message) -> None:
        if self._peer is not None and not self._peer.send(message):
            self._metrics.unsent.inc()

    def _peer_state(self, state: str) -> None:
        if state in ("closed", "failed"):
            self._gone = "its page left"
        elif state == "open":
            self._send(ControlsMessage(controls=self.controls))
        elif state == "connected" and self._beating is None:
            self._seen = self._clock.now()
            self._state = "idle"
            self._beating = asyncio.create_task(self._live())

    async def _live(self) -> None:
        """The beat, the state and the figures of a connected session."""
        beats = 0
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), limits.FIRST_SOUND_SECONDS)
        self._beat.begin(limits.SOUND_MARGIN)
        try:
            while True:
                due = self._beat.advance()
                self._report_speech()
                beats += 1
                if beats % TICKS_PER_SECOND == 0:
                    self._send(self.stats)
                await asyncio.sleep(max(0.0, due - self._clock.now()))
        except Exception:
            log.exception("a session's beat failed")
            self._gone = "it failed"

    def _hear(self, sound: Sound) -> None:
        self._heard.set()
        try:
            self._pipeline.push(sound)
        except Exception:
            log.exception("a session's sound could not be taken")
            self._gone = "it failed"

    def _report_speech(self) -> None:
        state = "speaking" if self._pipeline.speaking else "idle"
        if state != self._state:
            self._state = state
            self._send(StateMessage.model_validate({"state": state}))
