"""How a WebSocket is told why it is closed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from engine.errors import VisavisError
from server import limits
from server.protocol import ErrorMessage

CLOSE_CODES: Final = 4_000
"""To which the HTTP status of an error is added."""
REASON_BYTES: Final = 120
"""A close frame has room for 123."""


async def refuse(socket: WebSocket, error: VisavisError) -> None:
    """Say why, and close; a peer that does not read is not waited for."""
    reason = error.message.encode()[:REASON_BYTES].decode(errors="ignore")
    with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
        async with asyncio.timeout(limits.CLOSE_SECONDS):
            message = ErrorMessage(code=error.code, message=error.message)
            await socket.send_text(message.model_dump_json())
            await socket.close(CLOSE_CODES + error.status, reason)
