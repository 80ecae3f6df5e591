"""STUN and TURN servers for a session, with a password that is soon worth nothing.

TURN servers relay for whoever has a password, so nobody gets one that lasts. The scheme
is coturn's (`use-auth-secret`, "TURN REST API"): the name says until when, the password
is HMAC-SHA1 of the name with a secret that this server and the TURN server share.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from typing import Final

from engine.errors import DeviceError
from server import limits
from server.protocol import IceServer

ADDRESS: Final = re.compile(
    r"(stuns?|turns?):([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(\?transport=(udp|tcp))?"
)


@dataclass(frozen=True, slots=True)
class Relays:
    """Which servers help two ends to reach each other.

    Raises:
        DeviceError: an address is none of STUN or TURN, or TURN has no secret.
    """

    stun: tuple[str, ...] = ()
    """As `stun:example.org:3478`."""
    turn: tuple[str, ...] = ()
    """As `turn:example.org:3478`, `turns:example.org?transport=tcp`."""
    secret: bytes | None = None
    """Shared with the TURN servers."""
    seconds: int = limits.TURN_SECONDS
    """For so long a password opens relays; those that are open stay."""

    def __post_init__(self) -> None:
        for kind, addresses in (("stun", self.stun), ("turn", self.turn)):
            for it in addresses:
                if not ADDRESS.fullmatch(it) or not it.startswith(kind):
                    raise DeviceError(f"{it} is no address: write it as {kind}:example.org:3478")
        if self.turn and not self.secret:
            raise DeviceError("TURN needs the secret of the TURN server: add --turn-secret-file")
        if not 0 < self.seconds <= limits.TURN_LONGEST_SECONDS:
            raise DeviceError(f"TURN passwords last up to {limits.TURN_LONGEST_SECONDS} s")

    def ice_servers(self, sub: str) -> list[IceServer]:
        """What both ends of a session of `sub` are told."""
        servers = [IceServer(urls=list(self.stun))] if self.stun else []
        if self.turn and self.secret is not None:
            name = f"{int(time.time()) + self.seconds}:{sub}"
            servers.append(
                IceServer(
                    urls=list(self.turn), username=name, credential=password(name, self.secret)
                )
            )
        return servers


def password(name: str, secret: bytes) -> str:
    """The password that coturn computes for such a name."""
    digest = hmac.new(secret, name.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
