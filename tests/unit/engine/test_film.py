"""`visavis render` without the command: real files in, a real film out."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace
from PIL import Image

from engine.background import Coloured
from engine.controls import Controls
from engine.errors import DeviceError, SoundError
from engine.film import make_film
from engine.scene import Framing, Scene
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


def test_a_film_may_have_any_shape_and_says_its_colours(
    studio: Studio, tmp_path: Path, astronaut: bytes
) -> None:
    tall = Image.open(io.BytesIO(astronaut)).crop((90, 0, 391, 512))
    tall.save(tmp_path / "tall.png")
    scene = Scene(Framing.WHOLE, Coloured((200, 60, 40)))
    identity = studio.portrait((tmp_path / "tall.png").read_bytes(), 256, scene)
    sound = write_wav(tmp_path / "in.wav", tone(0.3), 48_000)
    make_film(studio, identity, sound, tmp_path / "out.mp4", seed=0, controls=Controls())
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (300, 512)
    assert frame.colorspace == Colorspace.ITU601
    np.testing.assert_allclose(frame.to_ndarray(format="rgb24")[8, 8], (200, 60, 40), atol=4)


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


def test_a_folder_that_is_not_there_is_said(studio: Studio, tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "in.wav", tone(0.2), 48_000)
    with pytest.raises(DeviceError, match="folder"):
        film(studio, sound, tmp_path / "no" / "out.mp4")
