"""What signalling reads of session descriptions: who an ICE session is, and what trickles to it.

A trickled fragment (RFC 8840, section 9; RFC 9725, section 4.3) names the ICE session by its
user fragment and has, below the media section that they belong to, candidates (RFC 8839, 5.1):

    a=ice-ufrag:EsAw
    a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
    m=audio 9 UDP/TLS/RTP/SAVPF 0
    a=mid:0
    a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host
    a=end-of-candidates
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from engine.errors import OfferUnreadable, RequestRefused
from server.doors.candidates import usable_candidate

LINE: Final = re.compile(r"([a-z])=(.*)")
CANDIDATE: Final = re.compile(
    r"[A-Za-z0-9+/]{1,32} \d{1,5} \S{1,16} \d{1,10} \S{1,255} "
    r"(?P<port>\d{1,5}) typ \S+( [\x20-\x7e]*)?",
    re.ASCII,
)
"""Foundation, component, transport, priority, address, port, type, extensions."""
Section = Mapping[str, list[str]]
"""The attributes of one medium: all values by name."""


class FragmentUnreadable(RequestRefused):
    """The body is no fragment of a session description."""

    status = 400


class Candidate(NamedTuple):
    """An address of the other end, `candidate:...`, and the name of the medium it is for."""

    text: str
    mid: str | None


@dataclass(frozen=True, slots=True)
class Fragment:
    """What trickled in one message."""

    users: frozenset[str]
    """User fragments of the ICE session; others than before ask for an ICE restart."""
    candidates: tuple[Candidate, ...]
    """Those that UDP reaches at a numeric address; RFC 9725 has the others passed over."""


def users(offer: str) -> frozenset[str]:
    """The user fragments of an offer's ICE session: one, when its media are bundled.

    Raises:
        OfferUnreadable: it is no session description, or has no media or no ICE.
    """
    try:
        sections = _sections(offer)
    except ValueError as error:
        raise OfferUnreadable(f"the offer is no session description (SDP): {error}") from error
    if not offer.startswith("v=0") or len(sections) < 2:
        raise OfferUnreadable("the offer is no session description (SDP) with media")
    found = _users(sections)
    if not found:
        raise OfferUnreadable("the offer has no ICE credentials (a=ice-ufrag, a=ice-pwd)")
    return found


def read(text: str) -> Fragment:
    """What a fragment says.

    Raises:
        FragmentUnreadable: it is none, or a candidate is broken.
    """
    try:
        sections = _sections(text)
        return Fragment(_users(sections), tuple(_reachable(sections)))
    except ValueError as error:
        raise FragmentUnreadable(f"this is no fragment of SDP: {error}") from error


def _sections(text: str) -> list[Section]:
    """The session's own attributes, then those of each medium."""
    sections: list[dict[str, list[str]]] = [{}]
    for line in filter(None, text.replace("\r\n", "\n").split("\n")):
        found = LINE.fullmatch(line)
        if found is None:
            raise ValueError("every line is a letter, =, and a value")
        if found[1] == "m":
            sections.append({})
        elif found[1] == "a":
            name, _, value = found[2].partition(":")
            sections[-1].setdefault(name, []).append(value)
    return list(sections)


def _users(sections: Iterable[Section]) -> frozenset[str]:
    return frozenset(user for it in sections for user in it.get("ice-ufrag", ()))


def _reachable(sections: Iterable[Section]) -> Iterator[Candidate]:
    for section in sections:
        mid = next(iter(section.get("mid", ())), None)
        for value in section.get("candidate", ()):
            found = CANDIDATE.fullmatch(value)
            if found is None or int(found["port"]) > 0xFFFF:
                raise ValueError("a candidate is broken")
            text = f"candidate:{value}"
            if usable_candidate(text, private=True):
                yield Candidate(text, mid)
