"""How one server lets people in: what its owner chose, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.doors.tokens import Tokens
from server.doors.turn import Relays


@dataclass(frozen=True, slots=True)
class Doors:
    """The choice; without any, a server for the people of one machine."""

    tokens: Tokens | None = None
    """Reads tokens; None asks for none."""
    hosts: frozenset[str] = frozenset()
    """Names under which the server may be addressed; empty means any."""
    origins: frozenset[str] = frozenset()
    """Sites whose pages may use the server, besides its own."""
    beyond: bool = False
    """Whether others than this machine's people reach the server."""
    allow_private: bool = False
    """Whether callers may be in a private network although the server is public."""
    relays: Relays = field(default_factory=Relays)
    """STUN and TURN servers."""

    @property
    def private(self) -> bool:
        """Whether the server may send packets to private addresses that a caller names."""
        return self.allow_private or not self.beyond
