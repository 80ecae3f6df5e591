"""One WebRTC connection with a page: offer and answer, its microphone, its data channel."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from typing import Final

import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import MediaDescription, SessionDescription

from engine.clock import Clock
from engine.errors import OfferRefused
from engine.types import Sound
from server import compat, limits
from server.protocol import IceServer, Message

log = logging.getLogger(__name__)
CHANNEL: Final = "control"
USELESS: Final = re.compile(
    r"^a=candidate:\S+ \d+ (tcp |\S+ \d+ \S+\.local )[^\n]*\n?", re.IGNORECASE | re.MULTILINE
)
"""Candidates over TCP, which aioice does not speak, and those that hide behind a multicast
name: the page's own checks reach us without them."""


class Peer:
    """The server's end of a connection.

    Args:
        tracks: what is sent.
        ice_servers: STUN and TURN servers; none means direct connections only.
        clock: stamps the sound that comes in.
        on_sound: gets all sound of the page's microphone.
        on_message: gets every message of the data channel.
        on_state: gets connected, closed, failed.
    """

    def __init__(
        self,
        tracks: Sequence[MediaStreamTrack],
        ice_servers: Sequence[IceServer],
        clock: Clock,
        *,
        on_sound: Callable[[Sound], None],
        on_message: Callable[[str | bytes], None],
        on_state: Callable[[str], None],
    ) -> None:
        servers = [RTCIceServer(it.urls, it.username, it.credential) for it in ice_servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._tracks = tracks
        self._clock = clock
        self._on_sound, self._on_message, self._on_state = on_sound, on_message, on_state
        self._channel: RTCDataChannel | None = None
        self._listening: MediaStreamTrack | None = None
        self._drains: set[asyncio.Task[None]] = set()
        self._connection.on("track", self._track)
        self._connection.on("datachannel", self._data_channel)
        self._connection.on("connectionstatechange", self._state_changed)

    async def answer(self, offer: str) -> str:
        """Take the page's offer (SDP), give the answer with all our addresses.

        Raises:
            OfferRefused: it cannot be read, or does not take picture and sound.
        """
        offer = USELESS.sub("", offer)
        await asyncio.to_thread(_check, offer)
        for track in self._tracks:
            self._connection.addTrack(track)
        for transceiver in self._connection.getTransceivers():
            if transceiver.kind == "video":
                compat.prefer_vp8(transceiver)
        try:
            async with asyncio.timeout(limits.HANDSHAKE_SECONDS):
                await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
                await self._connection.setLocalDescription()
        except Exception as error:  # a broken offer raises any of seven types
            log.info("offer refused: %s", type(error).__name__)
            raise OfferRefused("this offer cannot be answered: send another") from error
        return self._connection.localDescription.sdp

    def send(self, message: Message) -> bool:
        """Send over the data channel; False if there is none or the page reads too slowly."""
        channel = self._channel
        if channel is None or channel.readyState != "open":
            return False
        if channel.bufferedAmount > limits.BUFFERED_BYTES:
            return False
        channel.send(message.model_dump_json())
        return True

    async def close(self) -> None:
        """End the connection and everything that belongs to it."""
        self._connection.remove_all_listeners()
        for track in self._tracks:
            track.stop()
        await compat.close(self._connection, limits.CLOSE_SECONDS)
        for task in self._drains:
            task.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)

    def _state_changed(self) -> None:
        self._on_state(self._connection.connectionState)

    def _track(self, track: MediaStreamTrack) -> None:
        """Every track is read to its end, or aiortc's queues grow; one is listened to."""
        if track.kind == "audio" and self._listening is None:
            self._listening = track
            for receiver in self._connection.getReceivers():
                if receiver.track is track:
                    compat.bound_audio(receiver)
        task = asyncio.create_task(self._drain(track))
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)

    async def _drain(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if track is self._listening and isinstance(frame, av.AudioFrame):
                samples = frame.to_ndarray().astype(np.int16, copy=False)
                channels = frame.layout.nb_channels
                self._on_sound(
                    Sound(samples.reshape(-1, channels), frame.sample_rate, self._clock.now())
                )

    def _data_channel(self, channel: RTCDataChannel) -> None:
        if channel.label != CHANNEL or self._channel is not None:
            channel.close()
            return
        self._channel = channel
        channel.on("message", self._on_message)
        channel.on("close", lambda: self._on_state("closed"))
        self._on_state("open")


def _check(offer: str) -> None:
    """Refuse, before any socket is opened, what cannot become a session."""
    if offer.count("a=candidate:") > limits.CANDIDATES:
        raise OfferRefused(f"more than {limits.CANDIDATES} candidates in the offer")
    if offer.count("\nm=") > limits.MEDIA_SECTIONS:
        raise OfferRefused(f"more than {limits.MEDIA_SECTIONS} media sections in the offer")
    try:
        media = SessionDescription.parse(offer).media
    except Exception as error:  # the parser raises any of seven types
        raise OfferRefused("the offer is not a session description (SDP)") from error
    for kind in ("audio", "video"):
        if not any(it.kind == kind and it.direction in ("sendrecv", "recvonly") for it in media):
            raise OfferRefused(f"the offer does not ask for {kind}: add a {kind} transceiver")
    if not all(_is_secured(it) for it in media):
        raise OfferRefused("the offer lacks a DTLS fingerprint or ICE credentials")


def _is_secured(media: MediaDescription) -> bool:
    dtls, ice = media.dtls, media.ice
    return bool(dtls and dtls.fingerprints and ice and ice.usernameFragment and ice.password)
