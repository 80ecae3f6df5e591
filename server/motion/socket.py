"""The WebSocket that motion is sent over: one JSON message for each moment.

A refusal is an ErrorMessage and a close with 4000 + the error's HTTP status: 4404 the session
has ended, 4409 somebody else moves this face. A message that cannot be read is answered with
an ErrorMessage, and nothing is lost. Who sends more often than is useful is counted, and heard
as often as is.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from fastapi import APIRouter, WebSocket
from pydantic import TypeAdapter, ValidationError
from starlette.websockets import WebSocketDisconnect

from engine.clock import Clock
from engine.errors import RequestRefused, VisavisError
from server import limits
from server.doors.allowance import Allowance
from server.doors.doorkeeper import Granted
from server.doors.tokens import Grant
from server.http.refusal import refuse
from server.metrics import Metrics
from server.motion.driving import Driving
from server.protocol import CalibrateMessage, DrivingMessage, ErrorMessage, MotionMessage

DRIVING_MESSAGE: Final[TypeAdapter[DrivingMessage]] = TypeAdapter(DrivingMessage)


class Session(Protocol):
    """A face that can be moved."""

    @property
    def driving(self) -> Driving:
        """What moves it."""

    def touch(self) -> None:
        """Somebody is connected (UnknownSession if the session has ended)."""


class Sessions(Protocol):
    """All sessions of a server."""

    def find(self, session_id: str, grant: Grant, /) -> Session:
        """The one of that id (UnknownSession if it has ended, or never was)."""


class Inlet:
    """Reads one sender's messages.

    Args:
        driving: what takes them.
        clock: monotonic.
        metrics: counts what is refused.
    """

    def __init__(self, driving: Driving, clock: Clock, metrics: Metrics) -> None:
        self._driving, self._metrics = driving, metrics
        self._allowance = Allowance(limits.MOTIONS_PER_SECOND, clock)

    def take(self, data: str | bytes) -> ErrorMessage | None:
        """Do what a message says; what to answer if it cannot be done."""
        if not self._allowance.take():
            self._metrics.errors.labels("too_many_messages").inc()
            return None
        try:
            if isinstance(data, bytes) or len(data) > limits.MESSAGE_BYTES:
                raise RequestRefused(f"messages are text of {limits.MESSAGE_BYTES} bytes")
            match DRIVING_MESSAGE.validate_json(data):
                case MotionMessage() as message:
                    self._driving.take(message)
                case CalibrateMessage():
                    self._driving.calibrate()
        except ValidationError:
            return self._refused("request_refused", "this is none of the messages of motion")
        except VisavisError as error:
            return self._refused(error.code, error.message)
        return None

    def _refused(self, code: str, message: str) -> ErrorMessage:
        self._metrics.errors.labels(code).inc()
        return ErrorMessage(code=code, message=message)


def router(sessions: Sessions, clock: Clock, metrics: Metrics) -> APIRouter:
    """The address `/v1/sessions/{session_id}/motion`."""
    router = APIRouter()

    @router.websocket("/v1/sessions/{session_id}/motion")
    async def motion(socket: WebSocket, session_id: str, grant: Granted) -> None:
        await socket.accept()
        try:
            session = sessions.find(session_id, grant)
            session.driving.hold(socket)
            try:
                await _serve(socket, session, Inlet(session.driving, clock, metrics))
            finally:
                session.driving.release()
        except VisavisError as error:
            metrics.errors.labels(error.code).inc()
            await refuse(socket, error)
        except WebSocketDisconnect:
            return

    return router


async def _serve(socket: WebSocket, session: Session, inlet: Inlet) -> None:
    """Take messages until the sender goes or the session ends."""
    receiving = asyncio.create_task(socket.receive())
    try:
        while True:
            session.touch()
            done, _ = await asyncio.wait({receiving}, timeout=limits.VOICE_TOUCH_SECONDS)
            if not done:
                continue
            message = receiving.result()
            if message["type"] == "websocket.disconnect":
                return
            answer = inlet.take(message.get("text") or message.get("bytes") or "")
            if answer is not None:
                await socket.send_text(answer.model_dump_json())
            receiving = asyncio.create_task(socket.receive())
    finally:
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
