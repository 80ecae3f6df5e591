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
from engine.fill import filled
from engine.mesh import Mesh
from engine.resample import box_around, fill
from engine.types import Floats, Picture, floats

REACH: Final = 0.07
"""Mouth widths around the line of the lips that are looked at."""
LID_REACH: Final = 0.012
"""Outer eye distances beyond the tracked rims of the lids where an eyeball still shines."""
RIM_REACH: Final = 0.02
"""Outer eye distances inside that in which an eyeball's filling has the rims' colours."""
CLEAN_REACH: Final = 0.05
"""Outer eye distances beyond crease and lower lid in which lashes and shadows lie."""
NO_SKIN: Final = 0.75
"""Brightness under the median of what lies around an eye that is no skin."""
GRAIN: Final = 6.0
"""Most that a pore is brighter or darker than its surroundings."""
TOO_BRIGHT: Final = 1.12
"""Brightness of a tooth over the lips' median."""
LESS_RED: Final = 4.0
"""By how much a tooth is less red than the lips, in CIELAB's a."""
MARGIN: Final = 8
"""Pixels around all that, so that a filling sees what is beside it."""
SHUT: Final = 0.02
"""Mouth widths of gap up to which nothing can shine between the lips."""
PARTED: Final = 0.06
"""Mouth widths of gap from which all between the lips is taken out."""


def skin_of(picture: Picture, mesh: Mesh) -> Picture:
    """A copy of the portrait, uint8 [n, n, 3], with teeth and eyeballs filled in.

    Near the lids' rims an eyeball takes their colours, in its middle those of bare lids, so
    that nothing dark is left where lids meet.
    """
    eyes = _eyes(picture, mesh, LID_REACH)
    result = _filled(picture, eyes | _teeth(picture, mesh.source, mesh.mouth_width))
    far = cv2.distanceTransform(eyes, cv2.DIST_L2, 3) / np.float32(RIM_REACH * mesh.eye_distance)
    bare = np.clip(far - 1.0, 0.0, 1.0)[..., None]
    return np.asarray(result + (with_bare_lids(picture, mesh) - floats(result)) * bare, np.uint8)


def without_teeth(picture: Picture, mesh: Mesh) -> Picture:
    """A copy of the picture, uint8 [n, n, 3], with teeth filled in, and nothing else changed."""
    lips = mesh.source[[*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER], :2]
    margin = round(2 * REACH * mesh.mouth_width) + MARGIN
    x0, y0, x1, y1 = box_around(lips, margin, picture.shape[0])
    result = picture.copy()
    if x1 > x0 and y1 > y0:
        region = np.ascontiguousarray(result[y0:y1, x0:x1])
        source = mesh.source[:, :2] - floats([x0, y0])
        result[y0:y1, x0:x1] = _filled(region, _teeth(region, source, mesh.mouth_width))
    return result


def with_bare_lids(picture: Picture, mesh: Mesh) -> Picture:
    """A copy with plain skin from above the lids' creases to below the lower lids.

    Its colour is that of the skin around, less what is much darker there (brows, frames of
    glasses, hair); its grain that of the skin below.
    """
    result = picture.copy()
    for crease, lower in (
        (points.CREASE_RIGHT, points.LID_LOWER_RIGHT),
        (points.CREASE_LEFT, points.LID_LOWER_LEFT),
    ):
        outline = mesh.source[[*crease, *lower[::-1]], :2]
        reach = CLEAN_REACH * mesh.eye_distance
        x0, y0, x1, y1 = box_around(outline, round(4 * reach), picture.shape[0])
        region = result[y0:y1, x0:x1]
        hole = np.zeros(region.shape[:2], np.uint8)
        fill(hole, outline - floats([x0, y0]), smooth=False)
        hole = _grown(hole, max(1, round(reach)))
        region[...] = _bare(region, hole, reach)
    return result


def _bare(region: Picture, hole: Picture, reach: float) -> Picture:
    """`region` [h, w, 3] with skin made up where `hole` [h, w] is not 0."""
    around = hole == 0
    if not around.any():
        return region
    light = cv2.cvtColor(region, cv2.COLOR_RGB2GRAY).astype(np.float32)
    bright = around & (light > NO_SKIN * np.median(light[around]))
    skin = filled(region, floats(bright))
    soft = np.asarray(cv2.GaussianBlur(hole, (0, 0), 0.5 * reach), np.float32)[..., None] / 255
    grain = region - cv2.GaussianBlur(region, (0, 0), 2.0).astype(np.float32)
    grain[~bright] = 0.0
    grain = np.clip(grain[::-1], -GRAIN, GRAIN)
    made = np.clip(skin + grain, 0, 255)
    return np.asarray(region + (made - region) * soft, np.uint8)


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


def _teeth(picture: Picture, source: Floats, width: float) -> Picture:
    """Mask, uint8 [h, w], of what shines between the lips of a face [468, 2 or 3] in a picture.

    `width` is the mouth's.
    """
    outline = source[[*points.LIP_UPPER_INNER, *points.LIP_LOWER_INNER[::-1]], :2]
    between = np.zeros(picture.shape[:2], np.uint8)
    fill(between, outline, smooth=False)
    lips = np.zeros_like(between)
    fill(
        lips,
        source[[*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER[::-1]], :2],
        smooth=False,
    )
    lower, upper = list(points.LIP_LOWER_INNER), list(points.LIP_UPPER_INNER)
    gap = float((source[lower] - source[upper])[:, 1].max()) / width
    if gap < SHUT:
        return np.zeros_like(between)
    flesh = (lips > 0) & (between == 0)
    if not flesh.any():
        return between
    near = (_grown(between, max(1, round(REACH * width))) > 0) & (lips > 0)
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    bright, red = np.median(lab[flesh][:, 0]), np.median(lab[flesh][:, 1])
    toothy = (lab[..., 0] > TOO_BRIGHT * bright) & (lab[..., 1] < red - LESS_RED)
    found = near & (toothy | ((between > 0) & (gap > PARTED)))
    return np.asarray(cv2.dilate(found.astype(np.uint8) * 255, np.ones((3, 3), np.uint8)), np.uint8)
