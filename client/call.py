"""Call a server as a page does: create a session, connect, speak, watch and listen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import av
import httpx
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from pydantic import TypeAdapter
from rich.console import Console

from client import backgrounds, requests
from client.camera import Camera
from client.devices import RATE, SLICE, Microphone, Silence, SoundFile, Voice
from client.driving import driven, follows
from client.errors import CallLost
from client.interrupt import interrupted
from client.playout import Playout
from client.quiet import quiet
from client.recorder import Recorder
from client.report import CallReport as CallReport
from client.speaker import Speaker
from client.status import Status
from client.virtual_camera import VirtualCamera
from server.protocol import (
    ClientMessage,
    ControlsPatch,
    Framing,
    PingMessage,
    PongMessage,
    ServerMessage,
    SessionCreated,
    SessionRequest,
    StateMessage,
    StatsMessage,
)

PING_SECONDS: Final = 2.0
CONNECT_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 2.0
AFTER_FILE_SECONDS: Final = 1.0
"""Listening on after the end of a sound file: look-ahead, network, the closing mouth."""
PICTURE_RATE: Final = 90_000
"""Units a second of a camera picture's time stamp."""
LOOK_SECONDS: Final = 0.25
"""From look to look at how the call goes."""
UNFOLLOWED: Final = "this server does not follow cameras: what is seen moves nothing"
SERVER_MESSAGE: Final[TypeAdapter[ServerMessage]] = TypeAdapter(ServerMessage)
PictureListener = Callable[[av.VideoFrame, float], None]
"""Gets each picture and when it arrived, in seconds since the call was answered."""
SoundListener = Callable[[av.AudioFrame, float], None]


async def call(
    url: str,
    *,
    presenter: str | None = None,
    portrait: Path | None = None,
    size: Literal[256, 512] = 512,
    framing: Framing = "face",
    background: str = "as_is",
    controls: ControlsPatch | None = None,
    file: Path | None = None,
    microphone: Microphone | None = None,
    camera: Camera | None = None,
    speaker: Speaker | None = None,
    virtual_camera: VirtualCamera | None = None,
    seconds: float | None = None,
    record: Path | None = None,
    token: str | None = None,
    progress: bool = False,
    on_picture: PictureListener | None = None,
    on_sound: SoundListener | None = None,
    on_message: Callable[[ServerMessage], None] | None = None,
) -> CallReport:
    """Call a server and stay until the time is up, the file is spoken or the server ends it.

    Args:
        url: of the server, http://127.0.0.1:8080.
        presenter: id; the first one when neither it nor a portrait is given.
        portrait: picture of a person, in place of a presenter.
        size: of a face alone, pixels.
        framing: the face alone, or the whole portrait.
        background: `as_is`, `blur`, `#rrggbb` or the path of a picture.
        controls: to start with.
        file: sound to speak, in real time.
        microphone: to speak with; else the caller is silent. It is opened here, as all devices.
        camera: what the face follows, where nothing else was asked of it.
        speaker: where the avatar is heard.
        virtual_camera: where it is seen.
        seconds: length of the call; a file's own length when left out.
        record: MP4 file to keep the call in.
        token: where the server asks for one.
        progress: show a terminal how the call goes; Ctrl+C there ends it in order.
        on_picture, on_sound, on_message: get what comes from the server.

    Raises:
        ClientError: one of its leaves.
    """
    behind, backdrop = backgrounds.named(background)
    settings = SessionRequest(
        presenter=presenter,
        size=size,
        framing=framing,
        background=behind,
        controls=controls or ControlsPatch(),
    )
    playout = Playout(speaker, virtual_camera)

    def see(frame: av.VideoFrame, at: float) -> None:
        playout.picture(frame)
        if on_picture is not None:
            on_picture(frame, at)

    def hear(frame: av.AudioFrame, at: float) -> None:
        playout.sound(frame)
        if on_sound is not None:
            on_sound(frame, at)

    devices = [it for it in (microphone, camera, speaker, virtual_camera) if it is not None]
    async with AsyncExitStack() as stack:
        terminal = stack.enter_context(quiet()) if progress else None
        console = Console(file=terminal, quiet=not progress)
        for device in devices:
            stack.enter_context(device)
        voice: Voice = microphone or Silence()
        if microphone is None and file is not None:
            voice = SoundFile(file)
            seconds = seconds or voice.seconds + AFTER_FILE_SECONDS
        recorder = Recorder(record) if record is not None else None
        if recorder is not None:
            stack.push_async_callback(recorder.close)
        conversation = await stack.enter_async_context(
            connected(url, voice, settings, portrait, backdrop, camera=camera, token=token)
        )
        conversation.on_picture, conversation.on_sound = see, hear
        conversation.on_message, conversation.recorder = on_message, recorder
        if camera is not None and not conversation.watched:
            console.print(UNFOLLOWED)
        status = Status(console, devices)
        if progress:
            stack.enter_context(interrupted(conversation.ended))
        with console.status("connected") as shown, suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not await _over(conversation):
                    status.tell_troubles()
                    report = conversation.report()
                    shown.update(status.line(report, conversation.state, playout.delay))
        return conversation.report()


async def _over(conversation: Conversation) -> bool:
    """Look at a call after a moment, or when it ends: whether it is over."""
    with suppress(TimeoutError):
        await asyncio.wait_for(conversation.ended.wait(), LOOK_SECONDS)
    return conversation.ended.is_set()


@asynccontextmanager
async def connected(
    url: str,
    voice: Voice,
    settings: SessionRequest,
    portrait: Path | None = None,
    backdrop: Path | None = None,
    *,
    camera: Camera | None = None,
    token: str | None = None,
) -> AsyncIterator[Conversation]:
    """A conversation with a new session; both end with the block."""
    async with requests.opened(url, token, CONNECT_SECONDS) as http:
        if camera is not None:
            sources = (await requests.offered(http)).sources
            controls = driven(settings.controls, sources, not isinstance(voice, Silence))
            settings = settings.model_copy(update={"controls": controls})
        session = await requests.create(http, settings, portrait, backdrop)
        conversation = Conversation(session, voice, camera)
        conversation.watched = follows(settings.controls)
        try:
            offer = await conversation.offer()
            await conversation.take(await requests.exchange(http, session.id, offer))
            yield conversation
        finally:
            await conversation.close()
            with suppress(httpx.HTTPError):
                await http.delete(f"/v1/sessions/{session.id}")


class Conversation:
    """One WebRTC connection with a session, and what has come over it.

    Args:
        session: as the server created it.
        voice: what is said.
        camera: whose pictures are sent, if any.
    """

    def __init__(self, session: SessionCreated, voice: Voice, camera: Camera | None = None) -> None:
        self.session = session
        self.on_picture: PictureListener | None = None
        self.on_sound: SoundListener | None = None
        self.on_message: Callable[[ServerMessage], None] | None = None
        self.recorder: Recorder | None = None
        self.watched = False
        """Whether a camera moves the face."""
        self.ended = asyncio.Event()
        self._open = asyncio.Event()
        self.stats: StatsMessage | None = None
        self.state = "connecting"
        self._reason: str | None = None
        self._round_trip: float | None = None
        self._arrivals: list[float] = []
        self._samples = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._start = time.monotonic()
        servers = [RTCIceServer(it.urls, it.username, it.credential) for it in session.ice_servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._channel = self._connection.createDataChannel("control")
        self._channel.on("open", self._open.set)
        self._channel.on("message", self._hear_message)
        self._connection.addTrack(_Speech(voice))
        if camera is None:
            self._connection.addTransceiver("video", direction="recvonly")
        else:
            self._connection.addTrack(_Sight(camera))
        self._connection.on("track", self._track)
        self._connection.on("connectionstatechange", self._state_changed)

    async def offer(self) -> str:
        """Our offer (SDP)."""
        await self._connection.setLocalDescription()
        return self._connection.localDescription.sdp

    async def take(self, answer: str) -> None:
        """Use the server's answer (SDP) and wait until the data channel is open."""
        self._start = time.monotonic()
        await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._open.wait()
        except TimeoutError:
            raise CallLost("no connection with the server's media: is UDP let through?") from None
        if self.state == "connecting":  # else the server has told already
            self.state = "idle"
        self._spawn(self._ping())

    def send(self, message: ClientMessage | str) -> None:
        """Send a message over the data channel."""
        text = message if isinstance(message, str) else message.model_dump_json()
        if self._channel.readyState == "open":
            self._channel.send(text)

    def report(self) -> CallReport:
        """What the call has been like until now."""
        arrivals = self._arrivals
        gaps = [later - earlier for earlier, later in zip(arrivals, arrivals[1:], strict=False)]
        return CallReport(
            session=self.session.id,
            seconds=self._now(),
            pictures=len(arrivals),
            pictures_per_second=len(gaps) / sum(gaps) if gaps else 0.0,
            longest_gap_ms=1000 * max(gaps, default=0.0),
            first_picture_ms=1000 * arrivals[0] if arrivals else None,
            sound_ms=1000 * self._samples / RATE,
            round_trip_ms=self._round_trip,
            stats=self.stats,
            ended=self._reason,
        )

    async def close(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(Exception):  # closing may fail half-way after a broken negotiation
            if (channels := self._connection.sctp) is not None:
                await channels.stop()  # its timers would send when there is no encryption
                await asyncio.sleep(0)
            await asyncio.wait_for(self._connection.close(), CLOSE_SECONDS)

    def _now(self) -> float:
        return time.monotonic() - self._start

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _state_changed(self) -> None:
        if self._connection.connectionState in ("closed", "failed"):
            self._reason = self._reason or "the connection broke"
            self.ended.set()

    def _track(self, track: MediaStreamTrack) -> None:
        self._spawn(self._watch(track) if track.kind == "video" else self._listen(track))

    async def _watch(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.VideoFrame)
                now = self._now()
                self._arrivals.append(now)
                if self.on_picture is not None:
                    self.on_picture(frame, now)
                if self.recorder is not None:
                    await self.recorder.picture(frame, now)

    async def _listen(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.AudioFrame)
                now = self._now()
                self._samples += frame.samples
                if self.on_sound is not None:
                    self.on_sound(frame, now)
                if self.recorder is not None:
                    await self.recorder.sound(frame, now)

    async def _ping(self) -> None:
        while True:
            self.send(PingMessage(time=self._now()))
            await asyncio.sleep(PING_SECONDS)

    def _hear_message(self, data: str | bytes) -> None:
        message = SERVER_MESSAGE.validate_json(data)
        match message:
            case PongMessage(time=sent):
                self._round_trip = 1000 * (self._now() - sent)
            case StatsMessage():
                self.stats = message
            case StateMessage(state=state, reason=reason):
                self.state = state
                if state == "ended":
                    self._reason = reason or "ended"
                    self.ended.set()
            case _:
                pass
        if self.on_message is not None:
            self.on_message(message)


class _Speech(MediaStreamTrack):
    """Sends a voice in real time, 20 ms at a time."""

    kind = "audio"

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._voice = voice
        self._start: float | None = None
        self._sent = 0

    async def recv(self) -> av.AudioFrame:
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(max(0.0, self._start + self._sent / RATE - time.monotonic()))
        frame = av.AudioFrame.from_ndarray(self._voice.slice()[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent, Fraction(1, RATE)
        self._sent += SLICE
        return frame


class _Sight(MediaStreamTrack):
    """Sends a camera's pictures as they are taken."""

    kind = "video"

    def __init__(self, camera: Camera) -> None:
        super().__init__()
        self._camera = camera
        self._start: float | None = None

    async def recv(self) -> av.VideoFrame:
        pixels, taken = await self._camera.picture()
        if self._start is None:
            self._start = taken
        frame = av.VideoFrame.from_numpy_buffer(pixels, format="bgr24")
        frame.pts = round((taken - self._start) * PICTURE_RATE)
        frame.time_base = Fraction(1, PICTURE_RATE)
        return frame
