"""Colours carried on to where there are none, smoothly and however far that is."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from engine.types import Floats, Picture, floats

SURE: Final = 1 / 16
"""Weight from which a place's own colours are taken alone."""


def filled(picture: Picture, weight: Floats) -> Picture:
    """`picture` [h, w, 3] with what has no weight, [h, w] in 0..1, filled from what has.

    By a pyramid: halved until every place has seen something of weight, and enlarged again
    where the finer level knows less (push-pull; Gortler and others, The Lumigraph, 1996).
    """
    values = picture.astype(np.float32) * weight[..., None]
    return np.asarray(np.clip(_pull(values, floats(weight)) + 0.5, 0, 255), np.uint8)


def _pull(values: Floats, weight: Floats) -> Floats:
    """Colours [h, w, 3] everywhere, from weighted ones."""
    known = np.clip(weight / np.float32(SURE), 0.0, 1.0)[..., None]
    own = values / np.maximum(weight, np.float32(1e-6))[..., None]
    height, width = weight.shape
    if min(height, width) <= 2 or known.min() >= 1.0:
        total = max(float(weight.sum()), 1e-6)
        return floats(known * own + (1 - known) * (values.sum(axis=(0, 1)) / total))
    coarse = _pull(floats(cv2.pyrDown(values)), floats(cv2.pyrDown(weight)))
    return floats(known * own + (1 - known) * cv2.pyrUp(coarse, dstsize=(width, height)))
