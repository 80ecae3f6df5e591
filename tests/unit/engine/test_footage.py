"""Films at 25 pictures a second, forwards and backwards, whatever their rate and kind."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engine.errors import ControlError, FilmUnreadable
from engine.footage import STRETCH, Footage, Rgb, film_seconds, timed
from engine.material import Kind, kind_of
from engine.types import Picture
from tests.support.speech import silence, write_wav
from tests.support.videos import greys, write_video


def shades(pictures: list[Picture]) -> list[int]:
    return [round(float(picture.mean())) for picture in pictures]


def own(path: Path) -> list[int]:
    """The film's own pictures, as they are read back."""
    return shades([Rgb()(frame) for _, frame in timed(path)])


@pytest.mark.parametrize(
    ("rate", "count", "ticks"),
    [(25, 50, 50), (30, 60, 50), (24, 48, 50), (10, 20, 50), (60, 90, 38)],
)
def test_a_film_of_any_rate_keeps_its_time(
    tmp_path: Path, rate: int, count: int, ticks: int
) -> None:
    path = write_video(tmp_path / "film.mp4", greys(count), rate)
    assert film_seconds(path) == pytest.approx(count / rate, abs=0.01)
    shown, known = shades(list(islice(Footage(path), ticks))), own(path)
    wanted = [known[min(int(tick * rate / 25 + 0.05), count - 1)] for tick in range(ticks)]
    assert shown == wanted


@pytest.mark.parametrize("count", [1, 2, 3 * STRETCH + 5])
def test_at_its_end_it_goes_backwards_and_forwards_again(tmp_path: Path, count: int) -> None:
    path = write_video(tmp_path / "film.mp4", greys(count))
    known = own(path)
    there_and_back = [*known, *known[-2::-1], *known[1:], *known[-2::-1]]
    assert shades(list(islice(Footage(path), len(there_and_back)))) == there_and_back


def test_a_film_that_begins_late_begins_at_once(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        for number, picture in enumerate(greys(40)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = 125 + number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert [time for time, _ in timed(path)][0] == pytest.approx(0.0, abs=0.002)
    known = own(path)
    assert shades(list(islice(Footage(path), 60))) == [*known, *known[-2:-22:-1]]


def test_what_is_no_film_is_told(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "sound.wav", silence(0.2), 48_000)
    (tmp_path / "text.mp4").write_bytes(b"no film")
    whole = write_video(tmp_path / "whole.mp4", greys(30))
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    for path in (sound, tmp_path / "text.mp4", tmp_path / "cut.mp4", tmp_path / "none.mp4"):
        with pytest.raises(FilmUnreadable):
            next(iter(Footage(path)))
        with pytest.raises(FilmUnreadable):
            film_seconds(path)


def with_cover(song: bytes, picture: bytes) -> bytes:
    """A song with a picture in its ID3 tag (version 2.3), as players show it."""
    content = b"\x00image/png\x00\x03\x00" + picture
    frame = b"APIC" + len(content).to_bytes(4, "big") + b"\x00\x00" + content
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + frame + song


def test_the_picture_on_a_songs_cover_is_no_film(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), (90, 10, 10)).save(tmp_path / "cover.png")
    song = tmp_path / "song.mp3"
    with av.open(str(song), "w") as container:
        sound = container.add_stream("mp3", 48_000)
        sound.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), "s16p", "mono")
        frame.sample_rate = 48_000
        container.mux([*sound.encode(frame), *sound.encode(None)])
    song.write_bytes(with_cover(song.read_bytes(), (tmp_path / "cover.png").read_bytes()))
    with av.open(str(song)) as container:
        assert len(container.streams.video) == 1, "what it is about"
    with pytest.raises(FilmUnreadable, match="no pictures"):
        film_seconds(song)
    assert kind_of(song) is Kind.SOUND


def test_a_film_that_lies_on_its_side_is_set_upright(tmp_path: Path) -> None:
    """As phones say it: by a matrix in the track's header, here a quarter clockwise."""
    picture = np.full((48, 64, 3), 40, np.uint8)
    picture[:16, :16] = 220
    path = write_video(tmp_path / "film.mp4", [picture] * 5)
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44
    turned = np.array([0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30], ">i4").tobytes()
    content[matrix : matrix + len(turned)] = turned
    path.write_bytes(content)
    upright = next(iter(Footage(path)))
    assert upright.shape == (64, 48, 3)
    assert upright[:16, -16:].mean() > 150 and upright[:16, :16].mean() < 60


@pytest.mark.parametrize("name", ["still.bmp", "still.tiff", "still.ppm"])
def test_pictures_of_other_kinds_are_no_films(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (32, 32), (90, 10, 10)).save(tmp_path / name)
    with pytest.raises(ControlError, match="PNG, JPEG, WebP"):
        kind_of(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", Kind.PICTURE), ("a.jpg", Kind.PICTURE), ("a.webp", Kind.PICTURE)]
)
def test_pictures_are_known_by_their_content(tmp_path: Path, name: str, kind: Kind) -> None:
    Image.new("RGB", (32, 32), (90, 10, 10)).save(tmp_path / name)
    (tmp_path / name).rename(tmp_path / "file.mp4")
    assert kind_of(tmp_path / "file.mp4") is kind
