"""Where the features are: weights around them, and crops of them."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

MOUTH_CROP: Final = 96
"""Pixels a side of the crop around the mouth, of a picture of 256."""
EYE_CROP: Final = 64
"""Pixels a side of the crop around an eye."""
GROWN: Final = (0.35, 0.4, 0.4)
"""Shares by which the boxes of mouth and eyes are grown, to each side."""
LEAST: Final = 0.02
"""Share of the width by which they are grown besides."""


def soft_boxes(boxes: Tensor, size: int) -> Tensor:
    """How far each pixel belongs to mouth, right and left eye: [b, 3, size, size] in 0..1.

    Args:
        boxes: [b, 3, 4] x0, y0, x1, y1 in shares of the width.
        size: pixels a side.
    """
    axis = (torch.arange(size, device=boxes.device) + 0.5) / size
    grown = torch.tensor(GROWN, device=boxes.device)[:, None]
    middle = (boxes[..., :2] + boxes[..., 2:]) / 2
    half = (boxes[..., 2:] - boxes[..., :2]) / 2 * (1 + grown) + LEAST
    near = [
        torch.sigmoid(8 * (1 - (axis - middle[..., n, None]).abs() / half[..., n, None]))
        for n in range(2)
    ]
    return near[1][..., :, None] * near[0][..., None, :]


def crops(pictures: Tensor, boxes: Tensor, number: int, side: int) -> Tensor:
    """The part of each picture [b, c, n, n] around box `number`, [b, c, side, side]."""
    size = pictures.shape[-1]
    middle = (boxes[:, number, :2] + boxes[:, number, 2:]) / 2 * size - side / 2
    corners = middle.round().clamp(0, size - side).to(torch.int64).tolist()
    return torch.stack(
        [
            picture[:, y : y + side, x : x + side]
            for picture, (x, y) in zip(pictures, corners, strict=True)
        ]
    )


def feature_crops(pictures: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """The mouths [b, 3, 96, 96], and all right, then all left eyes [2 b, 3, 64, 64]."""
    eyes = [crops(pictures, boxes, number, EYE_CROP) for number in (1, 2)]
    return crops(pictures, boxes, 0, MOUTH_CROP), torch.cat(eyes)
