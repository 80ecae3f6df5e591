"""Two aiortc connections in one process, tracks of encoded packets, and a line that loses some."""

from __future__ import annotations

import asyncio
import fractions
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from server import aiortc_compat as compat
from tests.support.leaks import until

SIZE: Final = 128
PICTURES: Final = fractions.Fraction(1, 90_000)
SOUND: Final = fractions.Fraction(1, 48_000)


def connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


def hum() -> Iterator[av.Packet[Any]]:
    """Opus packets of 20 ms, without end: 220 Hz."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.format, encoder.layout = av.AudioFormat("s16"), "mono"
    encoder.sample_rate, encoder.time_base = 48_000, SOUND
    for start in itertools.count(0, 960):
        wave = 8_000 * np.sin(2 * np.pi * 220 * np.arange(start, start + 960) / 48_000)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, SOUND
        for packet in encoder.encode(frame):
            packet.pts, packet.time_base = start, SOUND
            yield packet


def film(
    name: str = "libx264", wanted: Callable[[], bool] = lambda: False
) -> Iterator[av.Packet[Any]]:
    """H264 or VP8 packets, 25 a second, without end; grey level k % 200 is picture k."""
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width = encoder.height = SIZE
    encoder.pix_fmt, encoder.time_base, encoder.bit_rate = "yuv420p", PICTURES, 800_000
    encoder.framerate, encoder.gop_size, encoder.thread_count = fractions.Fraction(25), 1_000, 1
    encoder.options = (
        {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"}
        if name == "libx264"
        else {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "-6"}
    )
    noise = np.random.default_rng(1).integers(0, 40, (SIZE, SIZE, 3), np.uint8)
    for index in itertools.count():
        picture = noise + np.uint8(index % 200)
        frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = 3_600 * index, PICTURES
        if wanted():
            frame.pict_type = av.video.frame.PictureType.I
        for packet in encoder.encode(frame):
            packet.pts, packet.time_base = 3_600 * index, PICTURES
            yield packet


class Packets(MediaStreamTrack):
    """Hands over encoded packets in time; notes when."""

    def __init__(self, kind: str, packets: Iterator[av.Packet[Any]], seconds: float) -> None:
        super().__init__()
        self.kind = kind
        self._packets, self._seconds = packets, seconds
        self._start: float | None = None
        self.sent: dict[int, float] = {}

    async def recv(self) -> Any:
        packet = next(self._packets)
        now = time.monotonic()
        if self._start is None:
            self._start = now
        await asyncio.sleep(self._start + len(self.sent) * self._seconds - now)
        assert packet.pts is not None
        self.sent[packet.pts] = time.monotonic()
        return packet


class Silent(Packets):
    """Has nothing to send: there is no encoder yet."""

    async def recv(self) -> Any:
        await asyncio.Event().wait()


class Reader:
    """Reads a track to its end; notes when each frame came."""

    def __init__(self, track: MediaStreamTrack) -> None:
        self.frames: list[Any] = []
        self.times: list[float] = []
        self.task = asyncio.create_task(self._read(track))

    async def _read(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                self.frames.append(await track.recv())
                self.times.append(time.monotonic())
        except Exception:
            return


class Call:
    """A caller that sends tracks, and who answers and hears them."""

    def __init__(self) -> None:
        self.caller, self.callee = connection(), connection()
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.inbound: dict[str, Any] = {}

    def bind(self, event: MediaStreamTrack) -> None:
        """Bound what the callee receives."""
        self.tracks[event.kind] = event
        for receiver in self.callee.getReceivers():
            if receiver.track is event:
                bound = compat.bound_audio if event.kind == "audio" else compat.bound_video
                self.inbound[event.kind] = bound(receiver)

    async def connect(self, seconds: float = 5.0) -> None:
        """Negotiate, and wait until both are connected."""
        await self.negotiate()
        both = (self.caller, self.callee)
        await until(lambda: all(it.connectionState == "connected" for it in both), seconds)

    async def negotiate(self) -> None:
        await self.caller.setLocalDescription()
        await self.callee.setRemoteDescription(self.caller.localDescription)
        await self.callee.setLocalDescription()
        await self.caller.setRemoteDescription(self.callee.localDescription)

    async def close(self) -> None:
        await asyncio.gather(compat.close(self.caller, 2), compat.close(self.callee, 2))


@asynccontextmanager
async def call(
    tracks: Sequence[MediaStreamTrack],
    codec: compat.Codec = "H264",
    bound: bool = True,
    host: str = "127.0.0.1",
) -> AsyncIterator[Call]:
    """A connected call in which the caller sends `tracks`."""
    with compat.adjusted(host):
        it = Call()
        if bound:
            it.callee.on("track", it.bind)
        else:
            it.callee.on("track", lambda track: it.tracks.__setitem__(track.kind, track))
        for track in tracks:
            it.caller.addTrack(track)
        for transceiver in it.caller.getTransceivers():
            if transceiver.kind == "video":
                compat.prefer_codec(transceiver, codec, only=True)
                compat.show_promptly(transceiver.sender)
        try:
            await it.connect()
            yield it
        finally:
            await it.close()


def lossy(connection: RTCPeerConnection, share: float, seed: int = 1) -> list[int]:
    """Lose a share of the RTP packets that a connection sends; returns a growing list of them."""
    parts: Any = connection
    chance, lost = random.Random(seed), list[int]()
    for ice in parts._RTCPeerConnection__iceTransports:
        send = ice._send

        async def passed(data: bytes, send: Callable[[bytes], Any] = send) -> None:
            media = 127 < data[0] < 192 and not 192 <= data[1] <= 223
            if media and chance.random() < share:
                lost.append(int.from_bytes(data[2:4], "big"))
                return
            await send(data)

        ice._send = passed
    return lost
