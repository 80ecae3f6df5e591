"""The sound of a file, in pieces; a film's where its pictures say it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np

from engine.errors import SoundEmpty, SoundUnreadable
from engine.footage import pictures_of
from engine.types import SOUND_RATE, SOUND_TICK, TICKS_PER_SECOND, Samples

LONGEST_SECONDS: Final = 3_600
"""Sound beyond an hour is refused: a file of silence unpacks a thousandfold."""
HOLE_SECONDS: Final = 0.05
"""Between two frames of sound; less is how a film's clock counts."""
LONGEST_HOLE_SECONDS: Final = 60.0
"""More is another clock: of a second recording behind the first, or of sound alone."""


def read_sound(source: Path) -> Iterator[Samples]:
    """The sound of a file at 48 kHz mono, int16, in pieces.

    A film's begins with its pictures: silence is put in where its sound begins later or has
    holes, and what was heard before the first picture is left out.

    Raises:
        SoundUnreadable: no file that PyAV can read, damaged, without sound, or too long.
        SoundEmpty: there are no samples in it.
    """
    count = 0
    try:
        with av.open(str(source)) as container:
            if not container.streams.audio:
                raise SoundUnreadable("there is no sound in this file: use a sound or video file")
            for piece in _resampled(container):
                count += len(piece)
                if count > LONGEST_SECONDS * SOUND_RATE:
                    raise SoundUnreadable("the sound is longer than an hour: cut it")
                yield piece
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise SoundUnreadable(
            "this file cannot be read as sound: use WAV, MP3, M4A, Ogg, FLAC or a video"
        ) from error
    if count == 0:
        raise SoundEmpty("there is no sound in this file: it has no samples")


def sound_seconds(source: Path) -> float:
    """How long a file says it is, in seconds; 0 when it does not say."""
    try:
        with av.open(str(source)) as container:
            return float(container.duration or 0) / av.time_base
    except (av.error.FFmpegError, OSError, ValueError):
        return 0.0


def silence(seconds: float) -> Iterator[Samples]:
    """So much silence at 48 kHz, in pieces; at the least a tick."""
    for _ in range(max(1, round(seconds * TICKS_PER_SECOND))):
        yield np.zeros(SOUND_TICK, np.int16)


def _resampled(container: av.container.InputContainer) -> Iterator[Samples]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_RATE)
    for before, frame in _placed(container):
        for at in range(0, before, SOUND_RATE):
            yield np.zeros(min(SOUND_RATE, before - at), np.int16)
        for part in resampler.resample(frame):
            yield part.to_ndarray()[0].astype(np.int16)
    for part in resampler.resample(None):
        yield part.to_ndarray()[0].astype(np.int16)


def _placed(container: av.container.InputContainer) -> Iterator[tuple[int, av.AudioFrame]]:
    """Frames of sound, each with the samples of silence, at 48 kHz, that are before it."""
    video = pictures_of(container)
    start = 0.0
    if video is not None and video.start_time is not None and video.time_base is not None:
        start = float(video.start_time * video.time_base)
    given = 0.0
    for frame in container.decode(audio=0):
        lasts = frame.samples / frame.sample_rate
        missing = frame.time - start - given if video is not None and frame.time is not None else 0
        if missing > LONGEST_HOLE_SECONDS:
            start, missing = start + missing, 0
        if given == 0 and missing <= -lasts / 2:
            continue  # before the first picture
        hole = missing if missing > (HOLE_SECONDS if given else 0) else 0
        given += hole + lasts
        yield round(hole * SOUND_RATE), frame
