"""Keeps what a caller sees and hears as an MP4 file (H.264 and AAC)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from client.devices import RATE
from client.errors import FileUnusable

PICTURE_BASE: Final = Fraction(1, 90_000)
PICTURES_EARLY: Final = 0.040
"""Seconds by which pictures arrive before the sound that left with them: aiortc holds sound
back by four packets (80 ms) and a picture until the next one begins (40 ms)."""


class Recorder:
    """Writes in a thread of its own: encoding must not delay what arrives.

    Args:
        path: of the file, ending in .mp4; an existing one is replaced.
    """

    def __init__(self, path: Path) -> None:
        self._film = _Film(path)
        self._thread = ThreadPoolExecutor(1, "recorder")

    async def picture(self, frame: av.VideoFrame, seconds: float) -> None:
        """Add a picture that arrived at `seconds`; the first one starts the film."""
        await self._do(lambda: self._film.picture(frame, seconds))

    async def sound(self, frame: av.AudioFrame, seconds: float) -> None:
        """Add sound that arrived at `seconds`; what belongs to earlier pictures is not kept."""
        await self._do(lambda: self._film.sound(frame, seconds))

    async def close(self) -> None:
        """Finish the file."""
        await self._do(self._film.close)
        self._thread.shutdown()

    async def _do(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)


class _Film:
    """Pictures at the time of their arrival, sound without gaps."""

    def __init__(self, path: Path) -> None:
        self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
        self._pictures: VideoStream | None = None
        self._sound: AudioStream | None = None
        self._started = 0.0
        self._last = -1
        self._samples: int | None = None
        try:
            path.touch()  # FFmpeg opens it only with the first packet
            self._file = av.open(str(path), "w", format="mp4")
        except (av.FFmpegError, OSError) as error:
            raise FileUnusable(f"{path.name} cannot be written: choose another folder") from error

    def picture(self, frame: av.VideoFrame, seconds: float) -> None:
        if self._pictures is None:
            self._started = seconds
            self._pictures = self._file.add_stream(
                "libx264",
                rate=25,
                width=frame.width,
                height=frame.height,
                pix_fmt="yuv420p",
                options={"preset": "veryfast", "tune": "zerolatency", "crf": "20"},
            )
            self._pictures.codec_context.time_base = PICTURE_BASE
            self._sound = self._file.add_stream("aac", rate=RATE, layout="stereo")
        copy = frame.reformat(format="yuv420p")
        self._last = max(self._last + 1, round((seconds - self._started) / PICTURE_BASE))
        copy.pts, copy.time_base = self._last, PICTURE_BASE
        self._file.mux(self._pictures.encode(copy))

    def sound(self, frame: av.AudioFrame, seconds: float) -> None:
        if self._sound is None:
            return
        if self._samples is None:
            start = round((seconds - self._started - PICTURES_EARLY) * RATE)
            if start < 0:
                return  # it belongs to pictures before the first
            self._samples = start
        for part in self._resampler.resample(frame):
            part.pts, part.time_base = self._samples, Fraction(1, RATE)
            self._samples += part.samples
            self._file.mux(self._sound.encode(part))

    def close(self) -> None:
        if self._pictures is not None and self._sound is not None:
            self._file.mux(self._pictures.encode())
            if self._samples is not None:
                self._file.mux(self._sound.encode())
        self._file.close()
