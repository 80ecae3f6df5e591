"""One WebRTC connection of a session: with its page, a publisher (WHIP) or a viewer (WHEP)."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

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
from aiortc.exceptions import OperationError
from aiortc.mediastreams import MediaStreamError

from engine.clock import Clock
from engine.errors import CodecMismatch, OfferRefused
from engine.types import Sound
from server import aiortc_compat, limits
from server.doors import candidates
from server.media.encoder import Codec, PicturePacket, SoundPacket
from server.media.gaps import Gaps
from server.media.inbound import Inbound
from server.media.levels import Level
from server.media.offers import check
from server.media.tracks import PictureTrack, SoundTrack
from server.protocol import IceServer, Message

log = logging.getLogger(__name__)
CONTROL: Final = "control"
MOTION: Final = "motion"
"""Labels of the page's data channels."""


class Role(Enum):
    """Who is at the other end: whether pictures and sound go there, and whether they come."""

    PAGE = (True, True)
    PUBLISHER = (False, True)
    VIEWER = (True, False)

    def __init__(self, sees: bool, speaks: bool) -> None:
        self.sees, self.speaks = sees, speaks


class Host(Protocol):
    """The session, as its peers know it. Its methods return at once."""

    def hear(self, peer: Peer, sound: Sound) -> None:
        """Sound of the peer's microphone."""

    def see(self, peer: Peer, picture: av.VideoFrame, arrived: float) -> None:
        """A picture of the peer's camera, which arrived then."""

    def receive(self, data: str | bytes) -> None:
        """A message over the data channel."""

    def move(self, data: str | bytes) -> None:
        """A message over the data channel of motion."""

    def changed(self, peer: Peer) -> None:
        """The peer connected, or it left."""

    def opened(self) -> None:
        """The page's data channel opened."""

    def wants_keyframe(self, codec: Codec) -> None:
        """The peer lacks a whole picture."""

    def sent(self, peer: Peer, packet: PicturePacket) -> None:
        """A picture was handed over to RTP."""

    def decoded(self, seconds: float) -> None:
        """A packet of sound took so long from its arrival."""


@dataclass(frozen=True, slots=True)
class Line:
    """How connections are made."""

    clock: Clock
    ice_servers: Sequence[IceServer] = ()
    private: bool = True
    """Whether private addresses that the other end names may be tried."""
    vp8_only: bool = False
    """Whether H.264 is refused; else it is taken where the other end has both."""
    level: Level = Level.L31
    """Of H.264, for the size of the pictures."""


class Peer:
    """The server's end of a connection.

    Args:
        role: who is at the other end.
        line: how connections are made.
        host: the session.
    """

    def __init__(self, role: Role, line: Line, host: Host) -> None:
        self.id = secrets.token_urlsafe(18)
        self.role = role
        self.answer = ""
        self.connected = False
        self._left_at: float | None = None
        self._line, self._host, self._clock = line, host, line.clock
        servers = [RTCIceServer(it.urls, it.username, it.credential) for it in line.ice_servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._pictures = PictureTrack(self._ask_keyframe, lambda it: host.sent(self, it))
        self._sound = SoundTrack()
        self.codec: Codec | None = None
        self._channel: RTCDataChannel | None = None
        self._labels: set[str] = set()
        self._inbound: dict[str, Inbound] = {}
        self._drains: set[asyncio.Task[None]] = set()
        self._datagrams = 0
        self.heard = self.spoke = line.clock.now()
        """When the last datagram, and the last message, came."""
        self._connection.on("track", self._track)
        self._connection.on("datachannel", self._data_channel)
        self._connection.on("connectionstatechange", self._state_changed)

    @property
    def closed(self) -> bool:
        """Whether the other end, or the server, has ended it."""
        return self._left_at is not None

    @property
    def leads(self) -> bool:
        """Whether its connection alone decides on the bit rate."""
        return self.role is Role.PAGE

    @property
    def speaks(self) -> bool:
        """Whether sound comes from it."""
        return "audio" in self._inbound

    @property
    def films(self) -> bool:
        """Whether a camera's pictures come from it."""
        return "video" in self._inbound

    @property
    def lost(self) -> int:
        """Packets of its sound that never came."""
        return self._inbound["audio"].lost if self.speaks else 0

    @property
    def late(self) -> int:
        """Packets of its sound that came too late, or twice."""
        return self._inbound["audio"].late if self.speaks else 0

    @property
    def waiting(self) -> int:
        """Pictures that its connection has not taken yet."""
        return self._pictures.waiting

    @property
    def dropped(self) -> int:
        """Pictures that its connection was too slow for."""
        return self._pictures.dropped

    @property
    def outbound(self) -> aiortc_compat.Outbound:
        """What was sent, and what the other end says about it."""
        return aiortc_compat.outbound(self._connection)

    async def connect(self, offer: str) -> str:
        """Take the other end's offer (SDP), give the answer with all our addresses.

        Raises:
            OfferRefused: it cannot be read, or does not have what the role needs.
        """
        offer = candidates.usable(offer, self._line.private)
        await asyncio.to_thread(check, offer, sees=self.role.sees, speaks=self.role.speaks)
        if self.role.sees:
            self._connection.addTrack(self._pictures)
            self._connection.addTrack(self._sound)
            for transceiver in self._connection.getTransceivers():
                if transceiver.kind == "video":
                    vp8 = self._line.vp8_only
                    aiortc_compat.prefer_codec(transceiver, "VP8" if vp8 else "H264", only=vp8)
                    aiortc_compat.on_keyframe_request(transceiver.sender, self._ask_keyframe)
                    aiortc_compat.show_promptly(transceiver.sender)
        try:
            async with asyncio.timeout(limits.HANDSHAKE_SECONDS):
                await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
                if self.role is Role.PUBLISHER:
                    aiortc_compat.waive_consent(self._connection)
                await self._connection.setLocalDescription()
        except OperationError as error:
            raise CodecMismatch("no codec in common: offer Opus, and H.264 or VP8") from error
        except Exception as error:  # a broken offer raises any of seven types
            log.info("offer refused: %s", type(error).__name__)
            raise OfferRefused("this offer cannot be answered: send another") from error
        self.answer = self._line.level.declare(self._connection.localDescription.sdp)
        return self.answer

    async def trickle(self, candidate: str, mid: str | None) -> None:
        """Take one more address of the other end."""
        if candidates.usable_candidate(candidate, self._line.private):
            await aiortc_compat.add_candidate(self._connection, candidate, mid)

    def estimate(self) -> int | None:
        """Bits a second that its connection can carry, if it knows."""
        for sender in self._connection.getSenders():
            if sender.kind == "video":
                return aiortc_compat.estimate(sender)
        return None

    def picture(self, packet: PicturePacket) -> None:
        """Send a picture."""
        self._pictures.put(packet)

    def sound(self, packet: SoundPacket) -> None:
        """Send 20 ms of sound."""
        self._sound.put(packet)

    def interrupt(self) -> None:
        """Send none of the sound that waits."""
        self._sound.clear()

    def send(self, message: Message) -> bool:
        """Send over the data channel; False if there is none or the page reads too slowly."""
        channel = self._channel
        if channel is None or channel.readyState != "open":
            return False
        if channel.bufferedAmount > limits.BUFFERED_BYTES:
            return False
        channel.send(message.model_dump_json())
        return True

    def present(self, now: float) -> bool:
        """Whether it is connected, and has been heard of lately."""
        return self.connected and not self.closed and self._silent(now) <= limits.LOST_SECONDS

    def overdue(self, now: float, bounds: limits.Limits) -> str | None:
        """Why the connection must end, as what the other end did; None while it may go on."""
        if self._left_at is not None:
            patience = limits.RETURN_SECONDS if self.leads else 0.0
            return "left" if now - self._left_at >= patience else None
        if not self.connected:
            return "did not connect in time" if now - self.heard > bounds.offer_seconds else None
        return "went silent" if self._silent(now) > bounds.silence_seconds else None

    def _silent(self, now: float) -> float:
        """Seconds for which nothing has come; a page must also say something now and then."""
        datagrams = aiortc_compat.received_packets(self._connection)
        if datagrams != self._datagrams:
            self._datagrams, self.heard = datagrams, now
        silent = now - self.heard
        if self._channel is not None:
            silent = max(silent, now - self.spoke - limits.PING_SLACK)
        return silent

    def leave(self) -> None:
        """It is over: the host is told, once; `close` gives back what it holds."""
        if self._left_at is None:
            self._left_at = self._clock.now()
            self._host.changed(self)

    async def close(self) -> None:
        """End the connection and everything that belongs to it."""
        self.leave()
        self._connection.remove_all_listeners()
        self._pictures.stop()
        self._sound.stop()
        await aiortc_compat.close(self._connection, limits.CLOSE_SECONDS)
        for task in self._drains:
            task.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)

    def _ask_keyframe(self) -> None:
        if self.codec is not None:
            self._host.wants_keyframe(self.codec)

    def _state_changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and not self.connected:
            self.connected, self.heard = True, self._clock.now()
            self.codec = self._negotiated()
            self._host.changed(self)
        elif state in ("closed", "failed"):
            self.leave()

    def _negotiated(self) -> Codec | None:
        for transceiver in self._connection.getTransceivers():
            if transceiver.sender.track is self._pictures:
                return aiortc_compat.negotiated(transceiver)
        return None

    def _track(self, track: MediaStreamTrack) -> None:
        """Listen to the first sound and watch the first camera; decode nothing else."""
        receiver = next(it for it in self._connection.getReceivers() if it.track is track)
        if not self.role.speaks or track.kind in self._inbound:
            aiortc_compat.ignore(receiver)
            return
        bind = aiortc_compat.bound_audio if track.kind == "audio" else aiortc_compat.bound_video
        inbound = self._inbound[track.kind] = bind(receiver, self._clock)
        task = asyncio.create_task(self._drain(track, inbound))
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)

    async def _drain(self, track: MediaStreamTrack, inbound: Inbound) -> None:
        gaps: Gaps | None = None
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, av.AudioFrame):
                gaps = gaps or Gaps(frame.sample_rate)
                missing = gaps.before(frame.pts or 0, frame.samples)
                self._host.hear(self, Sound(np.zeros(missing, np.int16), frame.sample_rate))
                self._host.hear(self, self._as_sound(frame, inbound))
            elif isinstance(frame, av.VideoFrame):
                arrived = inbound.arrival(frame.pts or 0) or self._clock.now()
                self._host.see(self, frame, arrived)

    def _as_sound(self, frame: av.AudioFrame, inbound: Inbound) -> Sound:
        samples = frame.to_ndarray().astype(np.int16, copy=False)
        now = self._clock.now()
        arrived = inbound.arrival(frame.pts or 0) or now
        self._host.decoded(now - arrived)
        return Sound(samples.reshape(-1, frame.layout.nb_channels), frame.sample_rate, arrived)

    def _data_channel(self, channel: RTCDataChannel) -> None:
        known = channel.label in (CONTROL, MOTION) and channel.label not in self._labels
        if self.role is not Role.PAGE or not known:
            channel.close()
            return
        self._labels.add(channel.label)
        if channel.label == MOTION:
            channel.on("message", self._host.move)
            return
        self._channel = channel
        self.spoke = self._clock.now()
        channel.on("message", self._hear_message)
        channel.on("close", self.leave)
        self._host.opened()

    def _hear_message(self, data: str | bytes) -> None:
        self.spoke = self._clock.now()
        self._host.receive(data)
