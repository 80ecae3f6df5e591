"""Encoders of pictures (H.264, VP8) and sound (Opus): raw in, packets for RTP and files out.

They block and know no event loop, no track and no viewer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, cast

import av
from av.codec.codec import UnknownCodecError
from av.video.frame import PictureType

from engine import colours
from engine.errors import EncoderFailed
from engine.types import SOUND_RATE, SOUND_TICK, TICKS_PER_SECOND, Samples
from server import limits
from server.media.levels import Level
from server.media.rates import Rates

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

Codec: TypeAlias = Literal["H264", "VP8"]
PicturePacket: TypeAlias = "av.Packet[VideoStream]"
SoundPacket: TypeAlias = "av.Packet[AudioStream]"

PICTURE_CLOCK: Final = 90_000
"""RTP's clock of pictures, Hz."""
PICTURE_STEP: Final = PICTURE_CLOCK // TICKS_PER_SECOND
SLICE: Final = SOUND_TICK // 2
"""Samples of one Opus packet: 20 ms."""


class PictureEncoder(Protocol):
    """Encodes pictures of one stream; called by one thread at a time."""

    @property
    def bitrate(self) -> int:
        """Bits a second that are wanted."""
        ...

    @bitrate.setter
    def bitrate(self, wanted: int) -> None: ...

    def encode(self, picture: av.VideoFrame, pts: int, keyframe: bool) -> PicturePacket:
        """One packet for one picture; blocks for some milliseconds.

        Args:
            picture: yuv420p; left as it is, so it may be shown again or encoded elsewhere.
            pts: when it is shown, in units of `PICTURE_CLOCK`; grows.
            keyframe: make it one that a viewer can begin with.

        Raises:
            EncoderFailed: no encoder can be opened, or it broke; open another.
        """
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """What an encoder is opened for: pictures of a size in pixels, at bits a second."""

    width: int
    height: int
    bitrate: int

    @property
    def rates(self) -> Rates:
        """Bit rates for pictures of that size."""
        return Rates.of(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Library:
    """One of FFmpeg's encoders.

    `options` are made from what it is opened for. `adapts` says what a new bit rate
    costs: nothing ("smoothly"), a keyframe, or a new encoder.
    """

    name: str
    options: Callable[[Opening], dict[str, str]]
    adapts: Literal["smoothly", "with a keyframe", "opened anew"]


def _nvenc(opening: Opening) -> dict[str, str]:
    return {
        "preset": "p3",
        "tune": "ull",
        "profile": "baseline",
        "rc": "cbr",
        "zerolatency": "1",
        "delay": "0",
        "forced-idr": "1",
        "bufsize": str(opening.rates.burst),
    }


def _x264(opening: Opening) -> dict[str, str]:
    """Opened at a constant rate, x264 takes any lower or higher one up to `maxrate` later.

    With less searching than usual pictures look the same, in two thirds of the time: 48.7 dB and
    not 49.1 at 512 pixels and 600 kbit/s.
    """
    return {
        "preset": "superfast",
        "tune": "zerolatency",
        "profile": "baseline",
        "level": str(Level.of(opening.width, opening.height).value),
        "forced-idr": "1",
        "maxrate": str(opening.rates.highest),
        "bufsize": str(opening.rates.burst),
        "x264-params": "scenecut=0:sliced-threads=0",
    }


def _vpx(opening: Opening) -> dict[str, str]:
    """WebRTC's settings, less its denoiser: drawn pictures have no noise (1 dB better)."""
    return {
        "deadline": "realtime",
        "cpu-used": "-6",
        "lag-in-frames": "0",
        "error-resilient": "default",
        "noise-sensitivity": "0",
        "static-thresh": "1",
        "partitions": "0",
        "minrate": str(opening.bitrate),
        "maxrate": str(opening.bitrate),
        "bufsize": str(opening.bitrate),
        "undershoot-pct": "100",
        "overshoot-pct": "15",
    }


NVENC: Final = Library("h264_nvenc", _nvenc, "with a keyframe")
X264: Final = Library("libx264", _x264, "smoothly")
VPX: Final = Library("libvpx", _vpx, "opened anew")
LIBRARIES: Final[dict[Codec, Sequence[Library]]] = {"H264": (NVENC, X264), "VP8": (VPX,)}
"""Those of a codec, the best first."""


def open_picture_encoder(codec: Codec, width: int, height: int, bitrate: int) -> PictureEncoder:
    """The best encoder that this machine has.

    Raises:
        EncoderFailed: it has none.
    """
    return LibraryEncoder(LIBRARIES[codec], width, height, bitrate)


class LibraryEncoder:
    """Encodes with the first of some libraries that opens.

    Args:
        libraries: of one codec, the best first.
        width: of the pictures, pixels; another size opens the encoder anew.
        height: of the pictures, pixels.
        bitrate: to start with, bits a second.
    """

    def __init__(self, libraries: Sequence[Library], width: int, height: int, bitrate: int) -> None:
        self._libraries = libraries
        self._rates = Rates.of(width, height)
        self._wanted = self._rates.bounded(bitrate)
        self._since: int | None = None
        self._open(width, height)

    @property
    def library(self) -> Library:
        """The one that opened."""
        return self._library

    @property
    def bitrate(self) -> int:
        """Bits a second that are wanted."""
        return self._wanted

    @bitrate.setter
    def bitrate(self, wanted: int) -> None:
        self._wanted = self._rates.bounded(wanted)

    def encode(self, picture: av.VideoFrame, pts: int, keyframe: bool) -> PicturePacket:
        """One packet for one picture (see `PictureEncoder`)."""
        if (picture.width, picture.height) != (self._context.width, self._context.height):
            self._open(picture.width, picture.height)
        self._adapt(pts, keyframe)
        frame = _copy(picture)
        frame.pts, frame.time_base = pts, Fraction(1, PICTURE_CLOCK)
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        try:
            (packet,) = self._context.encode(frame)
        except (av.FFmpegError, ValueError) as error:
            raise EncoderFailed(f"{self._library.name} gives no picture: open it anew") from error
        packet.pts = packet.dts = pts
        packet.duration = PICTURE_STEP
        return cast("PicturePacket", packet)

    def _open(self, width: int, height: int) -> None:
        self._rates = Rates.of(width, height)
        self.bitrate = self._wanted
        for library in self._libraries:
            try:
                self._context = _opened(library, Opening(width, height, self._wanted))
            except (av.FFmpegError, UnknownCodecError):
                continue  # no such hardware here, or a build without it
            self._library, self._rate, self._since = library, self._wanted, None
            return
        names = ", ".join(library.name for library in self._libraries)
        raise EncoderFailed(f"no encoder of {width} x {height} pictures opens here: {names}")

    def _adapt(self, pts: int, keyframe: bool) -> None:
        """Give the encoder the wanted bit rate, if it is worth what that costs."""
        if self._since is None:
            self._since = pts
        if self._wanted == self._rate:
            return
        if self._library.adapts != "smoothly":
            ratio = self._wanted / self._rate
            patient = pts - self._since < limits.PATIENCE_TICKS * PICTURE_STEP
            near = 0.9 < ratio < 1.1 if keyframe else patient or 0.8 < ratio < 1.5
            if near:
                return
        if self._library.adapts == "opened anew":
            self._open(self._context.width, self._context.height)
        else:
            self._context.bit_rate = self._wanted
        self._rate, self._since = self._wanted, pts


def _opened(library: Library, opening: Opening) -> VideoCodecContext:
    context = cast("VideoCodecContext", av.CodecContext.create(library.name, "w"))
    context.width, context.height = opening.width, opening.height
    context.pix_fmt = "yuv420p"
    colours.tag(context)
    context.framerate = Fraction(TICKS_PER_SECOND)
    context.time_base = Fraction(1, PICTURE_CLOCK)
    context.gop_size = limits.KEYFRAME_TICKS
    context.max_b_frames = 0
    context.thread_count = 1
    context.options = library.options(opening)
    smooth = library.adapts == "smoothly"
    context.bit_rate = opening.rates.highest if smooth else opening.bitrate
    context.open()
    context.bit_rate = opening.bitrate
    return context


def _copy(picture: av.VideoFrame) -> av.VideoFrame:
    """The same pixels in a frame of our own: encoders write into a frame's fields (0.01 ms)."""
    copy = av.VideoFrame(picture.width, picture.height, picture.format.name)
    for own, theirs in zip(copy.planes, picture.planes, strict=True):
        own.update(bytes(theirs))
    return copy


class SoundEncoder:
    """Encodes slices of 20 ms as Opus (0.3 ms each), one packet a slice, none kept back.

    Each packet carries the slice before it once more, coarsely, where it holds speech: a
    single lost packet is not heard. Mono, as WebRTC's opus/48000/2 allows.

    Raises:
        EncoderFailed: this build of FFmpeg has no Opus.
    """

    def __init__(self) -> None:
        try:
            self._context = av.CodecContext.create("libopus", "w")
            self._context.sample_rate = SOUND_RATE
            self._context.format, self._context.layout = "s16", "mono"
            self._context.bit_rate = limits.SOUND_BITRATE
            self._context.time_base = Fraction(1, SOUND_RATE)
            self._context.options = {
                "application": "voip",
                "frame_duration": "20",
                "compression_level": "5",
                "fec": "1",
                "packet_loss": "5",
            }
            self._context.open()
        except (av.FFmpegError, UnknownCodecError) as error:
            raise EncoderFailed("no Opus encoder opens here: install PyAV's wheel") from error

    @property
    def header(self) -> bytes:
        """The OpusHead that files want (RFC 7845)."""
        return self._context.extradata or b""

    def encode(self, samples: Samples, pts: int) -> SoundPacket:
        """One packet for int16 [SLICE], shown at `pts` (units of `SOUND_RATE`).

        Raises:
            EncoderFailed: it broke; make another.
        """
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = SOUND_RATE
        frame.pts, frame.time_base = pts, Fraction(1, SOUND_RATE)
        try:
            (packet,) = self._context.encode(frame)
        except (av.FFmpegError, ValueError) as error:
            raise EncoderFailed("the Opus encoder gives no sound: make another") from error
        packet.pts = packet.dts = pts
        packet.duration = SLICE
        return cast("SoundPacket", packet)
