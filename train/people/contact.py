"""A contact sheet of takes: pictures, what they show, and how well their flow explains them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from engine.types import Floats, Picture
from train.takes import Take, flow

COLOURS: Final = np.array(
    [[60, 60, 60], [230, 170, 140], [200, 0, 60], [250, 250, 250], [90, 60, 30], [60, 90, 200],
     [0, 200, 200]], np.uint8,
)  # fmt: skip
"""Of the regions, background to other."""


def sheet(takes: Sequence[Take], across: int = 6) -> Picture:
    """Two rows a person: pictures, and below each either its regions or, in every second
    column, the first picture warped to it by the flow; what is not valid is green there."""
    return np.concatenate([_rows(take, across) for take in takes])


def warped(take: Take, target: int, source: int) -> Picture:
    """Picture `source` moved to look like `target`; green where no flow is valid."""
    size = take.width
    displacement, valid = flow(take, target, source)
    fine = cv2.resize(displacement, (size, size), interpolation=cv2.INTER_LINEAR)
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), 2).astype(np.float32)
    places = grid + fine * size
    columns, rows = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
    moved = cv2.remap(take.pictures[source], columns, rows, cv2.INTER_LINEAR)
    known = cv2.resize(valid.astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST) > 0
    moved[~known] = (0, 160, 0)
    return np.asarray(moved, np.uint8)


def warp_error(take: Take, target: int, source: int) -> tuple[float, float]:
    """Mean absolute difference in grey levels where flow is valid: warped, and not warped."""
    _, valid = flow(take, target, source)
    known = np.repeat(np.repeat(valid, take.width // len(valid), 0), take.width // len(valid), 1)
    wanted = take.pictures[target].astype(np.float32)

    def error(picture: Picture) -> float:
        return float(np.abs(picture.astype(np.float32) - wanted)[known].mean())

    return error(warped(take, target, source)), error(take.pictures[source])


def _rows(take: Take, across: int) -> Picture:
    numbers = range(min(across, len(take.pictures)))
    below = [_regions(take, n) if n % 2 == 0 else warped(take, n, 0) for n in numbers]
    pictures = [take.pictures[number] for number in numbers]
    return np.concatenate([np.concatenate(pictures, 1), np.concatenate(below, 1)])


def _regions(take: Take, number: int) -> Picture:
    """Regions in colours, darker where no triangle is shown."""
    dim: Floats = np.where(take.shown[number] >= 0, 1.0, 0.6)[..., None].astype(np.float32)
    coloured = (COLOURS[take.region[number]] * dim).astype(np.uint8)
    sides = (take.width, take.width)
    enlarged = cv2.resize(coloured, sides, interpolation=cv2.INTER_NEAREST)
    return np.asarray(enlarged, np.uint8)
