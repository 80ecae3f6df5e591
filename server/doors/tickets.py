"""Tickets: let a browser's WebSocket in, which cannot send the header that a token goes in.

An address is written into logs, so what opens a WebSocket through its address must be
worth nothing a moment later: a ticket is used once, within half a minute.
"""

from __future__ import annotations

import secrets

from engine.clock import Clock
from engine.errors import ServerFull, Unauthorized
from server import limits
from server.doors.tokens import Grant


class Tickets:
    """All tickets that were given out and not used yet; the oldest first.

    Args:
        clock: monotonic.
        capacity: how many; one more is refused, so that nobody's is thrown away.
    """

    def __init__(self, clock: Clock, capacity: int = limits.TICKETS) -> None:
        self._clock, self._capacity = clock, capacity
        self._open: dict[str, tuple[Grant, float]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def issue(self, grant: Grant) -> str:
        """A ticket that carries the grant.

        Raises:
            ServerFull: too many are waiting to be used.
        """
        self._forget_old()
        if len(self._open) >= self._capacity:
            raise ServerFull("too many tickets are waiting to be used: try again soon")
        ticket = secrets.token_urlsafe(24)
        self._open[ticket] = grant, self._clock.now() + limits.TICKET_SECONDS
        return ticket

    def redeem(self, ticket: str) -> Grant:
        """What the ticket carries; it is used up.

        Raises:
            Unauthorized: it was used, is too old, or never was.
        """
        self._forget_old()
        if ticket not in self._open:
            raise Unauthorized("this ticket was used, or is too old: get a new one")
        return self._open.pop(ticket)[0]

    def _forget_old(self) -> None:
        now = self._clock.now()
        while self._open:
            ticket, (_, until) = next(iter(self._open.items()))
            if now < until:
                return
            del self._open[ticket]
