"""Sound files and sample rates, through FFmpeg (PyAV)."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import numpy as np

from engine.types import Floats


def to_int16(sound: Floats) -> bytes:
    """Float samples in -1..1 as little-endian 16-bit samples; louder ones are clipped."""
    return (np.clip(sound, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


def from_int16(data: bytes) -> Floats:
    """Little-endian 16-bit samples as float32 in -1..1."""
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768.0)


def resampled(sound: Floats, rate: float, target: int) -> Floats:
    """`sound` at `rate` Hz as float32 at `target` Hz, without delay.

    `rate` may be any number: to play a sound 1.1 times faster and higher, say that
    it was recorded at 1.1 times its rate.
    """
    source = round(rate)
    if source == target:
        return sound.astype(np.float32)
    resampler = av.AudioResampler(format="flt", layout="mono", rate=target)
    frame = av.AudioFrame.from_ndarray(sound.astype(np.float32)[None], format="flt", layout="mono")
    frame.sample_rate = source
    pieces = [*resampler.resample(frame), *resampler.resample(None)]
    result: Floats = np.concatenate([piece.to_ndarray()[0] for piece in pieces])
    return result


def read_wav(path: Path | io.BytesIO) -> tuple[Floats, int]:
    """Samples and rate of a 16-bit mono WAV file."""
    with wave.open(path if isinstance(path, io.BytesIO) else str(path), "rb") as file:
        if file.getsampwidth() != 2 or file.getnchannels() != 1:
            raise ValueError("only 16-bit mono WAV files are read here")
        return from_int16(file.readframes(file.getnframes())), file.getframerate()


def write_wav(path: Path, sound: Floats, rate: int) -> None:
    """Write a 16-bit mono WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(to_int16(sound))


def encoded(sound: Floats, rate: int, codec: str, container: str, bits: int | None = None) -> bytes:
    """`sound` as a file in memory, at `bits` a second where the codec has a choice."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, options={"strict": "experimental"})
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        if bits is not None:
            stream.bit_rate = bits
        samples = np.frombuffer(to_int16(sound), np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        for piece in (frame, None):
            output.mux(stream.encode(piece))
    return buffer.getvalue()


def decoded(data: bytes, target: int) -> Floats:
    """The sound of a file in memory, float32 mono at `target` Hz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=target)
    pieces: list[Floats] = []
    with av.open(io.BytesIO(data), "r") as source:
        for frame in source.decode(audio=0):
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    return np.concatenate(pieces)
