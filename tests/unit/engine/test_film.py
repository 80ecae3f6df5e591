"""`visavis render` without the command: real files in, a real film out."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from engine.controls import Controls
from engine.errors import DeviceError, SoundEmpty, SoundError, SoundUnreadable
from engine.film import make_film, read_sound
from engine.studio import Studio
from tests.support.speech import tone, write_wav


def film(studio: Studio, sound: Path, target: Path, seed: int = 0) -> int:
    identity = studio.presenter("ada", 256)
    return make_film(studio, identity, sound, target, seed=seed, controls=Controls())


def pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").tobytes() for frame in container.decode(video=0)]


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (22_050, 2), (44_100, 2), (48_000, 1)])
def test_a_film_is_as_long_as_its_sound(
    studio: Studio, tmp_path: Path, rate: int, channels: int
) -> None:
    sound = write_wav(tmp_path / "in.wav", tone(1.0, rate=rate), rate, channels)
    count = film(studio, sound, tmp_path / "out.mp4")
    assert count == 25 if rate == 48_000 else 25 <= count <= 26
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].average_rate == 25
        assert container.streams.video[0].frames == count
        heard = sum(frame.samples for frame in container.decode(audio=0))
    assert heard / 48_000 == pytest.approx(count / 25, abs=0.06)


def test_two_runs_are_bit_equal_and_the_seed_matters(studio: Studio, tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "in.wav", tone(1.0), 48_000)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        film(studio, sound, tmp_path / f"{name}.mp4", seed)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert pictures(tmp_path / "a.mp4") != pictures(tmp_path / "c.mp4")


def test_the_sound_of_a_film_can_be_spoken_again(studio: Studio, tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "in.wav", tone(0.6), 48_000)
    film(studio, sound, tmp_path / "first.mp4")
    assert film(studio, tmp_path / "first.mp4", tmp_path / "second.mp4") >= 15


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.wav", b""),
        ("a.wav", b"RIFF????WAVEfmt "),
        ("a.mp3", b"text" * 100),
        ("a.png", b"\x89PNG"),
    ],
)
def test_what_is_no_sound_leaves_no_film(
    studio: Studio, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SoundError):
        film(studio, tmp_path / name, tmp_path / "out.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


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


def test_a_folder_that_is_not_there_is_said(studio: Studio, tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "in.wav", tone(0.2), 48_000)
    with pytest.raises(DeviceError, match="folder"):
        film(studio, sound, tmp_path / "no" / "out.mp4")
