"""Which part of a picture is the person: the matte, and the person's own colours under it.

Made once an avatar. The segmenter's 256 pixels find the body and, looking closer, the head;
a guided filter (He, Sun and Tang, 2010) fits their outline to the picture's own edges.
"""

from __future__ import annotations

from typing import Final, Protocol

import cv2
import numpy as np

from engine.errors import PersonUnclear
from engine.facemesh import OVAL
from engine.fill import filled
from engine.resample import cover as covered
from engine.types import Floats, Picture, floats

CLOSER: Final = 2.6
"""Side of the square that is looked at for the head, in heights of the face."""
BLEND: Final = 0.12
"""Share of that square, from its border, over which it gives way to the look at all."""
NECK: Final = 0.7
"""How far below the middle of the face that reaches, in its heights: shoulders that the square
cuts off are not known again."""
FINE: Final = 0.03
"""Radius of the guided filter, in heights of the face."""
EPSILON: Final = 2e-4
"""Variance of brightness (0..1) that counts as an edge."""
STEEPER: Final = (0.12, 0.88)
"""Covers that become nothing and all: the filter leaves a veil over flat ground."""
FACE_SEEN: Final = 0.9
"""Cover of the face below which it is not clear who is meant."""
SURE: Final = 0.95
"""Cover from which a pixel's colour is the person's alone."""


class Segments(Protocol):
    """What finds people; `engine.segmenter.Segmenter` does."""

    def __call__(self, picture: Picture) -> Floats:
        """How much of each pixel is people, [h, w] in 0..1."""
        ...


def matte(picture: Picture, face: Floats, segments: Segments) -> Floats:
    """How much of each pixel is the person whose face it is, float32 [h, w] in 0..1.

    Args:
        picture: uint8 [h, w, 3].
        face: its landmarks, [468 or more, 3] in pixels.
        segments: finds people.

    Raises:
        PersonUnclear: nobody is found where the face is.
    """
    height = float(np.ptp(face[:468, 1]))
    rough = _closer(picture, segments(picture), face, height, segments)
    fine = _guided(picture, rough, max(2, round(FINE * height)))
    low, high = STEEPER
    cover = floats(np.clip((fine - low) / (high - low), 0.0, 1.0))
    check(cover, face)
    return cover


def check(cover: Floats, face: Floats) -> None:
    """Make sure that a face [468 or more, 3] is covered (PersonUnclear if it is not)."""
    inside = covered(face[list(OVAL), :2], (cover.shape[0], cover.shape[1]))
    if float((cover * inside).sum()) < FACE_SEEN * float(inside.sum()):
        raise PersonUnclear(
            "the person cannot be told from the background: keep the background as it is, or "
            "send a picture whose background is transparent"
        )


def foreground(picture: Picture, cover: Floats) -> Picture:
    """The person's own colours, uint8 [h, w, 3], carried on to where nobody is.

    At the edges the background's share is taken out of each pixel, and beyond them the
    colours go on, so that a moved edge has no rim of what was behind it (as Forte's
    Approximate Fast Foreground Colour Estimation, 2021, with a pyramid in place of a blur).
    """
    sure = np.clip((cover - SURE) / (1 - SURE), 0.0, 1.0)
    person = filled(picture, sure).astype(np.float32)
    behind = filled(picture, np.clip(1 - cover / (1 - SURE), 0.0, 1.0))
    share = cover[..., None]
    rest = picture - share * person - (1 - share) * behind
    own = np.clip(person + share * rest + 0.5, 0, 255).astype(np.uint8)
    return np.where(share >= 1, picture, own)


def _closer(
    picture: Picture, rough: Floats, face: Floats, height: float, segments: Segments
) -> Floats:
    """The matte with a second look at the square around the head."""
    rows, columns = picture.shape[:2]
    x, y = face[:468, :2].mean(axis=0)
    half = CLOSER * height / 2
    x0, x1 = max(0, int(x - half)), min(columns, int(x + half))
    y0, y1 = max(0, int(y - half)), min(rows, int(y + half))
    if (y1 - y0) * (x1 - x0) > 0.7 * rows * columns:
        return rough
    seen = segments(picture[y0:y1, x0:x1])
    below = (np.arange(y0, y1, dtype=np.float32) - y) / np.float32(height)
    head = np.clip((NECK - below) / np.float32(BLEND), 0.0, 1.0)
    weight = np.minimum(_ramp(x1 - x0)[None, :], np.minimum(_ramp(y1 - y0), head)[:, None])
    joined = rough.copy()
    joined[y0:y1, x0:x1] += weight * (seen - rough[y0:y1, x0:x1])
    return joined


def _ramp(length: int) -> Floats:
    """From 0 at both ends to 1."""
    place = (np.arange(length, dtype=np.float32) + 0.5) / np.float32(length)
    return floats(np.clip(np.minimum(place, 1 - place) / np.float32(BLEND), 0.0, 1.0))


def _guided(picture: Picture, values: Floats, radius: int) -> Floats:
    """`values` [h, w] in 0..1 with the edges of a picture [h, w, 3].

    Each place goes by the colours that tell most about its surroundings' values: an orange
    suit may be as bright as the wall behind it.
    """
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(it: Floats) -> Floats:
        return floats(cv2.blur(it, size))

    level = mean(values)
    spread = mean(values * values) - level * level
    total, weights = np.zeros_like(values), np.full_like(values, 1e-6)
    for channel in cv2.split(picture):
        guide = channel.astype(np.float32) / np.float32(255)
        middle = mean(guide)
        together = mean(guide * values) - middle * level
        variance = mean(guide * guide) - middle * middle + np.float32(EPSILON)
        slope = floats(together / variance)
        told = np.clip(together * slope / (spread + np.float32(1e-4)), 0.0, 1.0) ** 2
        total += told * (mean(slope) * guide + mean(floats(level - slope * middle)))
        weights += told
    plain = level * np.float32(1e-6)
    return floats((total + plain) / weights)
