"""A moving square is put back into its still picture, so that nobody sees where it lies.

The square's rim does not move (`engine.rim`) and is blended into the picture over a few
pixels. Where the background is another, the person is cut out of the square by a matte
that moves as the person does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from engine.placement import Box, Placement
from engine.render import Likeness
from engine.rim import FEATHER, Rim
from engine.types import Component, Floats, Motion, Picture, floats


@dataclass(frozen=True, slots=True)
class Cutout:
    """A person without a background.

    `cover` uint8 [size, size] is how much of each of the square's pixels is the person,
    `ground` uint8 [h, w, 3] what is behind in the whole picture.
    """

    cover: Picture
    ground: Picture


class Pasted:
    """An avatar in its whole picture; see `engine.render.Identity`.

    Args:
        likeness: draws the square.
        place: where that lies.
        still: the whole picture at rest, uint8 [h, w, 3], with the background that is shown.
        cutout: for another background than the square's own.
    """

    def __init__(
        self, likeness: Likeness, place: Placement, still: Picture, cutout: Cutout | None = None
    ) -> None:
        self.height, self.width = still.shape[:2]
        self._likeness, self.place, self._still = likeness, place, still
        self._cover = cutout.cover if cutout else None
        self._box = place.box
        self._ground = cutout.ground[self._box].copy() if cutout else None
        shown = place.put(np.asarray(255 * Rim.of(place).feather(place.size), np.uint8))
        self._soft = [_Soft.of(shown, part) for part in _soft_parts(shown, place)]

    @property
    def own(self) -> Mapping[Component, Floats]:
        """See `Identity.own`."""
        return self._likeness.own

    def draw(self, motion: Motion) -> Picture:
        """See `Identity.draw`."""
        square, places = self._likeness.moved(motion)
        drawn = self.place.put(square)
        if self._cover is not None and self._ground is not None:
            cover = self._cover if places is None else _moved(self._cover, places)
            drawn = _over(drawn, self._ground, self.place.put(cover))
        picture = self._still.copy()
        region = picture[self._box]
        blended = [(soft, soft(drawn, region)) for soft in self._soft]
        region[...] = drawn
        for soft, part in blended:
            region[soft.part] = part
        return picture


@dataclass(frozen=True, slots=True)
class _Soft:
    """A part of the box in which the drawn picture gives way to the still one."""

    part: Box
    drawn: Floats
    still: Floats

    @classmethod
    def of(cls, shown: Picture, part: Box) -> _Soft:
        weight = shown[part].astype(np.float32) / np.float32(255)
        return cls(part, weight, 1 - weight)

    def __call__(self, drawn: Picture, still: Picture) -> Picture:
        """Both, blended."""
        one, other = (np.ascontiguousarray(it[self.part]) for it in (drawn, still))
        return np.asarray(cv2.blendLinear(one, other, self.drawn, self.still), np.uint8)


def _soft_parts(shown: Picture, place: Placement) -> list[Box]:
    """Boxes that hold all pixels which are not wholly shown; they do not overlap."""
    height, width = shown.shape
    rows, columns = place.box
    x, y = np.sort(place.corners - floats([columns.start, rows.start]), axis=0)[1:3].T
    rim = FEATHER * place.side + 2
    left, right = _inside(x[0] + rim, x[1] - rim, width)
    top, bottom = _inside(y[0] + rim, y[1] - rim, height)
    parts = [
        (slice(0, top), slice(0, width)),
        (slice(bottom, height), slice(0, width)),
        (slice(top, bottom), slice(0, left)),
        (slice(top, bottom), slice(right, width)),
    ]
    return [part for part in parts if bool((shown[part] < 255).any())]


def _inside(low: float, high: float, length: int) -> tuple[int, int]:
    """The whole numbers from `low` to `high` that are places of a line of pixels."""
    first = int(np.clip(np.ceil(low), 0, length))
    return first, int(np.clip(np.floor(high), first, length))


def _moved(cover: Picture, places: Floats) -> Picture:
    """A matte moved as its picture was."""
    edge = cv2.BORDER_REPLICATE
    found = cv2.remap(cover, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=edge)
    return np.asarray(found, np.uint8)


def _over(person: Picture, ground: Picture, cover: Picture) -> Picture:
    """A person before a ground, [h, w, 3] each, by a matte uint8 [h, w].

    Nearly all of a matte is nothing or all: only its edges are calculated.
    """
    _, whole = cv2.threshold(cover, 254, 255, cv2.THRESH_BINARY)
    mixed = np.asarray(cv2.copyTo(person, whole, ground.copy()), np.uint8)
    edges = cv2.findNonZero(np.asarray(cv2.inRange(cover, 1, 254)))
    if edges is None:
        return mixed
    x, y = edges.reshape(-1, 2).T
    share = cover[y, x].astype(np.float32)[:, None] / np.float32(255)
    behind = ground[y, x].astype(np.float32)
    mixed[y, x] = behind + share * (person[y, x] - behind) + np.float32(0.5)
    return mixed
