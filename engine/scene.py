"""What a picture shows: the face alone or the whole portrait, and what is behind the person.

Prepared once an avatar: the still is made, its face is taken out and read, the person is cut
out where the background is to be another; `engine.paste` puts it together again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np

from engine.background import AsItIs, Background, ground
from engine.crop import MESH, Crop
from engine.matte import Segments, check, foreground, matte
from engine.paste import Cutout, Pasted
from engine.placement import Placement
from engine.portrait import Portrait, ReadsFaces, Upload, find_faces, framed, moved, read
from engine.render import Identity, Renderer, resized
from engine.resample import resized_picture
from engine.rim import Rim
from engine.suitable import the_face
from engine.tracker import Face
from engine.types import Floats, Picture, floats

LONG: Final = 1920
"""Pixels of a whole picture's longer side at the most."""
SHORT: Final = 1080
"""Pixels of its shorter side."""
FINEST: Final = 2.11
"""Pixels that are drawn for the face of a whole picture, at the most, in those of the face
alone: 1080 at 512."""


class Framing(StrEnum):
    """How much of a portrait is shown."""

    FACE = "face"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is asked for."""

    framing: Framing = Framing.FACE
    background: Background = AsItIs()

    @property
    def plain(self) -> bool:
        """Whether it is the square around the face as it is."""
        return self.framing is Framing.FACE and isinstance(self.background, AsItIs)


PLAIN: Final = Scene()


@dataclass(frozen=True, slots=True)
class Shot:
    """A still picture uint8 [h, w, 3], the square of its face, and its alpha if it has one."""

    still: Picture
    portrait: Portrait
    place: Placement
    cover: Picture | None = None


def shoot(
    upload: Upload, tracker: ReadsFaces, framing: Framing, size: int, rule: Crop = MESH
) -> Shot:
    """Find the one face of a picture and frame it.

    Args:
        upload: what was sent.
        tracker: finds faces.
        framing: how much is shown.
        size: of a face alone, pixels.
        rule: by which the square around the face is taken.

    Raises:
        PortraitError: one of its leaves.
    """
    face = the_face(find_faces(upload.picture, tracker), upload.picture)
    if framing is Framing.FACE:
        return _face_alone(upload, face, tracker, size, rule)
    still = fitted(upload.picture)
    cover = None if upload.cover is None else fitted(upload.cover)
    scale = still.shape[1] / upload.picture.shape[1]
    points, most = face.points * np.float32(scale), round(FINEST * size)
    place = Placement.around(points, _size(still), most, rule)
    return Shot(still, read(place.take(still), tracker), place, cover)


def presented(portrait: Portrait, framing: Framing, size: int) -> Shot:
    """A presenter's portrait, which is a square and all there is of it."""
    if framing is Framing.WHOLE:
        size = portrait.picture.shape[0]
    return _square(*resized(portrait, size))


def stage(shot: Shot, background: Background, renderer: Renderer, segments: Segments) -> Identity:
    """The avatar of a shot before a background.

    Raises:
        PersonUnclear: nobody can be told from the background.
        BackgroundUnusable: the other picture cannot be used.
    """
    place, still, portrait = shot.place, shot.still, shot.portrait
    rim = Rim.of(place)
    if isinstance(background, AsItIs):
        return Pasted(renderer.identity(portrait, place.size, rim), place, still)
    points = moved(portrait.face.points, place.matrix)
    cover = _cover(shot, points, segments)
    behind = ground(background, still, cover)
    person = foreground(still, cover)
    share = cover[..., None]
    shown = np.asarray(behind + share * (person - behind.astype(np.float32)) + 0.5, np.uint8)
    cut_out = Portrait(place.take(person), portrait.face)
    cutout = Cutout(place.take(np.asarray(255 * cover + 0.5, np.uint8)), behind)
    return Pasted(renderer.identity(cut_out, place.size, rim), place, shown, cutout)


def fitted(picture: Picture) -> Picture:
    """A picture [h, w] or [h, w, 3] within `LONG` x `SHORT` pixels, either way up.

    Width and height are even, as video wants them; nothing is enlarged.
    """
    height, width = picture.shape[:2]
    longer, shorter = max(height, width), min(height, width)
    scale = min(1.0, LONG / longer, SHORT / shorter)
    if scale < 1:
        wanted = max(2, round(width * scale)), max(2, round(height * scale))
        picture = np.asarray(cv2.resize(picture, wanted, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = picture.shape[:2]
    return picture[: height - height % 2, : width - width % 2]


def _face_alone(upload: Upload, face: Face, tracker: ReadsFaces, size: int, rule: Crop) -> Shot:
    portrait = read(framed(upload.picture, face.points, rule), tracker)
    square = _square(*resized(portrait, size))
    if upload.cover is None:
        return square
    cover = resized_picture(framed(upload.cover, face.points, rule), size)
    return Shot(square.still, square.portrait, square.place, cover)


def _square(picture: Picture, face: Face) -> Shot:
    """A shot that is nothing but its square."""
    return Shot(picture, Portrait(picture, face), Placement.whole(picture.shape[0]))


def _cover(shot: Shot, points: Floats, segments: Segments) -> Floats:
    """The person's matte: the alpha that came with the picture, or a found one."""
    if shot.cover is None:
        return matte(shot.still, points, segments)
    cover = floats(shot.cover) / np.float32(255)
    check(cover, points)
    return cover


def _size(picture: Picture) -> tuple[int, int]:
    return picture.shape[0], picture.shape[1]
