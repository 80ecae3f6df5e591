"""A speech file and a face become a film: the live pipeline on a manual clock.

Sound of any kind that PyAV reads, also out of a video file, goes in; an MP4 with H.264
pictures and AAC sound comes out. Nothing depends on time or threads, so the same
input and seed give the same pictures.
"""

from __future__ import annotations

import contextlib
import fractions
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np

from engine import colours
from engine.controls import Controls
from engine.drive import UNDRIVEN, Drive
from engine.errors import DeviceError
from engine.pipeline import Pipeline
from engine.render import Identity
from engine.soundtrack import read_sound
from engine.studio import Studio
from engine.target import check_target
from engine.types import SOUND_RATE, SOUND_TICK, TICKS_PER_SECOND, AVFrame, Samples, Sound

BIT_RATE: Final = 96_000
UNFINISHED: Final = "the film could not be written to its end: is the disk full?"
QUALITY: Final = "18"
"""x264's constant rate factor: visually the same as the pictures."""


def make_film(
    studio: Studio,
    identity: Identity,
    sound: Path | Iterable[Samples],
    target: Path,
    *,
    seed: int,
    controls: Controls,
    drive: Drive = UNDRIVEN,
    tell: Callable[[], object] = lambda: None,
) -> int:
    """Let `identity` speak the sound of a file; returns how many pictures there are.

    Args:
        studio: that made the identity.
        identity: whose face it is.
        sound: file with speech, or its pieces at 48 kHz.
        target: MP4 file to write.
        seed: of blinks and small motions.
        controls: sources, gains and emotion.
        drive: what moves the face besides the sound.
        tell: called after each picture.

    Raises:
        SoundError: the sound cannot be read; no file is left then.
        ControlError, FilmUnreadable, PortraitError, MotionUnreadable: what drives the face
            cannot be used.
        DeviceError: the film, or what the face does, cannot be written.
    """
    pipeline = studio.pipeline(identity, seed=seed, controls=controls, limit=SOUND_RATE, jitter=0)
    pieces = read_sound(sound) if isinstance(sound, Path) else sound
    count = 0
    with (
        drive.driving(studio, identity, pipeline),
        Film(target, identity.width, identity.height) as film,
    ):
        for frame in frames(pipeline, pieces):
            film.add(frame)
            count += 1
            tell()
    return count


def frames(pipeline: Pipeline, sound: Iterable[Samples]) -> Iterator[AVFrame]:
    """Pictures with their sound, from the first sample to the last.

    The look-ahead's first ticks, in which nothing is played yet, are left out.

    Args:
        pipeline: a fresh one.
        sound: pieces at 48 kHz.
    """
    begun = 0
    for samples in _ticks(sound):
        yield from _step(pipeline, samples, begun)
        begun += 1
    pipeline.end()
    for late in range(pipeline.delay):
        yield from _step(pipeline, np.zeros(SOUND_TICK, np.int16), begun + late)


def _ticks(sound: Iterable[Samples]) -> Iterator[Samples]:
    """Sound of any pieces in pieces of one tick, the last filled up with silence."""
    pending = np.zeros(0, np.int16)
    for piece in sound:
        pending = np.concatenate([pending, piece])
        whole = len(pending) // SOUND_TICK * SOUND_TICK
        yield from pending[:whole].reshape(-1, SOUND_TICK)
        pending = pending[whole:]
    if len(pending):
        yield np.pad(pending, (0, SOUND_TICK - len(pending)))


def _step(pipeline: Pipeline, samples: Samples, begun: int) -> Iterator[AVFrame]:
    pipeline.push(Sound(samples, SOUND_RATE))
    tick = pipeline.tick()
    if begun < pipeline.delay:
        pipeline.skip(tick)
    else:
        yield pipeline.draw(tick)


class Film:
    """Writes frames to an MP4 file; a half-written file is removed.

    Args:
        target: where to; its folder must exist.
        width: of the pictures, pixels, even.
        height: of the pictures, pixels, even.

    Raises:
        DeviceError: no file can be made there.
    """

    def __init__(self, target: Path, width: int, height: int) -> None:
        check_target(target, "the film")
        self._target = target
        self._partial = target.with_name(target.name + ".part")
        try:
            self._partial.touch()
            self._container = av.open(str(self._partial), "w", format="mp4")
        except (av.error.FFmpegError, OSError) as error:
            raise DeviceError(
                "the film cannot be written there: choose a folder that exists and may be written"
            ) from error
        options = {"crf": QUALITY, "preset": "veryfast"}
        self._video = self._container.add_stream("libx264", TICKS_PER_SECOND, options)
        self._video.width, self._video.height = width, height
        self._video.pix_fmt = "yuv420p"
        colours.tag(self._video.codec_context)
        self._video.codec_context.thread_count = 1  # the same file on every machine
        self._audio = self._container.add_stream("aac", SOUND_RATE)
        self._audio.layout = "mono"
        self._audio.bit_rate = BIT_RATE
        self._count = 0

    def add(self, frame: AVFrame) -> None:
        """Append one picture and its 40 ms of sound."""
        picture = av.VideoFrame.from_ndarray(frame.picture, format="rgb24")
        picture.pts = self._count
        picture.time_base = fractions.Fraction(1, TICKS_PER_SECOND)
        self._container.mux(self._video.encode(picture))
        sound = av.AudioFrame.from_ndarray(frame.sound[None], format="s16", layout="mono")
        sound.sample_rate = SOUND_RATE
        sound.pts = self._count * SOUND_TICK
        sound.time_base = fractions.Fraction(1, SOUND_RATE)
        self._container.mux(self._audio.encode(sound))
        self._count += 1

    def __enter__(self) -> Film:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, _: object) -> None:
        if kind is None:
            try:
                self._finish()
            except (av.error.FFmpegError, OSError) as failure:
                self._discard()
                raise DeviceError(UNFINISHED) from failure
            return
        self._discard()
        if issubclass(kind, (av.error.FFmpegError, OSError)):
            raise DeviceError(UNFINISHED)

    def _finish(self) -> None:
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))
        self._container.close()
        self._partial.replace(self._target)

    def _discard(self) -> None:
        with contextlib.suppress(av.error.FFmpegError, OSError):
            self._container.close()
        self._partial.unlink(missing_ok=True)
