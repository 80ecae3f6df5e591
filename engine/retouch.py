"""The portrait's skin alone: teeth and eyeballs are taken out of the texture that is warped.

Between the lips of a smile and between the lids lie bright pixels; when the mesh closes
them they would stay as specks. They are filled from what is around them. Teeth come
from the atlas, and the eyes are painted through the opening of the lids.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from engine import facemesh as points
from engine.mesh import Mesh
from engine.resample import fill
from engine.types import Picture

REACH: Final = 0.07
"""Mouth widths around the line of the lips that are looked at."""
LID_REACH: Final = 0.012
"""Outer eye distances beyond the tracked rims of the lids where an eyeball still shines."""
CLEAN_REACH: Final = 0.035
"""Outer eye distances around the open eye in which lashes and shadows lie."""
TOO_BRIGHT: Final = 1.12
"""Brightness of a tooth over the lips' median."""
LESS_RED: Final = 4.0
"""By how much a tooth is less red than the lips, in CIELAB's a."""
PARTED: Final = 0.06
"""Mouth widths of gap from which all between the lips is taken out."""


def skin_of(picture: Picture, mesh: Mesh) -> Picture:
    """A copy of the portrait, uint8 [n, n, 3], with teeth and eyeballs filled in."""
    return _filled(picture, _eyes(picture, mesh, LID_REACH) | _teeth(picture, mesh))


def without_eyes(picture: Picture, mesh: Mesh) -> Picture:
    """A copy with eyes, lashes and the lids' shadows filled from the skin around them."""
    return _filled(picture, _eyes(picture, mesh, CLEAN_REACH))


def _filled(picture: Picture, holes: Picture) -> Picture:
    return np.asarray(cv2.inpaint(picture, holes, 3, cv2.INPAINT_TELEA), np.uint8)


def _eyes(picture: Picture, mesh: Mesh, reach: float) -> Picture:
    """Mask, uint8 [n, n], of both eyes and `reach` outer eye distances around them."""
    holes = np.zeros(picture.shape[:2], np.uint8)
    for rim in (points.EYE_RIGHT, points.EYE_LEFT):
        fill(holes, mesh.source[list(rim), :2], smooth=False)
    return _grown(holes, max(1, round(reach * mesh.eye_distance)))


def _grown(mask: Picture, pixels: int) -> Picture:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask, kernel), np.uint8)


def _teeth(picture: Picture, mesh: Mesh) -> Picture:
    """Mask, uint8 [n, n], of what shines between the lips."""
    outline = mesh.source[[*points.LIP_UPPER_INNER, *points.LIP_LOWER_INNER[::-1]], :2]
    between = np.zeros(picture.shape[:2], np.uint8)
    fill(between, outline, smooth=False)
    lips = np.zeros_like(between)
    fill(
        lips,
        mesh.source[[*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER[::-1]], :2],
        smooth=False,
    )
    flesh = (lips > 0) & (between == 0)
    if not flesh.any():
        return between
    near = _grown(between, max(1, round(REACH * mesh.mouth_width))) > 0
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    bright, red = np.median(lab[flesh][:, 0]), np.median(lab[flesh][:, 1])
    toothy = (lab[..., 0] > TOO_BRIGHT * bright) & (lab[..., 1] < red - LESS_RED)
    lower, upper = list(points.LIP_LOWER_INNER), list(points.LIP_UPPER_INNER)
    parted = (
        float((mesh.source[lower] - mesh.source[upper])[:, 1].max()) > PARTED * mesh.mouth_width
    )
    found = near & (toothy | ((between > 0) & parted))
    return np.asarray(cv2.dilate(found.astype(np.uint8) * 255, np.ones((3, 3), np.uint8)), np.uint8)
