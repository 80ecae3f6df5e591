"""How often and how many at once: what is dear to the server is counted by its sender."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.types import Scope

from engine.clock import Clock
from engine.errors import ServerFull, TooOften
from server import limits
from server.doors.allowance import Allowance
from server.doors.tokens import Grant

DEAR: Final = (
    (re.compile(r"/v1/sessions/?"), "session", limits.OPENINGS_PER_MINUTE),
    (re.compile(r"/v1/sessions/[^/]+/offer|/wh[ie]p(/.*)?"), "offer", limits.OPENINGS_PER_MINUTE),
    (re.compile(r"/v1/sessions/[^/]+/speech"), "speech", limits.ORDERS_PER_MINUTE),
    (re.compile(r"/v1/tickets"), "ticket", limits.ORDERS_PER_MINUTE),
)
"""Addresses whose POST is counted, what it is, how many a minute."""


class Turnstile:
    """Counts by network address and by who it is, whichever is used up first.

    Args:
        clock: monotonic.
        generous: only this machine can ask, so be patient with its programs.
        capacity: how many senders are remembered; who was not seen longest goes first.
    """

    def __init__(self, clock: Clock, *, generous: bool, capacity: int = limits.SENDERS) -> None:
        self._clock, self._capacity = clock, capacity
        self._factor = limits.LOCAL_PATIENCE if generous else 1
        self._allowances: OrderedDict[tuple[str, str], Allowance] = OrderedDict()
        self._handshakes = asyncio.Semaphore(limits.HANDSHAKES)

    def admit(self, scope: Scope, grant: Grant) -> None:
        """Count a request.

        Raises:
            TooOften: its sender has used up the allowance.
        """
        what, a_minute = _dear(scope)
        if what is None:
            return
        senders = (f"from {_network(scope)}", f"by {grant.sub}")
        if not all(self._allowance(what, who, a_minute).take() for who in senders):
            raise TooOften("that was asked too often: wait a little")

    @asynccontextmanager
    async def handshake(self, scope: Scope) -> AsyncIterator[None]:
        """Around the answer to a request: few offers are answered at once, others wait.

        Raises:
            ServerFull: it waited too long.
        """
        if _dear(scope)[0] != "offer":
            yield
            return
        try:
            async with asyncio.timeout(limits.HANDSHAKE_WAIT_SECONDS):
                await self._handshakes.acquire()
        except TimeoutError:
            raise ServerFull("too many are connecting: try again soon") from None
        try:
            yield
        finally:
            self._handshakes.release()

    def _allowance(self, what: str, who: str, a_minute: int) -> Allowance:
        key = what, who
        found = self._allowances.pop(key, None)
        if found is None:
            burst = a_minute * self._factor
            found = Allowance(burst / 60, self._clock, burst)
        self._allowances[key] = found
        if len(self._allowances) > self._capacity:
            self._allowances.popitem(last=False)
        return found


def _dear(scope: Scope) -> tuple[str | None, int]:
    if scope["type"] == "http" and scope["method"] == "POST":
        for pattern, what, a_minute in DEAR:
            if pattern.fullmatch(scope["path"]):
                return what, a_minute
    return None, 0


def _network(scope: Scope) -> str:
    """Who has one IPv6 address has 2^64 of them; IPv4 may look like IPv6."""
    client: str = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address):
        return client
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network(f"{client}/64", strict=False))
