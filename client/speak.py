"""Speak through a session, over its voice WebSocket; open sessions for others to connect with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from pydantic import TypeAdapter, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from client import requests
from client.errors import CallLost, CallRefused, ClientError, FileUnusable
from client.sources import PIECE_SECONDS, Source
from server.protocol import (
    EndMessage,
    ErrorBody,
    ErrorMessage,
    InterruptMessage,
    ReadyMessage,
    ServerMessage,
    SessionCreated,
    SessionRequest,
    SpeechMessage,
)

CONNECT_SECONDS: Final = 10.0
INTERRUPT_SECONDS: Final = 2.0
"""For the answer to an interruption."""
SERVER_MESSAGE: Final[TypeAdapter[ServerMessage]] = TypeAdapter(ServerMessage)
Listener: TypeAlias = Callable[[SpeechMessage], None]


async def speak(
    url: str,
    session: str,
    source: Source,
    *,
    token: str | None = None,
    on_event: Listener = lambda message: None,
) -> SpeechMessage:
    """Speak one utterance; returns how it ended: `ended`, or `interrupted` by somebody.

    If this is cancelled, the utterance is interrupted.

    Args:
        url: of the server, http://127.0.0.1:8080.
        session: id.
        source: what to say.
        token: where the server asks for one.
        on_event: hears what has been played.

    Raises:
        ClientError: one of its leaves.
    """
    address = f"{_websocket(url)}/v1/sessions/{session}/voice"
    async with _connected(address, token) as socket:
        utterance = _Utterance(socket, source, on_event)
        try:
            return await utterance.speak()
        except asyncio.CancelledError:
            with suppress(TimeoutError, ConnectionClosed, CallLost, CallRefused):
                async with asyncio.timeout(INTERRUPT_SECONDS):
                    await utterance.interrupt()
            raise


async def open_session(
    url: str, settings: SessionRequest, token: str | None = None, background: Path | None = None
) -> SessionCreated:
    """Create a session that others connect with; `background` is the picture it asks for.

    Raises:
        ClientError: one of its leaves.
    """
    async with requests.opened(url, token, CONNECT_SECONDS) as http:
        return await requests.create(http, settings, None, background)


def addresses(url: str, session: SessionCreated) -> dict[str, str]:
    """Where to send a voice, and a camera, and where to watch."""
    url = url.rstrip("/")
    return {
        "voice": _websocket(url) + session.voice,
        "whip": url + session.whip,
        "whep": url + session.whep,
    }


class _Utterance:
    """One utterance over one WebSocket.

    It is sent no further ahead than the server has room for: what waits in the network
    could not be overtaken by an interruption.
    """

    def __init__(self, socket: ClientConnection, source: Source, on_event: Listener) -> None:
        self._socket, self._source, self._on_event = socket, source, on_event
        self._room = 0.0
        self._started: float | None = None
        self._playing = asyncio.Event()
        self._sent = 0

    async def speak(self) -> SpeechMessage:
        with suppress(ConnectionClosed):  # it may be refused before it is read; why, comes next
            await self._socket.send(self._source.hello.model_dump_json())
        ready = await self._receive()
        assert isinstance(ready, ReadyMessage)
        self._room = ready.buffer_ms / 1000
        sending = asyncio.create_task(self._send())
        ending = asyncio.create_task(self._end())
        try:
            await asyncio.wait({sending, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                with suppress(ConnectionClosed):  # why, is told to whoever reads
                    await sending
            return await ending
        finally:
            for task in (sending, ending):
                task.cancel()
            await asyncio.gather(sending, ending, return_exceptions=True)

    async def interrupt(self) -> None:
        """Say so, and wait until it is done."""
        await self._socket.send(InterruptMessage().model_dump_json())
        if self._sent:
            await self._end()

    async def _send(self) -> None:
        rate = self._source.bytes_per_second
        size = int(rate * PIECE_SECONDS)
        async with aclosing(self._source.pieces) as pieces:
            async for data in pieces:
                for start in range(0, len(data), size):
                    piece = data[start : start + size]
                    await self._wait_for_room(len(piece) / rate)
                    self._sent += len(piece)
                    await self._socket.send(piece)
        if not self._sent:
            raise FileUnusable("no sound came to be spoken")
        await self._socket.send(EndMessage().model_dump_json())

    async def _wait_for_room(self, seconds: float) -> None:
        ahead = self._sent / self._source.bytes_per_second + seconds - self._room
        if ahead > 0:
            await self._playing.wait()
            assert self._started is not None
            await asyncio.sleep(self._started + ahead - time.monotonic())

    async def _end(self) -> SpeechMessage:
        """Hear the events until the last."""
        while True:
            message = await self._receive()
            if isinstance(message, SpeechMessage):
                self._on_event(message)
                if message.event != "started":
                    return message
                self._started = time.monotonic()
                self._playing.set()

    async def _receive(self) -> ServerMessage:
        try:
            message = SERVER_MESSAGE.validate_json(await self._socket.recv())
        except ConnectionClosed as error:
            raise CallLost("the connection with the server broke") from error
        if isinstance(message, ErrorMessage):
            raise CallRefused(message.code, message.message)
        return message


@asynccontextmanager
async def _connected(address: str, token: str | None) -> AsyncIterator[ClientConnection]:
    try:
        socket = await connect(
            address,
            additional_headers=requests.authorization(token),
            open_timeout=CONNECT_SECONDS,
            compression=None,
        )
    except InvalidStatus as error:
        raise _refusal(error, address) from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise CallLost(f"no server answers at {address}: is it running?") from error
    try:
        yield socket
    finally:
        await socket.close()


def _refusal(error: InvalidStatus, address: str) -> ClientError:
    try:
        body = ErrorBody.model_validate_json(error.response.body or b"")
    except ValidationError:  # not from a server of ours
        status = error.response.status_code
        return CallLost(f"{address} answers {status}: is that the server's address?")
    return CallRefused(body.code, body.message)


def _websocket(url: str) -> str:
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
