"""The face's landmarks as a picture, for networks that look at a portrait.

Five channels: which place of the canonical face each pixel shows (x, y, z), which lip it
lies on (upper +1, lower -1), and what it lies in (an eye +1, the mouth -1).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import facemesh as points
from engine.types import Floats

SIZE: Final = 128
"""Pixels a side."""
UNIT: Final = 10.0
"""Centimetres of the canonical face that count as 1."""
_SUBPIXEL: Final = 4
"""Binary digits of fraction in OpenCV's drawing coordinates."""
_LIPS: Final = (
    ((*points.LIP_UPPER_OUTER, *points.LIP_UPPER_INNER[::-1]), 1.0),
    ((*points.LIP_LOWER_OUTER, *points.LIP_LOWER_INNER[::-1]), -1.0),
)
_OPENINGS: Final = (
    (points.EYE_RIGHT, 1.0),
    (points.EYE_LEFT, 1.0),
    ((*points.LIP_UPPER_INNER, *points.LIP_LOWER_INNER[::-1]), -1.0),
)


class LandmarkMaps:
    """Draws the maps.

    Args:
        canonical: the canonical face, float32 [468, 3] in centimetres.
        triangles: all of its triangles, int [n, 3].
    """

    def __init__(self, canonical: Floats, triangles: NDArray[np.int64]) -> None:
        self._triangles = triangles
        middles = (canonical - canonical.mean(axis=0))[triangles].mean(axis=1) / np.float32(UNIT)
        self._middles = np.concatenate([middles, np.zeros((1, 3))]).astype(np.float32)

    def __call__(self, face: Floats, width: int) -> Floats:
        """The maps of one portrait, float32 [5, SIZE, SIZE].

        Args:
            face: its landmarks, [468 or more, 3] in pixels, z away from the camera.
            width: of the portrait in pixels.
        """
        fixed = np.round((face[:, :2] * (SIZE / width) - 0.5) * (1 << _SUBPIXEL)).astype(np.int32)
        numbers = np.full((SIZE, SIZE), len(self._triangles), np.int32)
        nearest_last = np.argsort(-face[self._triangles, 2].sum(axis=1), kind="stable")
        for number in nearest_last.tolist():
            corners = fixed[self._triangles[number]]
            cv2.fillConvexPoly(numbers, corners, (number,), cv2.LINE_8, _SUBPIXEL)
        places = cv2.blur(self._middles[numbers], (3, 3))
        signs = np.zeros((2, SIZE, SIZE), np.float32)
        for channel, areas in zip(signs, (_LIPS, _OPENINGS), strict=True):
            for outline, sign in areas:
                cv2.fillPoly(channel, [fixed[list(outline)]], (sign,), cv2.LINE_8, _SUBPIXEL)
        return np.concatenate([np.asarray(places, np.float32).transpose(2, 0, 1), signs])
