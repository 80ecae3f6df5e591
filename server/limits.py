"""How much, how long, how often: every limit of the server with its unit and its reason."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

SESSIONS_PER_CORE: Final = 1.5
"""A 512-px session takes 0.4 of a core (draw 9 ms of every 40, VP8 3 ms, the rest Opus,
RTP, encryption); what is left keeps pictures in time when something else runs."""

PICTURE_LATENCY: Final = 0.024
"""Seconds from a tick's start to its hand-over: drawing 5-10 ms, and as much again for
a busy machine. The look-ahead of the bundle comes on top."""
FIRST_SOUND_SECONDS: Final = 0.2
"""A connected page's microphone is heard in that time, or it has none."""
SOUND_MARGIN: Final = 0.006
"""Seconds from the usual arrival of a page's sound to the taking of a tick. In step with
its packets, sound waits 20 to 40 ms less than at a random moment."""
RESYNC_TICKS: Final = 10
"""A session that fell 400 ms behind (machine asleep) starts a new schedule, no burst."""
WAITING_TICKS: Final = 50
"""Ticks that wait for a worker; the oldest go first. Two seconds of a hanging backend."""
SOUND_TICKS: Final = 25
"""Ticks of sound kept for a slow sender; the oldest go first. One second."""
FAILURES_IN_A_ROW: Final = 25
"""Pictures that may fail one after the other before the session ends. One second."""

MESSAGE_BYTES: Final = 16_384
"""A data-channel message; the largest honest one has 500 bytes."""
MESSAGES_PER_SECOND: Final = 30
"""Data-channel messages that are answered; a slider sends 25."""
BUFFERED_BYTES: Final = 65_536
"""Unsent data-channel bytes above which messages to a slow page are dropped."""
CANDIDATES: Final = 50
"""UDP candidates in an offer; each costs connectivity checks. A machine with two
networks, IPv4 and IPv6, offers 12."""
MEDIA_SECTIONS: Final = 4
"""Sections of an offer (sound, picture, data, one spare); each opens sockets."""
HANDSHAKE_SECONDS: Final = 5.0
"""For gathering addresses and making an answer."""
CLOSE_SECONDS: Final = 2.0
"""For taking a connection down politely, before it is torn down part by part."""
RETRY_SECONDS: Final = 10
"""After how long a refused caller should ask again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that somebody who runs a server may want to set."""

    sessions: int = int(SESSIONS_PER_CORE * (os.cpu_count() or 1))
    """Sessions at once; one more is answered 503."""
    offer_seconds: float = 30.0
    """From creating a session to its offer, and from there to being connected."""
    silence_seconds: float = 8.0
    """Without a ping a page has vanished; three of its pings may be lost."""
    session_seconds: float = 3600.0
    """Length of a session; a forgotten page gives its place back."""
    json_bytes: int = 16_384
    """A JSON body other than an offer."""
    offer_bytes: int = 163_840
    """An offer's body: 64 KiB of SDP, whose line ends take more room in JSON."""
    portrait_bytes: int = 8_388_608
    """An uploaded portrait; a photograph of a telephone has 2 to 6 MB."""
    body_seconds: float = 10.0
    """For sending a whole body; slower senders hold memory."""
