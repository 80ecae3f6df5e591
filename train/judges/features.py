"""Do mouth and eyes look like the true ones? Distances of a trained network's features."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from engine import facemesh as points
from engine.types import Floats, Picture, floats
from train.faces.features import Features
from train.faces.regions import feature_crops

AREAS: Final = (
    (*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER), points.EYE_RIGHT, points.EYE_LEFT,
)  # fmt: skip


def boxes(true: Floats, width: int) -> Floats:
    """Mouth, right and left eye of a face [468, 2 or 3], as [3, 4] in shares of the width."""
    areas = [true[list(area), :2] for area in AREAS]
    return floats([np.concatenate([it.min(0), it.max(0)]) for it in areas]) / np.float32(width)


class CropJudge:
    """Compares the same crops of two pictures; the true picture says where they are."""

    def __init__(self, features: Features) -> None:
        self._features = features

    @torch.no_grad()
    def __call__(self, made: Picture, wanted: Picture, true: Floats) -> tuple[float, float]:
        """Distance of the mouth, and of the eyes, of pictures [n, n, 3]; 0 = the same."""
        where = torch.from_numpy(boxes(true, wanted.shape[0]))[None]
        ours, theirs = (feature_crops(_planes(it), where) for it in (made, wanted))
        mouth, eyes = (
            float(self._features.compare(a, b).mean()) for a, b in zip(ours, theirs, strict=True)
        )
        return mouth, eyes


def _planes(picture: Picture) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None] / 255.0
