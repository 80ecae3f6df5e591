"""The WebSocket that a voice is sent over: a hello, then sound as fast as there is room.

A refusal is an ErrorMessage and a close with 4000 + the error's HTTP status: 4404 the
session has ended, 4408 no hello in time or events not read, 4409 somebody else speaks,
4413 a message too large, 4422 no proper hello, 4429 too many text messages.

    socket ──► inbox (1 MiB) ──► stream (5 s) ──► ...        events ──► outbox ──► socket

When both are full the socket is not read, so TCP makes the sender wait. What was read is
spoken even if the sender goes away; after an interruption by somebody else, the rest of
the utterance that was interrupted is thrown away until its `end`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from fastapi import APIRouter, WebSocket
from pydantic import TypeAdapter, ValidationError
from starlette.websockets import WebSocketDisconnect

from engine.clock import Clock
from engine.errors import RequestRefused, UnknownSession, VisavisError
from server import limits
from server.doors.allowance import Allowance
from server.doors.doorkeeper import Granted
from server.http.faults import TooLarge, TooSlow, invalid
from server.http.refusal import refuse
from server.metrics import Metrics
from server.protocol import (
    EndMessage,
    ErrorMessage,
    HelloMessage,
    InterruptMessage,
    Message,
    ReadyMessage,
    SpeechMessage,
    VoiceMessage,
)
from server.voice.inbox import Inbox
from server.voice.pcm import Pcm
from server.voice.speakers import Session, Sessions

VOICE_MESSAGE: Final[TypeAdapter[VoiceMessage]] = TypeAdapter(VoiceMessage)
PAUSE_SECONDS: Final = 0.01
"""After too many messages."""
STOPPING: Final = 1012
"""Code of a disconnection because the server is told to stop."""


class TooMany(RequestRefused):
    """More text messages than anybody needs."""

    status = 429


def router(sessions: Sessions, clock: Clock, metrics: Metrics) -> APIRouter:
    """The address `/v1/sessions/{session_id}/voice`."""
    router = APIRouter()

    @router.websocket("/v1/sessions/{session_id}/voice")
    async def voice(socket: WebSocket, session_id: str, grant: Granted) -> None:
        await socket.accept()
        try:
            await VoiceSocket(socket, sessions.find(session_id, grant), clock, metrics).serve()
        except VisavisError as error:
            metrics.errors.labels(error.code).inc()
            await refuse(socket, error)
        except WebSocketDisconnect:
            return

    return router


class VoiceSocket:
    """One connection; it is the writer of its session's voice.

    Args:
        socket: accepted.
        session: that speaks.
        clock: monotonic.
        metrics: of the server.
    """

    def __init__(self, socket: WebSocket, session: Session, clock: Clock, metrics: Metrics) -> None:
        self._socket, self._session, self._stream = socket, session, session.voice
        self._metrics = metrics
        self._allowance = Allowance(limits.MESSAGES_PER_SECOND, clock)
        self._pace = Allowance(limits.VOICE_MESSAGES_PER_SECOND, clock)
        self._pcm = Pcm(HelloMessage(rate=48_000))
        self._inbox = Inbox()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue(limits.VOICE_EVENTS)
        self._deaf = self._gone = False
        self._alarm = asyncio.Event()

    async def serve(self) -> None:
        """Speak what comes, until the sender has gone and all of it is in the stream.

        Raises:
            VisavisError: why the connection is to be closed.
            WebSocketDisconnect: it was closed before anything was said.
        """
        self._pcm = Pcm(await self._hello())
        self._stream.hold(self)
        self._send(ReadyMessage(buffer_ms=limits.VOICE_SECONDS * 1000))
        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(it) for it in (self._watch(), self._tell())]
                feeding = group.create_task(self._feed())
                await self._read()
                await feeding
                for helper in helpers:
                    helper.cancel()
        except* VisavisError as failures:
            failure = failures.exceptions[0]
        finally:
            self._stream.release()
        if failure is not None:
            await self._flush()
            raise failure

    def told(self, message: SpeechMessage) -> None:
        """Something happened to an utterance."""
        self._send(message)

    def cleared(self) -> None:
        """All sound was dropped: what was read ahead goes, too, and is told as interrupted."""
        kinds = self._inbox.clear()
        begun = kinds.count("sound")
        if kinds and kinds[0] == "sound" and self._stream.skipping:
            begun -= 1  # it goes on with the utterance that has been interrupted
        for _ in range(begun):
            self._stream.abandon()
        if kinds and kinds[-1] == "end":
            self._end()
        elif kinds:
            self._stream.skip()
        self._alarm.set()

    async def _hello(self) -> HelloMessage:
        try:
            async with asyncio.timeout(limits.VOICE_HELLO_SECONDS):
                message = await self._socket.receive()
        except TimeoutError:
            raise TooSlow(f"say hello within {limits.VOICE_HELLO_SECONDS:g} s") from None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        try:
            return HelloMessage.model_validate_json(message.get("text") or "")
        except ValidationError as error:
            raise invalid(error.errors(include_url=False, include_input=False)) from error

    async def _read(self) -> None:
        """Read until the sender goes; wait while the inbox is full."""
        while (message := await self._socket.receive())["type"] != "websocket.disconnect":
            if (data := message.get("bytes")) is not None:
                if len(data) > limits.VOICE_MESSAGE_BYTES:
                    raise TooLarge(f"send at most {limits.VOICE_MESSAGE_BYTES} bytes at once")
                self._inbox.put(data)
            else:
                self._do(message.get("text") or "")
            await self._inbox.room()
            await asyncio.sleep(0)  # what has come already would be read without a pause
            while not self._pace.take():  # noqa: ASYNC110 (it is time that has to pass)
                await asyncio.sleep(PAUSE_SECONDS)
        if message.get("code") == STOPPING:
            self._inbox.clear()
        self._inbox.close()

    def _do(self, text: str) -> None:
        if not self._allowance.take():
            raise TooMany(f"at most {limits.MESSAGES_PER_SECOND} text messages a second")
        try:
            if len(text) > limits.MESSAGE_BYTES:
                raise RequestRefused(f"messages are text of {limits.MESSAGE_BYTES} bytes")
            match VOICE_MESSAGE.validate_json(text):
                case EndMessage():
                    self._inbox.end()
                case InterruptMessage():
                    self._session.interrupt()
                    self._end()
                case HelloMessage():
                    raise RequestRefused("hello is said once: connect again for another format")
        except ValidationError:
            self._complain("request_refused", "this is none of the messages of the protocol")
        except VisavisError as error:
            self._complain(error.code, error.message)

    async def _feed(self) -> None:
        """Move what was read into the stream, as there is room."""
        with suppress(EOFError):
            while True:
                data = await self._inbox.get()
                if data is None:
                    self._end()
                else:
                    await self._stream.write(self._pcm(data))

    async def _watch(self) -> None:
        """Say that somebody is here, until the session ends or the sender does not listen."""
        while True:
            self._session.touch()
            with suppress(TimeoutError):
                async with asyncio.timeout(limits.VOICE_TOUCH_SECONDS):
                    await self._alarm.wait()
            self._alarm.clear()
            if self._stream.closed is not None:
                raise UnknownSession(f"the session has ended: {self._stream.closed}")
            if self._deaf:
                raise TooSlow("the events of the voice were not read")

    async def _tell(self) -> None:
        """Send what waits in the outbox, until the sender has gone."""
        try:
            while True:
                message = await self._outbox.get()
                await self._socket.send_text(message.model_dump_json())
        except (WebSocketDisconnect, RuntimeError):
            self._gone = True

    async def _flush(self) -> None:
        """Send the last events; they tell what was played before the connection ends."""
        with suppress(asyncio.QueueEmpty, TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(limits.CLOSE_SECONDS):
                while True:
                    message = self._outbox.get_nowait()
                    await self._socket.send_text(message.model_dump_json())

    def _end(self) -> None:
        self._pcm.end()
        self._stream.end()

    def _complain(self, code: str, message: str) -> None:
        self._metrics.errors.labels(code).inc()
        self._send(ErrorMessage(code=code, message=message))

    def _send(self, message: Message) -> None:
        try:
            self._outbox.put_nowait(message)
        except asyncio.QueueFull:
            self._deaf = not self._gone
            self._alarm.set()
