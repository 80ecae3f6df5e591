"""Whether a browser is to show pictures the moment they come, or to smooth what the line does.

Chromium holds pictures for about 50 ms even where nothing is late. WebRTC's header extension
"playout-delay" (http://www.webrtc.org/experiments/rtp-hdrext/playout-delay) tells it not to:
with a shortest and a longest delay of nothing each picture is shown as it comes. On a line where
packets are late or lost that would be seen as jerks, so there browsers decide for themselves.
"""

from __future__ import annotations

from typing import Final

AT_ONCE: Final = bytes((0x00, 0x00, 0x00))
AS_NEEDED: Final = bytes((0x00, 0x0F, 0xFF))
"""Shortest and longest delay, 12 bits each, in units of 10 ms: none at all; none to 41 s."""
CALM_JITTER: Final = 0.012
"""Seconds (RFC 3550, 6.4.1): a third of a picture's time is not seen as a jerk."""
CALM_LOSS: Final = 0.01
"""Share of packets: what is lost comes again, but a round trip late."""
PATIENCE: Final = 10
"""Reports in a row, one a second or so, until a line that was restless counts as calm."""


class Promptness:
    """What the far end's reports say about the line; calm until they say otherwise."""

    def __init__(self) -> None:
        self._calm_reports = PATIENCE

    def heard(self, jitter: float, lost: float) -> None:
        """Take a report: seconds by which packets' delays differ, share of packets lost."""
        calm = jitter <= CALM_JITTER and lost <= CALM_LOSS
        self._calm_reports = self._calm_reports + 1 if calm else 0

    @property
    def playout_delay(self) -> bytes:
        """The header extension's value for the next packet."""
        return AT_ONCE if self._calm_reports >= PATIENCE else AS_NEEDED
