"""A publisher: FFmpeg's WHIP muxer, as it is in PyAV, with a voice and a moving picture."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Any, Final

import av
import numpy as np

from engine.types import SOUND_RATE, Picture, Samples
from tests.support.certificate import certificate
from tests.support.sound import read

SLICE: Final = SOUND_RATE // 50
SIDE: Final = 256
LEAVE_SECONDS: Final = 10.0
# x264's threads would take the machine from the server; FFmpeg sends no B frames over WebRTC.
X264: Final = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "threads": "1"}


@asynccontextmanager
async def publishing(
    endpoint: str, sound: Path, folder: Path, token: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A publisher in a process of its own while the block runs; then it leaves with a DELETE.

    In this process it would stand in the server's way: PyAV connects without giving the
    interpreter to other threads.

    Args:
        endpoint: http://.../whip/{session}.
        sound: a file, published once; the publisher then leaves.
        folder: for the certificate, which the muxer reads from a file.
        token: sent as `Authorization: Bearer`.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, endpoint, str(sound), str(folder), token,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        _, complaints = await asyncio.wait_for(process.communicate(), LEAVE_SECONDS)
        assert process.returncode in (0, -signal.SIGKILL), complaints.decode()


def publish(endpoint: str, sound: Samples, folder: Path, token: str, stop: Event) -> None:
    """Connect, publish in real time, and leave.

    Raises:
        OSError: the server refuses.
    """
    # Left to itself the muxer makes a certificate on a curve (P-224) that OpenSSL refuses.
    cert, key = certificate(folder)
    options = {"cert_file": str(cert), "key_file": str(key)}
    if token:
        options["authorization"] = token
    container = av.open(endpoint, "w", format="whip", options=options)
    video, audio = _streams(container)
    container.start_encoding()  # connects
    started = time.monotonic()
    for number, samples in enumerate(_slices(sound)):
        if stop.wait(max(0.0, started + number / 50 - time.monotonic())):
            break
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = SOUND_RATE, number * SLICE
        container.mux(audio.encode(frame))
        if number % 2 == 0:
            picture = av.VideoFrame.from_ndarray(_picture(number // 2), format="rgb24")
            picture.pts, picture.time_base = number // 2, Fraction(1, 25)
            container.mux(video.encode(picture))
    container.close()


def _streams(container: Any) -> tuple[Any, Any]:
    video = container.add_stream("libx264", rate=25, options=X264)
    video.width = video.height = SIDE
    video.pix_fmt, video.bit_rate, video.gop_size = "yuv420p", 500_000, 25
    video.codec_context.max_b_frames = 0
    audio = container.add_stream("libopus", rate=SOUND_RATE)
    audio.layout, audio.bit_rate = "stereo", 64_000
    return video, audio


def _slices(sound: Samples) -> Iterator[Samples]:
    """20 ms each, the same in both channels, interleaved [1, 2 * 960]."""
    for start in range(0, len(sound) - SLICE + 1, SLICE):
        yield np.repeat(sound[start : start + SLICE], 2)[None]


def _picture(number: int) -> Picture:
    """A bar that wanders over grey."""
    picture = np.full((SIDE, SIDE, 3), 96, np.uint8)
    left = number * 4 % (SIDE - 32)
    picture[:, left : left + 32] = (220, 160, 40)
    return picture


def main(endpoint: str, sound: str, folder: str, token: str) -> None:
    """Publish until the sound or somebody ends it."""
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    publish(endpoint, read(Path(sound)), Path(folder), token, stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
