"""A picture from anywhere becomes a checked, square portrait with its face read.

Pictures are checked before they are decoded: kind by content, then size from the
header. Turned photographs (EXIF) are set upright; all metadata is dropped.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, replace
from typing import Final, Protocol

import cv2
import numpy as np
from PIL import ExifTags, Image

from engine.crop import MESH, Crop
from engine.errors import NoFace, PersonUnclear, PictureTooLarge, PictureUnreadable
from engine.facemesh import EYE_OUTER_LEFT, EYE_OUTER_RIGHT
from engine.resample import affine, cut
from engine.suitable import SMALLEST_FACE, the_face
from engine.tracker import Face
from engine.types import Floats, Picture, floats

KINDS: Final = ("PNG", "JPEG", "WEBP")
MOST_PIXELS: Final = 16_777_216
"""4096 x 4096: more than any avatar needs, 50 MB decoded."""
LONGEST_SIDE: Final = 2_048
"""Larger pictures are reduced before the face is looked for."""
PORTRAIT_SIZE: Final = 512
WINDOW: Final = 0.55
"""Side of the squares in which small faces are looked for, in shorter sides."""
MOST_WINDOWS: Final = 96
"""One eight times as wide as it is high has 84; what is thinner is not looked through."""
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a picture upright, by its EXIF orientation."""
NOSE: Final = 1
MOST_TILT: Final = 3.0
"""Degrees between the eyes and the horizontal up to which a head is left as it is held."""


class ReadsFaces(Protocol):
    """What finds faces; `engine.tracker.FaceTracker` does."""

    def __call__(self, picture: Picture) -> list[Face]:
        """The faces in a picture."""
        ...


@dataclass(frozen=True, slots=True)
class Portrait:
    """A square picture, uint8 [512, 512, 3], and the face in it, in its pixels."""

    picture: Picture
    face: Face


@dataclass(frozen=True, slots=True)
class Upload:
    """A decoded picture, and how much of each pixel there is, uint8 [h, w], where it says so."""

    picture: Picture
    cover: Picture | None


def decode_picture(content: bytes) -> Picture:
    """The picture of `decode_upload`, transparency over light grey."""
    return decode_upload(content).picture


def decode_upload(content: bytes) -> Upload:
    """Decode a PNG, JPEG or WebP picture to upright RGB and its alpha, if it has any.

    Raises:
        PictureUnreadable: another kind of file, or a damaged one.
        PictureTooLarge: more than `MOST_PIXELS`; nothing has been decoded then.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=KINDS)
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise PictureTooLarge(
                f"the picture has {width} x {height} pixels: send one of at most 4096 x 4096"
            )
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        return _flatten(_upright(picture))
    except Image.DecompressionBombError as error:
        raise PictureTooLarge("the picture is far too large: send at most 4096 x 4096") from error
    except PictureTooLarge:
        raise
    except Exception as error:  # damaged files break their readers in a dozen ways
        raise PictureUnreadable(
            "this is not a picture that can be read: send a PNG, JPEG or WebP file"
        ) from error


def decode_person(content: bytes) -> Upload:
    """What `decode_upload` gives of a picture that shows somebody.

    Raises:
        PictureUnreadable, PictureTooLarge: as that.
        PersonUnclear: all of it is transparent.
    """
    upload = decode_upload(content)
    if upload.cover is not None and not upload.cover.any():
        raise PersonUnclear("all of this picture is transparent: send one that shows somebody")
    return upload


def _upright(picture: Image.Image) -> Image.Image:
    """Set as its EXIF says; of that nothing else is read, which may be damaged."""
    turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    return picture if turn is None else picture.transpose(turn)


def _flatten(picture: Image.Image) -> Upload:
    """RGB pixels, transparency over light grey, no side longer than `LONGEST_SIDE`."""
    cover = None
    if picture.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off at 255
        picture = Image.fromarray((np.asarray(picture) // 257).astype(np.uint8))
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        ground = Image.new("RGBA", layered.size, (225, 227, 230, 255))
        picture = Image.alpha_composite(ground, layered)
        cover = _reduced(layered.getchannel("A"))
    whole = cover is None or bool((cover == 255).all())
    return Upload(_reduced(picture.convert("RGB")), None if whole else cover)


def _reduced(picture: Image.Image) -> Picture:
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(picture).copy()


def make_portrait(content: bytes, tracker: ReadsFaces, rule: Crop = MESH) -> Portrait:
    """Check, decode and crop a picture to a portrait.

    Args:
        content: of a PNG, JPEG or WebP file.
        tracker: finds faces.
        rule: by which it is cropped.

    Raises:
        PortraitError: one of its leaves, with a sentence for the person who sent it.
    """
    picture = decode_person(content).picture
    face = the_face(find_faces(picture, tracker), picture)
    return read(framed(picture, face.points, rule), tracker)


def as_held(picture: Picture, tracker: ReadsFaces, rule: Crop = MESH) -> Portrait:
    """The portrait of the largest face in a picture, which is not levelled: a tilt is told, too.

    Args:
        picture: RGB uint8 [h, w, 3].
        tracker: finds faces.
        rule: by which it is cropped.

    Raises:
        NoFace: there is none.
    """
    faces = find_faces(picture, tracker)
    if not faces:
        raise NoFace("no face was found in the picture that is to be followed: use another one")
    largest = max(faces, key=lambda face: float(np.ptp(face.points[:468, 1])))
    return read(framed(picture, largest.points, replace(rule, levels=False)), tracker)


def read(square: Picture, tracker: ReadsFaces) -> Portrait:
    """The portrait whose cropped picture this is.

    Raises:
        NoFace: it cannot be read.
    """
    faces = tracker(square)
    if len(faces) == 0:
        raise NoFace("the face could not be read well: use a sharper picture from the front")
    return Portrait(square, max(faces, key=lambda found: float(np.ptp(found.points[:, 1]))))


def find_faces(picture: Picture, tracker: ReadsFaces) -> list[Face]:
    """The faces of a picture, also where they are a small part of it.

    The tracker sees the picture reduced, so that a face of less than a sixth of it is
    missed; where it finds none it looks again at overlapping squares, `MOST_WINDOWS` at most.
    """
    height, width = picture.shape[:2]
    if min(height, width) < SMALLEST_FACE:
        return []
    faces = tracker(picture)
    if faces:
        return faces
    side = int(WINDOW * min(height, width))
    places = [(x, y) for y in _starts(height, side) for x in _starts(width, side)]
    found: list[Face] = []
    for x, y in places if len(places) <= MOST_WINDOWS else ():
        for face in tracker(picture[y : y + side, x : x + side]):
            points = face.points + floats([x, y, 0])
            if not any(_same(points, known.points) for known in found):
                found.append(Face(points, face.coefficients, face.turn))
    return found


def _starts(length: int, side: int) -> list[int]:
    count = max(1, round((length - side) / (side / 2))) + 1
    return [round(n * (length - side) / (count - 1)) for n in range(count)]


def _same(one: Floats, other: Floats) -> bool:
    apart = np.linalg.norm(one[NOSE, :2] - other[NOSE, :2])
    return bool(apart < 0.4 * np.ptp(other[:468, 1]))


def tilt_of(points: Floats) -> float:
    """Degrees by which the line of the eyes falls to the right, from landmarks [n, 3]."""
    across, down = (points[EYE_OUTER_LEFT] - points[EYE_OUTER_RIGHT])[:2]
    return float(np.degrees(np.arctan2(down, across)))


def level(picture: Picture, points: Floats) -> tuple[Picture, Floats]:
    """The picture turned about the face until the eyes are level, and its landmarks [n, 3]."""
    matrix = levelling(points)
    if matrix is None:
        return picture, points
    upright = affine(picture, matrix, picture.shape[:2], cv2.INTER_CUBIC)
    return np.asarray(upright, np.uint8), moved(points, matrix)


def levelling(points: Floats) -> Floats | None:
    """The rotation [2, 3] about the face that makes the eyes level; None where they are."""
    tilt = tilt_of(points)
    if abs(tilt) <= MOST_TILT:
        return None
    return turn_about(points, tilt)


def turn_about(points: Floats, degrees: float) -> Floats:
    """The rotation [2, 3] about a face, landmarks [n, 3], that takes away such a tilt."""
    x, y = (float(value) for value in points[:468, :2].mean(axis=0))
    return floats(cv2.getRotationMatrix2D((x, y), degrees, 1.0))


def moved(points: Floats, matrix: Floats) -> Floats:
    """Landmarks [n, 3] in a picture that was moved by `matrix` [2, 3]; depths are kept."""
    places = points.copy()
    places[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return places


def framed(picture: Picture, points: Floats, rule: Crop) -> Picture:
    """The square around a face, [512, 512, 3]; beyond the picture the edge is repeated."""
    if rule.levels:
        picture, points = level(picture, points)
    return _cut_out(picture, *rule.square(points, floats(picture.shape[1::-1])))


def closer(portrait: Portrait, rule: Crop) -> Portrait:
    """A portrait that is level cropped anew, out of its own pixels."""
    picture, face = portrait.picture, portrait.face
    side, corner = rule.square(face.points, floats(picture.shape[1::-1]))
    points = (face.points - np.append(corner, np.float32(0))) * np.float32(PORTRAIT_SIZE / side)
    return Portrait(_cut_out(picture, side, corner), replace(face, points=points))


def _cut_out(picture: Picture, side: float, corner: Floats) -> Picture:
    scale = PORTRAIT_SIZE / side
    matrix = floats([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])
    return cut(picture, matrix, (PORTRAIT_SIZE, PORTRAIT_SIZE))
