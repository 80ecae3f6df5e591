"""The two media tracks of a session. RTP's 90 kHz appears only here."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.video.frame import PictureType

from engine.types import SOUND_RATE, TICKS_PER_SECOND, Picture
from server.beat import SLICE, Beat

VIDEO_CLOCK: Final = 90_000
VIDEO_STEP: Final = VIDEO_CLOCK // TICKS_PER_SECOND


def as_yuv(picture: Picture) -> av.VideoFrame:
    """RGB [height, width, 3] as the YUV 4:2:0 that the encoder takes (0.5 ms at 512 px)."""
    return av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")


class PictureTrack(MediaStreamTrack):
    """25 pictures a second. A sender that is too slow misses pictures, never lags."""

    kind = "video"

    def __init__(self, beat: Beat[av.VideoFrame]) -> None:
        super().__init__()
        self._beat = beat
        self._next = 0

    async def recv(self) -> av.VideoFrame:
        """The next picture at its time; the last one again if it is late."""
        while self.readyState == "live":
            await self._beat.due(self._next)
            tick = max(self._next, self._beat.newest_due())
            self._next = tick + 1
            picture = self._beat.picture(tick)
            if picture is not None:
                picture.pts = tick * VIDEO_STEP
                picture.time_base = Fraction(1, VIDEO_CLOCK)
                # A keyframe asked for earlier must not ask again when the picture is repeated.
                picture.pict_type = PictureType.NONE
                return picture
        raise MediaStreamError


class SoundTrack(MediaStreamTrack):
    """50 slices of 20 ms a second, without gaps, in step with the pictures."""

    kind = "audio"

    def __init__(self, beat: Beat[av.VideoFrame]) -> None:
        super().__init__()
        self._beat = beat
        self._next = 0

    async def recv(self) -> av.AudioFrame:
        """The next slice at its time."""
        if self.readyState != "live":
            raise MediaStreamError
        await self._beat.due(self._next / 2)
        samples = self._beat.sound(self._next)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = SOUND_RATE
        frame.pts = self._next * SLICE
        frame.time_base = Fraction(1, SOUND_RATE)
        self._next += 1
        return frame
