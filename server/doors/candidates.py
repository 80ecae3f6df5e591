"""Where our packets go: which of the addresses that a caller names are tried at all.

For every candidate of an offer the server sends checks to an address of the caller's
choice. A public server must not be made to knock at its own machine or its neighbours.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from server import limits

PREFIX: Final = "a=candidate:"
TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 behind a translator (RFC 6052)."""
SITE: Final = ipaddress.ip_network("fec0::/10")
"""Private once (RFC 3879)."""
BROADCAST: Final = ipaddress.IPv4Address("255.255.255.255")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def usable(sdp: str, private: bool) -> str:
    """An offer without the candidates that are not to be tried.

    Args:
        sdp: the offer.
        private: whether addresses inside private networks may be tried.
    """
    lines = []
    room = limits.CANDIDATES_TRIED
    for line in sdp.splitlines():  # as the parser does, which also splits at rare characters
        if line.startswith(PREFIX):
            if room == 0 or not usable_candidate(line, private):
                continue
            room -= 1
        lines.append(line)
    return "".join(f"{line}\r\n" for line in lines)


def usable_candidate(line: str, private: bool) -> bool:
    """Whether a candidate (`a=candidate:...` or `candidate:...`) is to be tried.

    Not those over TCP, which aioice does not speak, nor those that hide behind a name:
    the caller's own checks reach us without them, and nothing is looked up.
    """
    parts = line.strip().removeprefix("a=").split()
    if len(parts) < 8 or not parts[0].startswith("candidate:") or parts[2].lower() != "udp":
        return False
    try:
        address = ipaddress.ip_address(parts[4])
    except ValueError:
        return False
    return _is_usable(address, private)


def _is_usable(address: Address, private: bool) -> bool:
    inner = _inner(address)
    if inner is not None:
        return _is_usable(inner, private)
    if address.is_unspecified or address.is_multicast or address == BROADCAST:
        return False
    return private or (address.is_global and not address.is_reserved and address not in SITE)


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address carries."""
    if address.version == 4:
        return None
    if address in TRANSLATED or int(address) >> 32 == 0 and int(address) > 1:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
