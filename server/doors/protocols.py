"""How uvicorn speaks HTTP and WebSocket, with what it lacks of patience and of manners."""

from __future__ import annotations

import asyncio
import socket

import h11
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server import limits


class ImpatientHttp(H11Protocol):
    """Closes a connection whose other end takes too long; uvicorn never does.

    For a request line and headers the time runs while no request is under way, from connecting
    or from the first byte after an answer. (Between requests uvicorn's own time for idle
    connections runs.) For an answer it runs while what was written of it is not taken.
    """

    seconds = limits.HEADER_SECONDS
    taking_seconds = limits.TAKING_SECONDS
    _waiting: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time."""
        super().connection_made(transport)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # else the system takes megabytes for them
            line = transport.get_extra_info("socket")
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, limits.TAKING_BYTES)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop the time when a request has begun, start it when only a part of one came."""
        super().data_received(data)
        if self.transport.get_protocol() is self and self._is_between_requests():
            self._wait()
        else:
            self._wait_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time."""
        self._wait_no_more()
        self._taken()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Stop the time: what is written from here on is another protocol's."""
        self._taken()
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        """Start the time for what is to be taken."""
        super().pause_writing()
        self._taken()
        self._taking = self.loop.call_later(self.taking_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop it: most has been taken."""
        self._taken()
        super().resume_writing()

    def _taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.seconds, self.transport.abort)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class RefusableSocket(WebSocketsSansIOProtocol, asyncio.BufferedProtocol):
    """Knows that a peer which sends is alive, and that a WebSocket may be refused.

    The answer to a ping comes behind all that was sent before it. While the application
    does not read on, because it has enough, no answer can come; uvicorn would take the
    peer for dead. It also logs an error for each WebSocket that was refused.
    """

    _heard = 0.0

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where asyncio reads into: little at once, so that others have their turn."""
        self._buffer = bytearray(limits.SOCKET_READ_BYTES)
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """So much has been read."""
        self.data_received(bytes(self._buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Note when something came."""
        self._heard = self.loop.time()
        super().data_received(data)

    def keepalive_timeout(self) -> None:
        """Close the connection, unless the answer may be among what was not read."""
        if not self.read_paused and self._heard <= self.ping_sent_at:
            super().keepalive_timeout()
            return
        self.pong_timer = self.pending_ping_payload = None
        self.schedule_ping()

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True
