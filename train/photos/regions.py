"""What the places of a portrait around the face are: hair, clothes, skin or background.

No network: OpenCV's GrabCut separates the person from what is behind, colours tell hair,
skin and clothes apart. Right in most places and good enough to weigh a loss.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import facemesh
from engine.resample import fill, resized_picture
from engine.types import Floats, Picture, floats
from train.photos.traits import CHEEKS, CHIN, above_forehead
from train.takes import BACKGROUND, CLOTHES, GRID, HAIR, SKIN

HEAD: Final = 1.35
"""The head with its hair reaches about this far around the middle of the face's outline."""
SHOULDERS: Final = 12
"""Cells below the chin from which the whole width is rather clothes than background."""
EDGE: Final = 2
"""Cells along the picture's upper edges that are background."""
ROUNDS: Final = 3


def regions_of(picture: Picture, points: Floats) -> NDArray[np.uint8]:
    """BACKGROUND, SKIN, HAIR or CLOTHES for each cell, uint8 [GRID, GRID].

    Args:
        picture: the portrait, [n, n, 3].
        points: its landmarks in pixels, [468 or more, 3].
    """
    small = resized_picture(picture, GRID)
    places = points[:, :2] * np.float32(GRID / picture.shape[0])
    face = _filled(places[list(facemesh.OVAL)])
    person = _person(small, places, face) | face
    lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (0, 0), 1.0).astype(np.float32)
    row = np.arange(GRID)[:, None]
    chin = places[CHIN, 1]
    kinds = {
        SKIN: _median(lab, _around(places[list(CHEEKS)])),
        HAIR: _median(lab, _around(above_forehead(places))),
        CLOTHES: _median(lab, person & (row >= GRID - 6)),
    }
    apart = np.stack([np.linalg.norm(lab - colour, axis=2) for colour in kinds.values()])
    apart[2][np.broadcast_to(row < chin, (GRID, GRID))] = np.inf
    nearest = np.array(list(kinds), np.uint8)[apart.argmin(axis=0)]
    regions = np.where(person, nearest, np.uint8(BACKGROUND))
    regions[face] = SKIN
    return np.asarray(cv2.medianBlur(regions.astype(np.uint8), 3), np.uint8)


def _person(small: Picture, places: Floats, face: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The person against the background, bool [GRID, GRID]."""
    outline = places[list(facemesh.OVAL)]
    middle = outline.mean(axis=0)
    chin, width = places[CHIN], np.ptp(outline[:, 0])
    down = int(np.clip(chin[1], 0, GRID - 1))
    left, right = np.clip([chin[0] - 0.3 * width, chin[0] + 0.3 * width], 0, GRID).astype(int)
    mask = np.full((GRID, GRID), cv2.GC_PR_BGD, np.uint8)
    mask[_filled(middle + (outline - middle) * HEAD)] = cv2.GC_PR_FGD
    mask[min(down + SHOULDERS, GRID - 1) :] = cv2.GC_PR_FGD
    mask[:EDGE], mask[:down, :EDGE], mask[:down, -EDGE:] = (cv2.GC_BGD,) * 3
    mask[face] = cv2.GC_FGD
    mask[down:, left:right] = cv2.GC_FGD
    cv2.setRNGSeed(1)
    behind, before = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, mask, (0, 0, 0, 0), behind, before, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD))


def _filled(outline: Floats) -> NDArray[np.bool_]:
    mask = np.zeros((GRID, GRID), np.uint8)
    fill(mask, outline, smooth=False)
    return mask > 0


def _around(places: Floats) -> NDArray[np.bool_]:
    mask = np.zeros((GRID, GRID), np.bool_)
    for x, y in np.clip(places.astype(int), 1, GRID - 2):
        mask[y - 1 : y + 2, x - 1 : x + 2] = True
    return mask


def _median(lab: Floats, mask: NDArray[np.bool_]) -> Floats:
    return floats(np.median(lab[mask], axis=0)) if mask.any() else floats([0, 128, 128])
