"""What a viewer sees of a mouth, measured on pictures by the face tracker."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from engine.arkit import EXPRESSION, MOUTH
from engine.tracker import FaceTracker
from engine.types import TICKS_PER_SECOND, Floats, Picture, floats

UPPER, LOWER = 13, 14
EYES = (33, 263)
BLINK = len(MOUTH) + EXPRESSION.index("eyeBlinkLeft")
SPEECH = Path(__file__).parents[1] / "data" / "speech"


@dataclass(frozen=True, slots=True)
class Seen:
    """Picture by picture: lip gap in eye distances, and how far the left eye is shut."""

    gap: Floats
    shut: Floats
    lost: int


def rgb(frame: av.VideoFrame) -> Picture:
    """A decoded picture as pixels."""
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def see(pictures: Iterable[Picture], tracker: FaceTracker) -> Seen:
    """Track every picture; one without a face repeats the reading before it."""
    gaps, shuts, lost = [0.0], [0.0], 0
    for picture in pictures:
        faces = tracker(picture)
        if not faces:
            lost += 1
            gaps.append(gaps[-1])
            shuts.append(shuts[-1])
            continue
        points = faces[0].points
        eyes = np.linalg.norm(points[EYES[0], :2] - points[EYES[1], :2])
        gaps.append(float((points[LOWER, 1] - points[UPPER, 1]) / eyes))
        shuts.append(float(faces[0].coefficients[BLINK]))
    return Seen(floats(gaps[1:]), floats(shuts[1:]), lost)


def expected_opening(name: str) -> Floats:
    """The lip opening that the phonemes of a test recording ask for, 25 a second."""
    stored = json.loads((SPEECH / f"{name}.json").read_text(encoding="utf-8"))
    return floats(stored["opening"])


def best_lag(
    asked: Floats, seen: Floats, times: NDArray[np.float64], most: float = 0.4
) -> tuple[float, float]:
    """Correlation at the best lag, and that lag in seconds (+ = the mouth is late).

    Args:
        asked: curve at 25 a second, value n at (n + 0.5) / 25 s.
        seen: one value a picture.
        times: the middle of each picture in seconds of the same sound.
        most: lags are searched in -most..most.
    """
    grid = (np.arange(len(asked)) + 0.5) / TICKS_PER_SECOND
    lags = np.arange(-most, most + 1e-9, 0.01)
    scores = []
    for lag in lags:
        inside = (times - lag > grid[0]) & (times - lag < grid[-1])
        wanted = np.interp(times[inside] - lag, grid, asked)
        scores.append(np.corrcoef(wanted, seen[inside])[0, 1])
    best = int(np.argmax(scores))
    return float(scores[best]), float(lags[best])


def count_blinks(shut: Floats, over: float = 0.18) -> int:
    """How often the eye shut: risings over its open state by `over`."""
    high = shut > np.median(shut) + over
    return int(np.sum(high[1:] & ~high[:-1]))
