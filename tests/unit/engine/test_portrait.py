"""Pictures from strangers: checked before they are believed."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.bundle import Bundle
from engine.errors import (
    FaceUnsuitable,
    NoFace,
    PictureTooLarge,
    PictureUnreadable,
    SeveralFaces,
    VisavisError,
)
from engine.portrait import MOST_TILT, decode_picture, level, make_portrait, tilt_of
from engine.suitable import the_face
from engine.tracker import Face, FaceTracker
from engine.types import Picture, floats


@pytest.fixture(scope="module")
def tracker(bundle: Bundle) -> Iterator[FaceTracker]:
    made = FaceTracker(bundle.asset("tracker"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def ada(bundle: Bundle) -> Picture:
    return decode_picture(bundle.read(bundle.presenter("ada").picture))


def encoded(picture: Picture, kind: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    Image.fromarray(picture).save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pictures_of_the_accepted_kinds_become_portraits(
    tracker: FaceTracker, ada: Picture, kind: str
) -> None:
    portrait = make_portrait(encoded(ada, kind), tracker)
    assert portrait.picture.shape == (512, 512, 3)
    assert portrait.face.points.shape == (478, 3)
    assert 100 < np.ptp(portrait.face.points[:468, 1]) < 400


def test_a_phones_turned_photograph_is_set_upright(tracker: FaceTracker, ada: Picture) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned clockwise
    turned = encoded(np.rot90(ada).copy(), "JPEG", exif=exif)
    portrait = make_portrait(turned, tracker)
    assert abs(portrait.face.turn[2]) < 5


ORIENTATIONS: list[Callable[[Picture], Any]] = [
    lambda it: it,
    np.fliplr,
    lambda it: np.rot90(it, 2),
    np.flipud,
    lambda it: np.swapaxes(it, 0, 1),
    np.rot90,
    lambda it: np.rot90(np.swapaxes(it, 0, 1), 2),
    lambda it: np.rot90(it, -1),
]
"""How a camera may have laid a picture down, in the order of EXIF's numbers."""


@pytest.mark.parametrize("number", range(1, 9))
def test_every_orientation_is_set_upright(ada: Picture, number: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = number
    laid = np.ascontiguousarray(ORIENTATIONS[number - 1](ada[:300]))
    np.testing.assert_array_equal(decode_picture(encoded(laid, exif=exif)), ada[:300])


@pytest.mark.filterwarnings("ignore")
def test_damaged_exif_takes_hardly_a_picture_away(ada: Picture) -> None:
    """Cameras and programs write all sorts of it; what Pillow itself stumbles over is refused."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9003] = 6, "a camera", "2026:11:30 12:00:00"
    content = bytearray(encoded(np.rot90(ada).copy(), "JPEG", exif=exif))
    dice, at = random.Random(7), content.index(b"Exif") + 6
    shapes = Counter[tuple[int, ...]]()
    for _ in range(300):
        damaged = bytearray(content)
        damaged[at + dice.randrange(90)] = dice.randrange(256)
        with contextlib.suppress(PictureUnreadable):
            shapes[decode_picture(bytes(damaged)).shape] += 1
    assert set(shapes) == {ada.shape} and shapes.total() >= 270


@pytest.mark.parametrize("more", [{}, {"transparency": 7}])
def test_16_bits_of_grey_are_as_bright_as_8(more: dict[str, int]) -> None:
    ramp = np.linspace(0, 255, 256 * 4).reshape(4, 256).astype(np.uint8)
    deep = io.BytesIO()
    Image.fromarray(ramp.astype(np.uint16) * 257).save(deep, "PNG", **more)
    np.testing.assert_array_equal(decode_picture(deep.getvalue()), decode_picture(encoded(ramp)))


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 2_048, 3), (80, 2_048, 3)])
def test_thin_pictures_are_not_looked_through_for_long(shape: tuple[int, int, int]) -> None:
    looked = 0

    def tracker(picture: Picture) -> list[Face]:
        nonlocal looked
        looked += 1
        return []

    with pytest.raises(NoFace):
        make_portrait(encoded(np.zeros(shape, np.uint8)), tracker)
    assert looked <= 100


def test_grey_and_transparent_pictures_are_flattened(ada: Picture) -> None:
    assert decode_picture(encoded(ada[..., 0])).shape == ada.shape
    clear = np.dstack([ada, np.zeros(ada.shape[:2], np.uint8)])
    assert decode_picture(encoded(clear)).min() > 200


def test_a_large_picture_is_reduced_but_its_face_kept(tracker: FaceTracker, ada: Picture) -> None:
    wide = np.full((2_400, 3_600, 3), 128, np.uint8)
    wide[900:1_412, 1_200:1_712] = ada
    assert max(decode_picture(encoded(wide)).shape) == 2_048
    assert make_portrait(encoded(wide), tracker).face.points.shape == (478, 3)


_HEADER = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
BOMB = b"".join(
    [
        b"\x89PNG\r\n\x1a\n",
        struct.pack(">I", 13) + _HEADER + struct.pack(">I", zlib.crc32(_HEADER)),
        struct.pack(">I", 1_000) + b"IDAT",
    ]
)
"""A PNG header of 20,000 x 20,000 pixels, and nothing behind it."""


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", PictureUnreadable),
        (b"hello, I am a text that was renamed", PictureUnreadable),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", PictureUnreadable),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", PictureUnreadable),
        (BOMB, PictureTooLarge),
    ],
    ids=["empty", "text", "svg", "gif", "20000 pixels"],
)
def test_what_is_no_fit_picture_is_refused_undecoded(
    content: bytes, error: type[VisavisError]
) -> None:
    with pytest.raises(error):
        decode_picture(content)


def test_a_cut_off_file_is_refused(ada: Picture) -> None:
    for kind in ("PNG", "JPEG", "WEBP"):
        content = encoded(ada, kind)
        with pytest.raises(PictureUnreadable):
            decode_picture(content[: len(content) // 2])


def test_no_face_two_faces_and_small_faces_are_told_apart(
    tracker: FaceTracker, ada: Picture
) -> None:
    with pytest.raises(NoFace, match="one person"):
        make_portrait(encoded(np.full((400, 400, 3), 90, np.uint8)), tracker)
    with pytest.raises(SeveralFaces):
        make_portrait(encoded(np.hstack([ada, ada])), tracker)
    small = np.full((400, 400, 3), 90, np.uint8)
    small[150:250, 150:250] = np.asarray(Image.fromarray(ada).resize((100, 100)))
    with pytest.raises((FaceUnsuitable, NoFace)):
        make_portrait(encoded(small), tracker)


def test_a_face_that_is_cut_off_is_refused(tracker: FaceTracker, ada: Picture) -> None:
    with pytest.raises((FaceUnsuitable, NoFace)):
        make_portrait(encoded(ada[:, 256:].copy()), tracker)


@pytest.mark.parametrize("tilt", [-25, -8, 12, 30])
def test_a_tilted_head_is_levelled(tracker: FaceTracker, astronaut: bytes, tilt: int) -> None:
    tilted = Image.open(io.BytesIO(astronaut)).rotate(tilt, Image.Resampling.BICUBIC)
    portrait = make_portrait(encoded(np.asarray(tilted)), tracker)
    assert abs(tilt_of(portrait.face.points)) < MOST_TILT


def test_a_level_head_is_not_resampled_twice(ada: Picture, tracker: FaceTracker) -> None:
    (face,) = tracker(ada)
    assert level(ada, face.points)[0] is ada


def test_a_picture_that_shows_all_of_a_face_is_accepted(
    tracker: FaceTracker, astronaut: bytes
) -> None:
    portrait = make_portrait(astronaut, tracker)
    assert 200 < np.ptp(portrait.face.points[:468, 1]) < 360


def test_eyes_behind_dark_glasses_are_refused(tracker: FaceTracker, ada: Picture) -> None:
    (face,) = tracker(ada)
    picture = ada.copy()
    for eye in (468, 473):
        x, y = face.points[eye, :2].astype(int)
        picture[y - 22 : y + 28, x - 36 : x + 36] = (18, 18, 20)
    with pytest.raises(FaceUnsuitable, match="dark glasses"):
        make_portrait(encoded(picture), tracker)


def test_a_profile_is_refused(tracker: FaceTracker, ada: Picture) -> None:
    (face,) = tracker(ada)
    turned = Face(face.points, face.coefficients, floats([40.0, 0.0, 0.0]))
    with pytest.raises(FaceUnsuitable, match="turned away"):
        the_face([turned], ada)
