"""The sound of files: of any kind, in its place, and not too much of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engine.errors import SoundEmpty, SoundUnreadable
from engine.soundtrack import read_sound
from engine.types import SOUND_RATE
from tests.support.speech import tone, write_wav
from tests.support.videos import greys

LENGTH = 960
"""Samples of a frame: 20 ms."""


def film(path: Path, codec: str, pictures_at: float, sound_at: list[float]) -> Path:
    """A second of pictures from a moment on, and frames of a tone at those; all in seconds."""
    with av.open(str(path), "w") as container:
        video, audio = container.add_stream("mpeg4", 25), container.add_stream(codec, SOUND_RATE)
        assert isinstance(video, av.VideoStream) and isinstance(audio, av.AudioStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio.layout = "mono"
        for number, grey in enumerate(greys(25)):
            picture = av.VideoFrame.from_ndarray(grey, "rgb24")
            picture.pts, picture.time_base = round(25 * pictures_at) + number, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        samples = tone(len(sound_at) * LENGTH / SOUND_RATE).reshape(-1, 1, LENGTH)
        for at, part in zip(sound_at, samples, strict=True):
            frame = av.AudioFrame.from_ndarray(part, "s16", "mono")
            frame.sample_rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
            frame.pts = round(at * SOUND_RATE)
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


def loud(path: Path) -> list[float]:
    """When the sound begins and ends being loud, in seconds, each time; to 10 ms."""
    heard = np.concatenate(list(read_sound(path))).astype(float)
    parts = np.abs(heard[: len(heard) // 480 * 480].reshape(-1, 480)).max(axis=1) > 500
    return [float(at) / 100 for at in np.flatnonzero(np.diff(np.r_[False, parts, False]))]


def frames(begin: float, count: int) -> list[float]:
    return [begin + number * LENGTH / SOUND_RATE for number in range(count)]


@pytest.mark.parametrize(
    ("pictures_at", "sound_at", "heard"),
    [
        (0.0, frames(0.0, 50), [0.0, 1.0]),
        (0.0, frames(0.4, 30), [0.4, 1.0]),
        (0.4, frames(0.0, 50), [0.0, 0.6]),
        (2.0, frames(2.2, 40), [0.2, 1.0]),
        (0.0, frames(0.2, 10) + frames(0.8, 10), [0.2, 0.4, 0.8, 1.0]),
        (0.0, frames(0.2, 10) + frames(5_000.2, 10), [0.2, 0.6]),
        (0.0, frames(9_000.0, 50), [0.0, 1.0]),
    ],
    ids=["together", "sound later", "pictures later", "both later", "a hole", "a jump", "apart"],
)
def test_a_films_sound_is_where_its_pictures_say(
    tmp_path: Path, pictures_at: float, sound_at: list[float], heard: list[float]
) -> None:
    path = film(tmp_path / "film.mkv", "pcm_s16le", pictures_at, sound_at)
    assert loud(path) == pytest.approx(heard, abs=0.021)


def test_sound_alone_begins_with_the_file(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tone(0.3), SOUND_RATE)
    assert loud(tmp_path / "a.wav") == pytest.approx([0.0, 0.3], abs=0.011)


def test_a_missing_file_and_an_empty_sound(tmp_path: Path) -> None:
    with pytest.raises(SoundUnreadable, match="WAV, MP3"):
        list(read_sound(tmp_path / "nothing.wav"))
    empty = write_wav(tmp_path / "empty.wav", np.zeros(0, np.int16), 16_000)
    with pytest.raises((SoundEmpty, SoundUnreadable)):
        list(read_sound(empty))


def test_more_than_an_hour_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    """An hour of silence is a small file, and 345 MB when it is decoded."""
    bomb = tmp_path / "silence.flac"
    with av.open(str(bomb), "w") as container:
        stream = container.add_stream("flac", 8_000)
        stream.layout = "mono"
        silent = av.AudioFrame.from_ndarray(np.zeros((1, 80_000), np.int16), "s16", "mono")
        silent.sample_rate = 8_000
        for n in range(361):
            silent.pts = n * 80_000
            container.mux(stream.encode(silent))
        container.mux(stream.encode(None))
    assert bomb.stat().st_size < 1_000_000
    with pytest.raises(SoundUnreadable, match="longer than an hour"):
        for _ in read_sound(bomb):
            pass
