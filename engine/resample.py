"""OpenCV's resampling with honest types: pixels in, pixels out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Floats, Picture


def lookup(picture: Picture, places: Floats) -> Picture:
    """`picture` at `places` [h, w, 2] (x, y; whole numbers are the pixels' middles)."""

    def found(pixels: Picture) -> Picture:
        edge = cv2.BORDER_REPLICATE
        return np.asarray(
            cv2.remap(pixels, places, None, cv2.INTER_LINEAR, borderMode=edge),  # type: ignore[call-overload]
            np.uint8,
        )

    many = places.shape[0] * places.shape[1] >= picture.shape[0] * picture.shape[1]
    return _in_fours(found, picture) if many and picture.shape[2:] == (3,) else found(picture)


def _in_fours(move: Callable[[Picture], Picture], picture: Picture) -> Picture:
    """What `move` makes of an RGB picture, in half the time: OpenCV is quicker with four channels.

    The same to the bit.
    """
    padded = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), np.uint8)
    return np.asarray(cv2.cvtColor(move(padded), cv2.COLOR_RGBA2RGB), np.uint8)


def affine(
    pixels: NDArray[Any],
    matrix: Floats,
    size: tuple[int, int],
    interpolation: int = cv2.INTER_LINEAR,
    border: tuple[int, int, int] | None = None,
) -> NDArray[Any]:
    """`pixels` moved by `matrix` [2, 3] (source to target) into [height, width] = `size`.

    Outside lies `border`, or the edge repeated where none is given.
    """
    mode = cv2.BORDER_REPLICATE if border is None else cv2.BORDER_CONSTANT
    moved = cv2.warpAffine(
        pixels,
        matrix,
        (size[1], size[0]),
        flags=interpolation,
        borderMode=mode,
        borderValue=border or (0, 0, 0),
    )
    return np.asarray(moved)


def cut(
    pixels: Picture, matrix: Floats, size: tuple[int, int], finer: int = cv2.INTER_CUBIC
) -> Picture:
    """`pixels` [h, w] or [h, w, 3] moved by `matrix` [2, 3] into [height, width] = `size`.

    As `affine`, for a matrix that neither shears nor stretches; reduced without flicker, and
    enlarged by the interpolation `finer`.
    """
    matrix = matrix.copy()
    scale = float(np.linalg.norm(matrix[:, 0]))
    if scale < 0.5:  # cv2.warpAffine does not average: reduce first, or fine detail flickers
        reduced = cv2.resize(pixels, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        pixels = np.asarray(reduced, np.uint8)
        matrix[:, :2] /= 2 * scale
    how = cv2.INTER_LINEAR if scale < 1 else finer

    def moved(it: Picture) -> Picture:
        return np.asarray(affine(it, matrix, size, how), np.uint8)

    return _in_fours(moved, pixels) if pixels.ndim == 3 else moved(pixels)


def resized_picture(picture: Picture, size: int, interpolation: int = cv2.INTER_AREA) -> Picture:
    """A square picture at `size` pixels."""
    return np.asarray(cv2.resize(picture, (size, size), interpolation=interpolation), np.uint8)


def resized_floats(values: Floats, width: int, height: int, average: bool = False) -> Floats:
    """Values [h, w, n] on a grid of another size, bilinear or averaged."""
    how = cv2.INTER_AREA if average else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, (width, height), interpolation=how), np.float32)


def fill(mask: Picture, outline: Floats, smooth: bool) -> None:
    """Fill a polygon [n, 2] (pixels, edges at whole numbers) in `mask` [h, w] with 255."""
    fixed = np.round(outline * 16 - 8).astype(np.int32)
    cv2.fillPoly(mask, [fixed], (255,), cv2.LINE_AA if smooth else cv2.LINE_8, 4)


def cover(outline: Floats, size: tuple[int, int]) -> Floats:
    """How far a polygon covers each pixel, float32 [h, w] in 0..1, with a soft edge."""
    mask = np.zeros(size, np.uint8)
    fill(mask, outline, smooth=True)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.8), np.float32) / np.float32(255.0)


def box_around(outline: Floats, margin: int, size: int) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the pixels around points [n, 2], inside a square picture."""
    low = np.clip(np.floor(outline.min(axis=0)).astype(int) - margin, 0, size)
    high = np.clip(np.ceil(outline.max(axis=0)).astype(int) + margin, 0, size)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def spread(picture: Picture, known: NDArray[np.bool_], reach: float) -> Picture:
    """The colours of `known` places [h, w] of a picture spread smoothly over all of it.

    Averages weighted by distance (normalised convolution), of growing reach where
    nothing is near: `reach` pixels first, then twice as much, and so on.
    """
    weight = known.astype(np.float32)
    values = picture.astype(np.float32) * weight[..., None]
    result = np.zeros_like(values)
    todo = np.ones(known.shape, bool)
    while todo.any() and weight.any():
        share = np.asarray(cv2.GaussianBlur(weight, (0, 0), reach))
        found = todo & (share > 1e-3 * share.max())  # so that one known place is enough
        blurred = np.asarray(cv2.GaussianBlur(values, (0, 0), reach))
        result[found] = blurred[found] / share[found, None]
        todo &= ~found
        reach *= 2.0
    return np.clip(result, 0, 255).astype(np.uint8)


def smooth(curve: Floats, times: int = 4) -> Floats:
    """Catmull-Rom through the points of `curve` [n, 2], `times` as many."""
    padded = np.concatenate([2 * curve[:1] - curve[1:2], curve, 2 * curve[-1:] - curve[-2:-1]])
    share = (np.arange(times, dtype=np.float32) / times)[None, :, None]
    a, b, c, d = (padded[n : len(curve) - 1 + n, None] for n in range(4))
    between = 0.5 * (
        2 * b + (c - a) * share + (2 * a - 5 * b + 4 * c - d) * share**2
        + (3 * b - a - 3 * c + d) * share**3
    )  # fmt: skip
    return np.concatenate([between.reshape(-1, 2), curve[-1:]])
