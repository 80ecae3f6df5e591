"""What a page asks over the data channel: read, bounded, done, or refused in words."""

from __future__ import annotations

from typing import Final, Protocol

from pydantic import TypeAdapter, ValidationError

from engine.clock import Clock
from engine.errors import VisavisError
from server import limits
from server.doors.allowance import Allowance
from server.metrics import Metrics
from server.protocol import (
    CalibrateMessage,
    ClientMessage,
    ControlMessage,
    Controls,
    ControlsPatch,
    ErrorMessage,
    InterruptMessage,
    Message,
    PingMessage,
    PongMessage,
    Quality,
    QualityMessage,
    RecordMessage,
    RecordMotionMessage,
)

CLIENT_MESSAGE: Final[TypeAdapter[ClientMessage]] = TypeAdapter(ClientMessage)


class Asked(Protocol):
    """Who does what is asked: the session."""

    def change(self, patch: ControlsPatch, /) -> Controls:
        """Change controls (ControlError if they cannot be)."""

    def interrupt(self) -> None:
        """Drop all sound that has not been played."""

    def choose(self, quality: Quality, /) -> None:
        """Bound the pictures' bit rate."""

    def record(self, on: bool, /) -> None:
        """Start or finish a recording (RecordingFailed if there can be none)."""

    def record_motion(self, on: bool, /) -> None:
        """Start or finish a motion file."""

    def calibrate(self) -> None:
        """Take the driver's face of the next second for its rest."""

    def notice(self, message: Message, /) -> None:
        """Tell the page."""


class Dialogue:
    """One page's messages, at most so many a second; bad ones lose nothing.

    Args:
        asked: the session.
        clock: monotonic.
        metrics: counts refusals.
    """

    def __init__(self, asked: Asked, clock: Clock, metrics: Metrics) -> None:
        self._asked, self._metrics = asked, metrics
        self._allowance = Allowance(limits.MESSAGES_PER_SECOND, clock)

    def receive(self, data: str | bytes) -> None:
        """Do what a message asks; answer with an error if it cannot be done."""
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

    def _do(self, message: ClientMessage) -> None:
        match message:
            case ControlMessage(controls=patch):
                self._asked.change(patch)
            case InterruptMessage():
                self._asked.interrupt()
            case QualityMessage(quality=quality):
                self._asked.choose(quality)
            case RecordMessage(on=on):
                self._asked.record(on)
            case RecordMotionMessage(on=on):
                self._asked.record_motion(on)
            case CalibrateMessage():
                self._asked.calibrate()
            case PingMessage(time=time):
                self._asked.notice(PongMessage(time=time))

    def _refuse(self, code: str, message: str) -> None:
        self._metrics.errors.labels(code).inc()
        self._asked.notice(ErrorMessage(code=code, message=message))
