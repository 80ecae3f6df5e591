"""Films of somebody with another mouth: whose, where, and nothing else."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import FilmUnreadable, NoFace
from engine.filmed_portrait import FilmedPortrait
from engine.footage import Footage
from engine.studio import Studio
from engine.tracker import Face
from engine.types import Floats, Motion, Picture, floats
from tests.support.lips import LOWER, UPPER
from tests.support.motions import motion
from tests.support.people import silent, somebody
from tests.support.videos import write_video

NOSE = 1


def faces(studio: Studio, picture: Picture) -> list[Face]:
    return studio.faces(picture)


def gap(studio: Studio, picture: Picture) -> float:
    """Between the lips, in heights of the face."""
    points = faces(studio, picture)[0].points
    return float((points[LOWER, 1] - points[UPPER, 1]) / np.ptp(points[:468, 1]))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pictures in which the mouth opens and closes, the head turns, lids close."""
    pictures = somebody(120, 48)[::5]
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", pictures)


def drawn(studio: Studio, film: Path, does: list[Motion]) -> list[Picture]:
    portrait = studio.filmed(film)
    return [portrait.draw(it) for it in does]


def as_filmed(film: Path, count: int) -> list[Picture]:
    return list(islice(Footage(film), count))


def test_the_voice_that_was_filmed_does_not_shine_through(studio: Studio, film: Path) -> None:
    before = floats([gap(studio, it) for it in as_filmed(film, 24)])
    after = floats([gap(studio, it) for it in drawn(studio, film, [motion()] * 24)])
    assert before.std() > 0.03, "in the film the mouth moves"
    assert after.var() < 0.05 * before.var() and after.max() < 0.04


def test_the_mouth_is_the_new_voices(studio: Studio, film: Path) -> None:
    wanted = floats([0.0, 0.3, 0.6, 0.9] * 6)
    found = drawn(studio, film, [motion(jawOpen=float(it)) for it in wanted])
    gaps = floats([gap(studio, it) for it in found])
    assert np.corrcoef(wanted, gaps)[0, 1] > 0.9


def test_eyes_head_and_background_are_the_films_to_the_bit(studio: Studio, film: Path) -> None:
    does = motion(jawOpen=0.8, eyeBlink=1.0, yaw=15.0, browInnerUp=1.0)
    for old, new in zip(as_filmed(film, 6), drawn(studio, film, [does] * 6), strict=True):
        points = faces(studio, old)[0].points
        low, high = points[:468, :2].min(axis=0), points[:468, :2].max(axis=0)
        changed = np.argwhere((old != new).any(axis=2))[:, ::-1]
        assert len(changed) > 100
        assert changed[:, 1].min() > points[33, 1], "nothing above the eyes' corners"
        beside, below = 0.2 * (high[0] - low[0]), 0.4 * (high[1] - low[1])
        assert (changed[:, 0] > low[0] - beside).all() and (changed[:, 0] < high[0] + beside).all()
        assert (changed[:, 1] < high[1] + below).all(), "the throat goes with a chin that drops"


def test_a_film_of_high_definition_keeps_its_size_and_its_pixels(
    studio: Studio, tmp_path: Path
) -> None:
    """A small face in a large picture, off its middle."""
    room = np.full((1080, 1920, 3), (70, 90, 60), np.uint8)
    room[500:756, 1200:1456] = somebody(1, 60)[0]
    path = write_video(tmp_path / "wide.mp4", [room] * 3)
    portrait = studio.filmed(path)
    assert (portrait.width, portrait.height) == (1920, 1080)
    old, new = as_filmed(path, 1)[0], portrait.draw(motion(jawOpen=0.9))
    changed = np.argwhere((old != new).any(axis=2))
    assert len(changed) > 100
    assert (changed.min(axis=0) > (560, 1240)).all() and (changed.max(axis=0) < (756, 1420)).all()


class Kept:
    """Lips that keep which faces they were to be given to."""

    def __init__(self) -> None:
        self.faces: list[Face] = []
        self.restarts: list[int] = []

    def __call__(self, picture: Picture, face: Face, motion: Motion) -> Picture:
        self.faces.append(face)
        return picture

    def restart(self) -> None:
        self.restarts.append(len(self.faces))

    @property
    def places(self) -> Floats:
        return floats([face.points[NOSE, :2] for face in self.faces])


def followed(studio: Studio, path: Path, pictures: list[Picture]) -> Kept:
    kept = Kept()
    portrait = FilmedPortrait(write_video(path, pictures), studio.faces, kept)
    for _ in pictures:
        portrait.draw(motion())
    return kept


def test_a_face_that_is_gone_is_left_alone_and_found_again(studio: Studio, tmp_path: Path) -> None:
    there = somebody(8)
    empty = [np.full_like(there[0], 90)] * 3
    kept = followed(studio, tmp_path / "film.mp4", [*there[:4], *empty, *there[4:]])
    assert len(kept.faces) == 8
    assert kept.restarts[-1] == 4, "who comes back may be another, or in another shot"


def test_of_two_faces_the_largest_is_followed_and_then_the_same(
    studio: Studio, tmp_path: Path
) -> None:
    """The other comes nearer in the end, and is not taken for it."""
    one, two = (cv2.resize(it, (320, 320)) for it in (somebody(1)[0], somebody(1, 120)[0]))

    def beside(left: int, right: int) -> Picture:
        room = np.full((360, 720, 3), 90, np.uint8)
        for picture, size, x in ((one, left, 20), (two, right, 380)):
            room[20 : 20 + size, x : x + size] = cv2.resize(picture, (size, size))
        return room

    pictures = [beside(320, 280)] * 3 + [beside(280, 320)] * 3
    kept = followed(studio, tmp_path / "two.mp4", pictures)
    assert len(kept.faces) == 6 and (kept.places[:, 0] < 340).all()


def test_a_film_without_anybody_and_no_film_are_told(studio: Studio, tmp_path: Path) -> None:
    empty = write_video(tmp_path / "empty.mp4", [np.full((64, 64, 3), 90, np.uint8)] * 40)
    with pytest.raises(NoFace, match="first second"):
        studio.filmed(empty)
    (tmp_path / "text.mp4").write_bytes(b"no film")
    with pytest.raises(FilmUnreadable):
        studio.filmed(tmp_path / "text.mp4")


def test_somebody_may_come_late(studio: Studio, tmp_path: Path) -> None:
    there = somebody(2)
    pictures = [np.full_like(there[0], 90)] * 20 + there
    assert len(followed(studio, tmp_path / "late.mp4", pictures).faces) == 2
    assert studio.filmed(silent(tmp_path / "film.mp4", 2, 30)).width == 256
