"""Sound files of many kinds, made in memory."""

from __future__ import annotations

import io
import wave
from fractions import Fraction

import av
from av.audio.resampler import AudioResampler

from engine.types import Samples


def encoded(samples: Samples, rate: int, kind: str, codec: str, layout: str = "mono") -> bytes:
    """int16 [n] as a file of FFmpeg's format `kind`, the same in all channels."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        if codec == "vorbis":
            stream.codec_context.options = {"strict": "experimental"}
        stream.codec_context.open()
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        resampler = AudioResampler(
            stream.codec_context.format, layout, rate, stream.codec_context.frame_size or None
        )
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return file.getvalue()


def empty_wav() -> bytes:
    """A sound file without samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as target:
        target.setparams((1, 2, 48_000, 0, "NONE", ""))
    return file.getvalue()
