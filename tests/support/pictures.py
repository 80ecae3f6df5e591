"""A presenter's picture that moves like a head, and how alike two pictures are."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Picture
from server.media.tracks import as_yuv

PRESENTERS = Path(__file__).parents[2] / "engine" / "builtin" / "presenters"
MARGIN = 16


@cache
def _portrait(size: int, name: str) -> Picture:
    picture = cv2.imread(str(PRESENTERS / f"{name}.jpg"))
    assert picture is not None
    wide = cv2.resize(picture, (size + 2 * MARGIN, size + 2 * MARGIN), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(wide[..., ::-1])


def moving(size: int, tick: int, name: str = "ada", grain: float = 0.0) -> av.VideoFrame:
    """The presenter's picture at `tick`, yuv420p [size, size]; it sways and nods.

    Args:
        grain: standard deviation of noise that makes it harder to encode.
    """
    x = MARGIN + 5.0 * np.sin(tick / 9)
    y = MARGIN + 3.0 * np.sin(tick / 5)
    move = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
    picture = cv2.warpAffine(_portrait(size, name), move, (size, size))
    if grain:
        noise = np.random.default_rng(tick).normal(0, grain, picture.shape)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return as_yuv(picture.astype(np.uint8))


def alike(one: av.VideoFrame, other: av.VideoFrame) -> float:
    """Peak signal-to-noise ratio in dB of two frames of one size."""
    ours, theirs = (_plain(it) for it in (one, other))
    return float(10 * np.log10(255**2 / max(((ours - theirs) ** 2).mean(), 1e-9)))


def _plain(frame: av.VideoFrame) -> NDArray[np.float64]:
    return frame.to_ndarray(format="yuv420p").astype(np.float64)
