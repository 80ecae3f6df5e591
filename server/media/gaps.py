"""Holes in sound: where they are, what a decoder makes up for them, what stays silent. Pure."""

from __future__ import annotations

from typing import Final

from server.media.reorder import Packet, distance

CONCEALED: Final = 5
"""Lost packets in a row that a decoder may make up (100 ms): it has faded out by then."""
LONGEST_PACKET: Final = 2_880
"""Samples at 48 kHz of the longest Opus frame, 60 ms."""
LONGEST_GAP: Final = 0.1
"""Seconds of missing sound that are filled. A listener was given silence during a longer
one already; to fill it would only delay what follows."""
LONGEST_STEP: Final = 10.0
"""Seconds between two packets from which their time stamps have no relation."""


class Timeline:
    """Time stamps of 32 bits, unwrapped; starts at 0 and has no jumps of over ten seconds.

    Args:
        rate: units a second.
    """

    def __init__(self, rate: int) -> None:
        self._limit = int(LONGEST_STEP * rate)
        self._last: int | None = None
        self._step = 0
        self._time = 0

    def __call__(self, timestamp: int) -> int:
        """The time of a time stamp; those of a stream that began anew follow on."""
        if self._last is not None:
            step = ((timestamp - self._last + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            if abs(step) > self._limit:
                step = self._step
            self._time += step
            self._step = step
        self._last = timestamp
        return self._time


class Gaps:
    """How much silence belongs before each piece of sound, so that its time line stays true.

    Args:
        rate: samples a second; also the unit of the pieces' times.
        longest: seconds that are filled at most.
    """

    def __init__(self, rate: int, longest: float = LONGEST_GAP) -> None:
        self._longest = int(longest * rate)
        self._end: int | None = None
        self.filled = 0
        """Samples of silence, in total."""

    def before(self, start: int, samples: int) -> int:
        """Samples of silence before a piece that starts at `start` and has `samples`."""
        missing = 0 if self._end is None else start - self._end
        self._end = start + samples
        if not 0 < missing <= self._longest:
            return 0
        self.filled += missing
        return missing


def concealed(before: Packet, after: Packet) -> list[Packet]:
    """Opus packets for those lost between two: without content, so that the decoder conceals.

    A packet that says what it is and holds nothing makes libopus go on with what it last
    heard, fading out (RFC 6716, sections 2.1.7 and 3.2.1). Nothing is made up for more than
    `CONCEALED` packets, or where the sender itself was silent.
    """
    missing = distance(before.number, after.number) - 1
    span = (after.timestamp - before.timestamp) & 0xFFFFFFFF
    step, rest = divmod(span, missing + 1) if missing > 0 else (0, 0)
    if not 0 < missing <= CONCEALED or rest or not 0 < step <= LONGEST_PACKET or not before.data:
        return []
    empty = _emptied(before.data)
    return [
        Packet(
            (before.number + it) & 0xFFFF,
            (before.timestamp + it * step) & 0xFFFFFFFF,
            empty,
            after.arrived,
        )
        for it in range(1, missing + 1)
    ]


def _emptied(opus: bytes) -> bytes:
    """An Opus packet of the same mode and length with nothing in it (RFC 6716, section 3.2)."""
    kind, code = opus[0] & 0xFC, opus[0] & 3
    if code == 3 and len(opus) > 1:
        return bytes([kind | 3, opus[1] & 0x3F])
    return bytes([kind | min(code, 1)])
