"""How much, how long, how often: every limit of the server with its unit and its reason."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SESSIONS_PER_CORE: Final = 1.5
"""A 512-px session takes 0.4 of a core (draw 9 ms of every 40, H.264 3 ms, the rest hearing, Opus,
RTP, encryption); what is left keeps pictures in time when something else runs."""
MOST_SESSIONS: Final = 6
"""However many cores: one process runs one thread of Python at a time, and a session needs an
eighth of a core for that besides what other processes draw. Reckoned from three sessions."""

PICTURE_LATENCY: Final = 0.022
"""Seconds from a tick's start to its encoding: drawing 5-10 ms, and as much again for
a busy machine. The look-ahead of the bundle comes on top. With 20 ms, 6 % of the pictures were
late beside a browser on the same two cores, and seen 40 ms later; with 22 it is 1 to 2 %."""
LARGE_PICTURE_LATENCY: Final = 0.036
"""The same for pictures of more than 1280 x 720 pixels: drawing takes 15 to 25 ms."""
LARGE_PICTURE_PLACES: Final = 2
"""Places that a session with such pictures takes: most of a core."""
FIRST_SOUND_SECONDS: Final = 0.2
"""A connected page's microphone is heard in that time, or it has none."""
SOUND_MARGIN: Final = 0.010
"""Seconds from the usual arrival of a page's sound to the taking of a tick: by so much
packets may be late. In step with them, sound waits 20 to 40 ms less than at a random moment;
where the network is worse than that, a cushion grows."""
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
MOTIONS_PER_SECOND: Final = 150
"""Messages with motion that are read; telephones send 60 a second, and a network
that jams delivers a second of them at once."""
MOTION_BYTES: Final = 16_777_216
"""A motion file: half an hour of a face that never rests takes 8 MB."""
LOOKS: Final = 100
"""Looks of one person; each has 1 kB, with all sliders 3."""
LOOK_PEOPLE: Final = 1_000
"""People whose looks one server keeps."""
BUFFERED_BYTES: Final = 65_536
"""Unsent data-channel bytes above which messages to a slow page are dropped."""
SDP_BYTES: Final = 65_536
"""An offer or a trickled fragment; Chromium's offer of sound and picture has 7,000."""
MEDIA_SECTIONS: Final = 4
"""Sections of an offer (sound, picture, data, one spare); each opens sockets."""
HANDSHAKE_SECONDS: Final = 5.0
"""For gathering addresses and making an answer."""
CLOSE_SECONDS: Final = 2.0
"""For taking a connection down politely, before it is torn down part by part."""
PING_SLACK: Final = 5.0
"""So much longer than its network a page's own heartbeat may fall silent: a busy page is
late with its pings, a dead one sends none."""
LOST_SECONDS: Final = 4.0
"""Without anything from it a page is lost, and nothing is drawn for it; it sends something
every second or two."""
RETURN_SECONDS: Final = 2.0
"""A page whose connection closed may connect again; it tries at once."""
VIEWERS: Final = 32
"""Who may watch one session (WHEP); each costs 5 % of a core."""
RETRY_SECONDS: Final = 10
"""After how long a refused caller should ask again."""

VOICE_SECONDS: Final = 5
"""Sound that a voice stream takes ahead of its time; 480 kB. Then its sender waits."""
VOICE_CUSHION_MS: Final = 60
"""Sound that gathers, beside a first tick, before a voice starts that is sent as it is
spoken: the jitter of a network. A voice that comes faster than it is played waits for nothing."""
VOICE_AHEAD_BYTES: Final = 1_048_576
"""Read from a voice WebSocket while its stream is full, because an interruption may come
behind it: 21 s of 24 kHz. Then the WebSocket is not read."""
VOICE_MESSAGE_BYTES: Final = 65_536
"""A message with sound: 0.7 s of 48 kHz mono, 4 s of 8 kHz."""
VOICE_MESSAGES_PER_SECOND: Final = 2_000
"""Messages that are read from a voice WebSocket; then it waits. Each costs 25 microseconds
however small it is; who sends every millisecond needs half as many."""
VOICE_HELLO_SECONDS: Final = 5.0
"""From opening a voice WebSocket to its hello."""
VOICE_EVENTS: Final = 64
"""Messages that wait for a voice WebSocket's sender to read them; then it is closed. Half
a minute of one-second utterances."""
VOICE_TOUCH_SECONDS: Final = 2.0
"""How often an open voice WebSocket says that somebody is there; as often as a page does."""
SPEECH_SECONDS: Final = 120
"""A sound file to be spoken: 12 MB when it is decoded."""
SPEECH_WAITING_SECONDS: Final = 240
"""Decoded sound files that wait in a session: 23 MB."""
SPEECH_FILES: Final = 32
"""Sound files that wait in a session: as many short sentences."""
SPEECH_DECODE_SECONDS: Final = 10.0
"""For decoding a sound file; two minutes of sound take half a second."""
SPEECH_DECODE_BYTES: Final = 268_435_456
"""Memory for decoding a sound file; the largest with two minutes of sound takes 80 MB."""

SECRET_BYTES: Final = 32
"""Least length of the secret that signs tokens: that of HS256's digest (RFC 7518, 3.2)."""
TOKEN_BYTES: Final = 4096
"""A token; one that names a hundred presenters has 2 kB."""
TOKEN_SECONDS: Final = 86_400
"""A token cannot be called back, so a day is the longest that one is good for."""
CLOCK_SKEW_SECONDS: Final = 5
"""Between the calendars of whoever makes a token and of this server."""
TICKETS: Final = 1000
"""Waiting to be used; 100 bytes each."""
TICKET_SECONDS: Final = 30
"""From giving a ticket to opening its WebSocket; a slow page takes 3."""
CANDIDATES_TRIED: Final = 20
"""Of an offer's candidates, and of those that trickle after it; each costs checks for
seconds. Two networks, IPv4 and IPv6, and a relay make 14."""
OPENINGS_PER_MINUTE: Final = 10
"""Sessions, and offers, of one network address or one person; somebody whose network
breaks off every few seconds dials 6 times."""
ORDERS_PER_MINUTE: Final = 60
"""Tickets, and sound files to speak; an answer a second is more than can be heard."""
LOCAL_PATIENCE: Final = 100
"""So many times as often where only this machine's programs can ask."""
SENDERS: Final = 4096
"""Network addresses and people whose asking is counted; 300 bytes each."""
HANDSHAKES: Final = 4
"""Offers that are answered at once; each takes 100 ms of the loop in pieces."""
HANDSHAKE_WAIT_SECONDS: Final = 5.0
"""For one of those places."""
DISCARD_SECONDS: Final = 2.0
"""For reading a body that was refused, so that its sender gets to see why."""
HEADER_SECONDS: Final = 10.0
"""From connecting to a complete request line with headers; honest ones take one packet."""
TAKING_SECONDS: Final = 30.0
"""For the other end to take `TAKING_BYTES` of an answer."""
TAKING_BYTES: Final = 65_536
"""Of an answer that may wait in the system."""
HEADER_BYTES: Final = 16_384
"""A request line with headers; a token has up to 4 KiB of that."""
CONNECTIONS: Final = 512
"""TCP connections at once; one more is answered 503. Each may hold a body."""
SOCKET_MESSAGE_BYTES: Final = 131_072
"""A WebSocket's message, before its endpoint looks at it; twice what any of them takes, so
that they can say themselves what is too much."""
SOCKET_READ_BYTES: Final = 4_096
"""Read from a WebSocket at once. All frames in it are taken apart in one go, while nothing
else happens: 600 of one byte take 15 ms; asyncio would read 64 times as many."""
SOCKET_PING_SECONDS: Final = 20.0
"""Between pings on a WebSocket, and from a ping to its answer."""
TURN_SECONDS: Final = 300
"""A TURN password opens relays so long after the session was created."""
TURN_LONGEST_SECONDS: Final = 3600
"""The longest that may be set."""
ANSWER_SECONDS: Final = 1
"""For requests that are being answered when the server ends."""
END_SECONDS: Final = 4.5
"""From the last session's end, or the end of its time, to the end of the process."""
FORCED_END_SECONDS: Final = 2.5
"""From a second signal to the end of the process, whatever is stuck."""


PICTURE_FACE_SIDE: Final = 512
"""Side in pixels of the largest face alone; the bit rates here are for its pictures, those of
larger ones grow with their sides (`server.media.rates`)."""
PICTURE_START_BITRATE: Final = 600_000
"""Bits a second of pictures before a receiver's first estimate: a 512-px face at 48 dB,
and no queue on a link of 700 kbit/s."""
PICTURE_LOWEST_BITRATE: Final = 150_000
"""Below it a 512-px face falls apart when it moves."""
PICTURE_HIGHEST_BITRATE: Final = 2_500_000
"""Above it a 512-px face gets no better (52 dB)."""
PICTURE_BURST_BITS: Final = 200_000
"""The most that one picture may be ahead of the bit rate: a keyframe at 512 px then has
about 10 kB, 25 kB at the worst, instead of 60 to 135 that overflow a router."""
KEYFRAME_TICKS: Final = 250
"""From one keyframe to the next that nobody asked for. Ten seconds."""
KEYFRAME_GAP_TICKS: Final = 25
"""At most one asked-for keyframe in that time; it has the bits of ten pictures. One second."""
PATIENCE_TICKS: Final = 100
"""At the earliest after that, an encoder that pays for a new bit rate with a keyframe gets
one. Four seconds."""
QUALITY_BITRATES: Final[Mapping[str, int]] = {
    "low": 400_000,
    "medium": 1_000_000,
    "high": PICTURE_HIGHEST_BITRATE,
}
"""Ceilings that a page may choose from, bits a second, of a face alone."""
ESTIMATE_SHARE: Final = 0.85
"""Of what a receiver says it can take: its sound and what is sent again need the rest."""
BITRATE_RISE: Final = 1.009
"""A picture's highest bit rate over the last one's: 25 % in a second. Falls are at once."""
SOUND_BITRATE: Final = 48_000
"""Bits a second of Opus: a clear voice with all its treble, and its repair data."""
QUEUED_PICTURES: Final = 6
"""Encoded pictures that wait for one viewer's connection; then all go, up to the next
keyframe. A quarter of a second."""
QUEUED_SLICES: Final = 25
"""Encoded slices of sound that wait for one viewer's connection; the oldest go first.
Half a second."""
ENCODER_PAUSE_TICKS: Final = 128
"""The longest wait before an encoder that keeps failing is tried again; the waits double
from one tick to this. Five seconds."""
RECORDING_SECONDS: Final = 3_600
"""The longest recording; a forgotten one ends with it."""
RECORDING_BYTES: Final = 1_000_000_000
"""The largest recording: an hour of the highest bit rate."""
RECORDING_CLOSE_SECONDS: Final = 5.0
"""For what waits and the file's index; a disk that takes longer is given up."""
RECORDING_KEPT_SECONDS: Final = 900.0
"""Finished recordings can be fetched for so long, also after the call's end."""
RECORDINGS_KEPT: Final = 16
"""Finished recordings of a server; the oldest go first. At most 16 GB of disk."""
QUEUED_RECORDING: Final = 250
"""Packets that wait for the disk; more are dropped, up to the next keyframe. Three seconds."""

DATAGRAMS: Final = 2_048
"""Datagrams that wait to be read, 2 s of 10 Mbit/s; more are dropped. Nobody reads those
of a connection whose handshake failed, and anybody may send them."""
SOUND_DECODING: Final = 25
PICTURES_DECODING: Final = 12
"""Packets of sound, and pictures, that wait for a decoder: half a second."""
SOUND_DECODED: Final = 50
"""Frames of sound that wait for a reader: one second."""
PICTURES_DECODED: Final = 2
"""Pictures that wait for a reader: only the newest count."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that somebody who runs a server may want to set."""

    sessions: int = min(MOST_SESSIONS, int(SESSIONS_PER_CORE * (os.cpu_count() or 1)))
    """Sessions at once; one more is answered 503."""
    offer_seconds: float = 30.0
    """Without anybody: from creating a session to its first connection, and after the last."""
    silence_seconds: float = 9.0
    """Without anything from it a page has vanished, and its place is free."""
    session_seconds: float = 3600.0
    """Length of a session; a forgotten page gives its place back."""
    json_bytes: int = 16_384
    """A JSON body other than an offer."""
    offer_bytes: int = 163_840
    """An offer's body: 64 KiB of SDP, whose line ends take more room in JSON."""
    portrait_bytes: int = 8_388_608
    """An uploaded portrait, or background; a photograph of a telephone has 2 to 6 MB."""
    body_seconds: float = 10.0
    """For sending a whole body; slower senders hold memory."""
    speech_bytes: int = 16_777_216
    """A sound file to speak: 90 s of 16-bit stereo at 48 kHz as WAV, hours as Opus."""
    drain_seconds: float = 30.0
    """Live sessions may go on for so long after the server was told to stop."""
