"""A viewer: watches a session over WHEP, as a player does, and counts what comes."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import av
import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from engine.types import Samples

KEPT: Final = 1500
"""Arrivals that are kept: the last minute of pictures, half a minute of sound."""
SDP: Final = {"content-type": "application/sdp"}


class Viewer:
    """One player.

    Args:
        http: leads to the server.
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("track", self._track)
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = ""
        """Of the connection, once it is answered."""
        self.pictures = 0
        self.arrivals: deque[float] = deque(maxlen=KEPT)
        """When pictures came, monotonic seconds."""
        self.sound: deque[Samples] = deque(maxlen=KEPT)
        """Slices of one channel, int16 at 48 kHz."""
        self.on_picture: Callable[[av.VideoFrame], None] | None = None

    @property
    def state(self) -> str:
        """Of the connection: new, connecting, connected, failed, closed."""
        return str(self._connection.connectionState)

    @property
    def loudness(self) -> float:
        """Effective loudness of the sound that is kept, 0..1."""
        if not self.sound:
            return 0.0
        heard = np.concatenate(self.sound).astype(np.float64) / 32_768
        return float(np.sqrt(np.mean(heard**2)))

    def longest_gap(self) -> float:
        """Seconds between two pictures, at most."""
        return float(np.diff(np.array(self.arrivals)).max(initial=0.0))

    async def join(self, endpoint: str) -> httpx.Response:
        """Offer to watch; the answer, whatever it says."""
        for kind in ("video", "audio"):
            self._connection.addTransceiver(kind, direction="recvonly")
        await self._connection.setLocalDescription()
        offer = self._connection.localDescription.sdp
        answer = await self._http.post(endpoint, content=offer, headers=SDP)
        if answer.status_code == 201:
            self.address = answer.headers["location"]
            await self._connection.setRemoteDescription(
                RTCSessionDescription(answer.text, "answer")
            )
        return answer

    async def leave(self) -> None:
        """Say goodbye and close."""
        if self.address:
            await self._http.delete(self.address)
        await self.vanish()

    async def vanish(self) -> None:
        """Close without a word over HTTP."""
        await self._connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _track(self, track: MediaStreamTrack) -> None:
        self._tasks.add(asyncio.create_task(self._read(track)))

    async def _read(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, av.VideoFrame):
                self.pictures += 1
                self.arrivals.append(time.monotonic())
                if self.on_picture is not None:
                    self.on_picture(frame)
            elif isinstance(frame, av.AudioFrame):
                channels = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
                self.sound.append(channels[:, 0].astype(np.int16))


@asynccontextmanager
async def watching(http: httpx.AsyncClient, endpoint: str) -> AsyncIterator[Viewer]:
    """A viewer of `/whep/{session}` while the block runs."""
    viewer = Viewer(http)
    try:
        answer = await viewer.join(endpoint)
        assert answer.status_code == 201, answer.text
        yield viewer
    finally:
        await viewer.leave()
