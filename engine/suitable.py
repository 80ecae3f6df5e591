"""Which faces an avatar can be made of, and what to tell those who send another one."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from engine.errors import FaceUnsuitable, NoFace, SeveralFaces
from engine.tracker import Face
from engine.types import Floats, Picture

SMALLEST_FACE: Final = 72
"""Height of the face in pixels below which nothing good can come of it."""
MOST_TURN: Final = 25.0
"""Degrees of yaw or pitch beyond which half of the face is missing."""
MOST_OUTSIDE: Final = 0.02
"""Share of the face's points that may lie outside the picture."""
COVERED: Final = 0.30
"""Brightness under the eyes in that of the cheeks below which they are behind dark glasses:
those have 0.1 to 0.3, the deepest shadows without 0.34."""
PATCH: Final = 0.012
"""Half the side of the places that are compared, in heights of the face."""
_UNDER_EYES: Final = ((22, 23, 24, 229, 230), (252, 253, 254, 449, 450))
_CHEEKS: Final = ((50, 117, 205), (280, 346, 425))


def the_face(faces: list[Face], picture: Picture) -> Face:
    """The one face of a picture, if it is fit for an avatar.

    Raises:
        NoFace, SeveralFaces, FaceUnsuitable: it is not.
    """
    if not faces:
        raise NoFace("no face was found: send a picture of one person, from the front, well lit")
    if len(faces) > 1:
        raise SeveralFaces("more than one face was found: cut the picture to one person")
    face = faces[0]
    if np.ptp(face.points[:468, 1]) < SMALLEST_FACE:
        raise FaceUnsuitable("the face is too small: it should be at least 72 pixels high")
    if np.abs(face.turn[:2]).max() > MOST_TURN:
        raise FaceUnsuitable("the face is turned away: use a picture that looks at the camera")
    outside = (face.points[:468, :2] < 0) | (face.points[:468, :2] > picture.shape[1::-1])
    if outside.any(axis=1).mean() > MOST_OUTSIDE:
        raise FaceUnsuitable("the face is cut off: use a picture that shows all of it")
    if _behind_dark_glasses(picture, face.points):
        raise FaceUnsuitable("the eyes are covered: use a picture without dark glasses")
    return face


def _behind_dark_glasses(picture: Picture, points: Floats) -> bool:
    light = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    reach = max(1, round(PATCH * float(np.ptp(points[:468, 1]))))
    shares = [
        _brightness(light, points[list(eye)], reach)
        / max(_brightness(light, points[list(cheek)], reach), 1.0)
        for eye, cheek in zip(_UNDER_EYES, _CHEEKS, strict=True)
    ]
    return max(shares) < COVERED


def _brightness(light: Picture, places: Floats, reach: int) -> float:
    """Median brightness around some places [n, 3] of a grey picture."""
    middles = [(max(0, int(y) - reach), max(0, int(x) - reach)) for x, y, _ in places]
    side = 2 * reach + 1
    patches = [light[y : y + side, x : x + side].ravel() for y, x in middles]
    return float(np.median(np.concatenate(patches)))
