"""An MP4 file out of packets that have been encoded already, in step by the session's clock."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import av

from engine.types import SOUND_RATE
from server.media.encoder import PICTURE_CLOCK, PICTURE_STEP, SLICE, PicturePacket, SoundPacket

if TYPE_CHECKING:
    from av.stream import Stream

OPUS_DELAY: Final = 312
"""Samples by which Opus delays what it encodes; players drop as many at the start."""
OPTIONS: Final = {
    # Fragments until it is closed, then a plain MP4; begins at the time of its first packet.
    "movflags": "hybrid_fragmented+delay_moov",
    "frag_duration": "1000000",  # microseconds: what a power cut may cost
    "flush_packets": "1",  # each fragment reaches the file as it is done
}


class Mp4File:
    """Begins with a keyframe, at its time. Not closed, it plays up to its last second.

    Args:
        path: of a new file.
        keyframe: H.264, which tells the size of the pictures; to be written next.

    Raises:
        av.FFmpegError: by every method, when the disk is full for example.
    """

    def __init__(self, path: Path, keyframe: PicturePacket) -> None:
        self._file = av.open(str(path), "w", format="mp4", options=OPTIONS)
        with av.open(io.BytesIO(bytes(keyframe)), format="h264") as sample:
            self._pictures = self._file.add_stream_from_template(sample.streams.video[0])
        # Never encodes: it gives the file the header that belongs to our encoder's packets.
        self._sound = self._file.add_stream("libopus", rate=SOUND_RATE, layout="mono")
        self._origin = keyframe.pts or 0
        self.seconds = 0.0
        """How long it plays."""
        self.size = 0
        """Bytes of the packets in it."""

    def picture(self, packet: PicturePacket) -> None:
        """Add a picture."""
        pts = (packet.pts or 0) - self._origin
        self._add(self._pictures, packet, pts, PICTURE_STEP, PICTURE_CLOCK)
        self.seconds = (pts + PICTURE_STEP) / PICTURE_CLOCK

    def sound(self, packet: SoundPacket) -> None:
        """Add 20 ms of sound; what belongs to pictures before the first is left out."""
        pts = (packet.pts or 0) - self._origin * SOUND_RATE // PICTURE_CLOCK - OPUS_DELAY
        if pts > -SLICE:
            self._add(self._sound, packet, pts, SLICE, SOUND_RATE)

    def close(self) -> None:
        """Write the index."""
        self._file.close()

    def _add(
        self,
        stream: Stream,
        packet: PicturePacket | SoundPacket,
        pts: int,
        duration: int,
        clock: int,
    ) -> None:
        """Others hold the same packet: the muxer gets a copy."""
        copy = cast("PicturePacket", av.Packet(bytes(packet)))
        copy.pts = copy.dts = pts
        copy.duration, copy.time_base = duration, Fraction(1, clock)
        copy.is_keyframe = packet.is_keyframe
        copy.stream = cast("av.VideoStream", stream)
        self._file.mux_one(copy)
        self.size += packet.size


def salvage(path: Path) -> bool:
    """Cut off what was written half, after a full disk; whether anything is left that plays.

    A file in the making is a row of boxes, each with its length before it (ISO 14496-12);
    it plays up to the last whole `mdat`.
    """
    whole = 0
    with path.open("r+b") as file:
        length = file.seek(0, io.SEEK_END)
        start = 0
        while start + 8 <= length:
            file.seek(start)
            size, name = int.from_bytes(file.read(4), "big"), file.read(4)
            if size < 8 or start + size > length:
                break
            start += size
            if name == b"mdat":
                whole = start
        file.truncate(whole)
    return whole > 0
