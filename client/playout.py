"""When what comes from the server is seen and heard: each picture together with its sound.

Sound waits until the speaker has played what came before, and in the speaker's own buffer.
A picture waits as long. Both carry media time (RTP), but from different zeros; where these
lie on our clock is told by the quickest arrivals.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import Final

import av
import numpy as np

from client.elastic import RATE
from client.recorder import PICTURES_EARLY
from client.speaker import Speaker
from client.virtual_camera import VirtualCamera

WINDOW_SECONDS: Final = 10.0
"""After which the quickest arrivals are looked for anew: clocks drift, ways change."""
AVERAGING_SECONDS: Final = 1.0
"""Over which the sound's delay is averaged: cards tell it in steps of a block."""
EVEN_SECONDS: Final = 0.02
"""By which pictures wait where there is no sound to wait for: most that come late are not."""
JUMP_SECONDS: Final = 0.1
"""A change of the delay that is followed at once."""


class Zero:
    """Where the zero of a stream's media time lies on our clock, by the quickest arrivals."""

    def __init__(self) -> None:
        self._before = self._since = inf
        self._until = -inf

    def __call__(self, arrived: float, media: float) -> float:
        """Take an arrival (both in seconds); the zero as it is known now."""
        if arrived >= self._until:
            self._before, self._since = self._since, inf
            self._until = arrived + WINDOW_SECONDS
        self._since = min(self._since, arrived - media)
        return min(self._before, self._since)


class Playout:
    """Gives sound to a speaker and pictures to a virtual camera, in time with each other.

    Args:
        speaker: None where nobody listens.
        camera: None where nobody looks.
        clock: of both.
    """

    def __init__(
        self,
        speaker: Speaker | None,
        camera: VirtualCamera | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._speaker, self._camera, self._clock = speaker, camera, clock
        self._sound_zero, self._picture_zero = Zero(), Zero()
        self.delay: float | None = None
        """Seconds from the quickest arrival of sound until it is heard; None while it is not."""

    def sound(self, frame: av.AudioFrame) -> None:
        """Play a piece of sound that has just arrived."""
        if self._speaker is None:
            return
        now, media = self._clock(), frame.time or 0.0
        self._follow(self._speaker.heard_at, media, self._sound_zero(now, media), frame.samples)
        samples = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
        self._speaker.play(samples[:, 0].astype(np.int16, copy=False))

    def picture(self, frame: av.VideoFrame) -> None:
        """Show a picture that has just arrived, when its sound is heard."""
        if self._camera is None:
            return
        now, media = self._clock(), frame.time or 0.0
        wait = EVEN_SECONDS if self.delay is None else PICTURES_EARLY + self.delay
        self._camera.show(frame, self._picture_zero(now, media) + media + wait)

    def _follow(self, heard: float | None, media: float, zero: float, samples: int) -> None:
        if heard is None:
            self.delay = None
            return
        delay = heard - media - zero
        if self.delay is None or abs(delay - self.delay) > JUMP_SECONDS:
            self.delay = delay
        self.delay += (delay - self.delay) * samples / RATE / AVERAGING_SECONDS
