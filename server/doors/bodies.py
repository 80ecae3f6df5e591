"""Bodies of requests: how large and how slow they may be."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from engine.errors import VisavisError
from server import limits
from server.http.faults import TooLarge, TooSlow, picture_too_large
from server.limits import Limits

DESCRIPTIONS: Final = ("application/sdp", "application/trickle-ice-sdpfrag")
IN_SESSION: Final = re.compile("/v1/sessions/[^/]+/(speech|motion|offer)")
"""Addresses whose bodies may be larger than other JSON."""
DRAIN: Final = 4
"""A body is read up to so many times its limit, so that its sender reads the refusal."""


class Bodies:
    """Reads bodies, counting; what declares its size wrongly gains nothing by it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def read(self, scope: Scope, receive: Receive) -> Receive:
        """The whole body, to be received again by the application.

        Raises:
            TooLarge, PictureTooLarge, TooSlow: as it says.
        """
        limit, refusal = self._limit(scope)
        parts: list[Message] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while True:
                    message = await receive()
                    size += len(message.get("body", b""))
                    if size <= limit:
                        parts.append(message)
                    if not message.get("more_body", False) or size > DRAIN * limit:
                        break
        except TimeoutError:
            raise TooSlow(f"the body took more than {self._limits.body_seconds:g} s") from None
        if size > limit:
            raise refusal

        waiting = iter(parts)

        async def replay() -> Message:
            await asyncio.sleep(0)  # a portrait is parsed piece by piece, others get their turn
            message = next(waiting, None)
            return await receive() if message is None else message

        return replay

    async def discard(self, scope: Scope, receive: Receive) -> None:
        """Read, for a moment, a body that nobody wants: its sender then reads the refusal."""
        left, _ = self._limit(scope)
        with suppress(TimeoutError):
            async with asyncio.timeout(limits.DISCARD_SECONDS):
                while left >= 0:
                    message = await receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return

    def _limit(self, scope: Scope) -> tuple[int, VisavisError]:
        own, path = self._limits, scope["path"]
        kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
        session = IN_SESSION.fullmatch(path)
        what = session[1] if session else None
        if what == "speech":
            size = own.speech_bytes
        elif what == "motion":
            size = limits.MOTION_BYTES
        elif kind.startswith("multipart/"):
            size = own.portrait_bytes
            # A portrait and a background; around them a few hundred bytes and the settings.
            return 2 * size + own.json_bytes, picture_too_large(size)
        elif kind in DESCRIPTIONS:
            size = limits.SDP_BYTES
        else:
            size = own.offer_bytes if what == "offer" else own.json_bytes
        return size, TooLarge(f"at most {size} bytes are accepted here")
