"""Which of MediaPipe's 468 face points is what. Subject's left is image right (263 side)."""

from __future__ import annotations

from typing import Final

LIP_UPPER_INNER: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIP_LOWER_INNER: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LIP_UPPER_OUTER: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LIP_LOWER_OUTER: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
"""Lips from the right corner (image left) to the left, 11 points each; the corners are in both."""

OVAL: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The face's outline, clockwise from the forehead."""

EYE_RIGHT: Final = (
    33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7,
)  # fmt: skip
EYE_LEFT: Final = (
    263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249,
)  # fmt: skip
"""The opening of an eye: outer corner, upper lid, inner corner, lower lid."""

IRIS_RIGHT: Final = (468, 469, 470, 471, 472)
IRIS_LEFT: Final = (473, 474, 475, 476, 477)
"""Centre of the iris, then four points of its rim."""

EYE_OUTER_RIGHT: Final = 33
EYE_OUTER_LEFT: Final = 263
EAR_RIGHT: Final = 234
EAR_LEFT: Final = 454
FOREHEAD: Final = 10
NOSE_BASE: Final = 2
"""Middle of the hairline and of the nose's foot: both stay where the mouth moves."""

LID_UPPER_RIGHT: Final = (246, 161, 160, 159, 158, 157, 173)
LID_LOWER_RIGHT: Final = (7, 163, 144, 145, 153, 154, 155)
CREASE_RIGHT: Final = (247, 30, 29, 27, 28, 56, 190)
LID_UPPER_LEFT: Final = (466, 388, 387, 386, 385, 384, 398)
LID_LOWER_LEFT: Final = (249, 390, 373, 374, 380, 381, 382)
CREASE_LEFT: Final = (467, 260, 259, 257, 258, 286, 414)
"""Lids from the outer to the inner corner: rim of the upper, rim of the lower, crease above."""
