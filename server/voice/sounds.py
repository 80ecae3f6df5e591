"""A sound file in memory becomes samples; what is no sound file, or a trap, is refused.

The kind of file is told from its first bytes, never from its name or by trying: FFmpeg also
knows playlists that fetch other files, and formats that nobody speaks in. Sound is counted
while it is decoded, because a small file can unpack to hours.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Final

import av
import av.error
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer

from engine.audio import HIGHEST_RATE, LOWEST_RATE
from engine.errors import SoundEmpty, SoundTooLong, SoundUnreadable
from engine.types import SOUND_RATE, Samples
from server import limits

CODECS: Final = frozenset(
    "aac alac flac mp3 mp3float opus libopus vorbis libvorbis adpcm_ms adpcm_ima_wav "
    "pcm_u8 pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_f64le pcm_alaw pcm_mulaw".split()
)
"""Decoders that are let loose on what strangers send."""
MOST_CHANNELS: Final = 8
BROKEN_SHARE: Final = 0.1
"""Of a file's packets; players skip over them, too. More, and it is noise."""
UNREADABLE: Final = "this cannot be read as sound: send WAV, MP3, FLAC, Ogg, Opus, M4A or WebM"


def read_sound(data: bytes) -> Samples:
    """The sound of a file, 48 kHz mono, int16 [n]. Takes its time: not for the event loop.

    Raises:
        SoundUnreadable: no sound file of a known kind, or a damaged one.
        SoundTooLong: more seconds than are spoken, or slower to decode than any honest one.
        SoundEmpty: there are no samples in it.
    """
    parts: list[Samples] = []
    count = 0
    until = time.monotonic() + limits.SPEECH_DECODE_SECONDS
    try:
        options = {"codec_whitelist": ",".join(sorted(CODECS))}
        with av.open(io.BytesIO(data), "r", format=_kind(data), options=options) as container:
            for part in _decoded(container):
                parts.append(part)
                count += len(part)
                if count > limits.SPEECH_SECONDS * SOUND_RATE or time.monotonic() > until:
                    raise SoundTooLong(
                        f"at most {limits.SPEECH_SECONDS} s of sound are spoken from one file: "
                        "cut it, or use the voice WebSocket"
                    )
    except (av.error.FFmpegError, OSError, ValueError, OverflowError) as error:
        raise SoundUnreadable(UNREADABLE) from error
    if count == 0:
        raise SoundEmpty("there is no sound in this file: it has no samples")
    return np.concatenate(parts)


def _decoded(container: InputContainer) -> Iterator[Samples]:
    """Its first sound at 48 kHz mono, in pieces."""
    if not container.streams.audio:
        raise SoundUnreadable("there is no sound in this file")
    stream = container.streams.audio[0]
    context = stream.codec_context
    if (
        context is None  # no decoder is known at all
        or context.name not in CODECS
        or not LOWEST_RATE <= context.sample_rate <= HIGHEST_RATE
        or not 1 <= context.channels <= MOST_CHANNELS
    ):
        raise SoundUnreadable(UNREADABLE)
    context.thread_count = 1
    resampler = AudioResampler(format="s16", layout="mono", rate=SOUND_RATE)
    packets = broken = 0
    for packet in container.demux(stream):
        packets += 1
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            broken += 1
            continue
        for frame in frames:
            frame.pts = None  # a gap in the times is no gap in the sound
            for part in resampler.resample(frame):
                yield part.to_ndarray()[0].astype(np.int16)
    if broken > BROKEN_SHARE * packets:
        raise SoundUnreadable("this sound file is damaged")
    for part in resampler.resample(None):
        yield part.to_ndarray()[0].astype(np.int16)


def _kind(data: bytes) -> str:
    """FFmpeg's name for the kind of file that begins so."""
    if data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
        return "wav"
    if data[4:8] == b"ftyp":
        return "mov"
    for magic, kind in (
        (b"fLaC", "flac"),
        (b"OggS", "ogg"),
        (b"\x1aE\xdf\xa3", "matroska"),
        (b"ID3", "mp3"),
    ):
        if data.startswith(magic):
            return kind
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:  # sync of a frame
        return "mp3" if data[1] & 0x06 else "aac"
    raise SoundUnreadable(UNREADABLE)
