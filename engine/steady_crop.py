"""The square around a driver's face, for networks that read pictures: it hardly moves.

What a head does within its crop is what such a network sees as pose; a crop that clings to the
face hides it, and one that trembles with landmarks is seen as a trembling head. EDTalk's program
crops a whole film alike, around all places of the face. Live nobody knows those: here the crop
begins around the face and goes after it as slowly as the built-in watcher lets a head's place
become its new rest; only from a face that leaves the middle it does not stay away. It brings the
face to where it lay while the driver's rest was learnt, so that rest and crop stay a pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.crop import Crop
from engine.resample import cut
from engine.rest import share_of
from engine.types import Floats, Picture, floats

CROP_SIZE: Final = 256
"""Pixels a side."""
FOLLOW_SECONDS: Final = 8.0
"""Time constant with which the crop goes after a face in its middle."""
HURRY_SECONDS: Final = 0.4
"""And with which it makes up for what a face is beyond that."""
MIDDLE: Final = floats([0.12, 0.12, 0.2])
"""How far a face may be from its place, x and y in sides of the crop, and how much it may be larger
or smaller (logarithm), before that."""
SAME: Final = 0.25
"""Share of the area of both (intersection over union) that the crop and the one wanted have in
common at the least; else the picture was cut, and it begins anew. As for EDTalk's films."""
GONE_SECONDS: Final = 1.0
"""Without a face, after which the next one may be another's (`engine.camera`)."""
CENTRED: Final = floats([0, 0, 0])


@dataclass(frozen=True, slots=True)
class View:
    """A picture, uint8 [h, w, 3], and the face in it.

    `middle` float32 [2] in widths and heights of the picture; `height` in its heights.
    """

    picture: Picture
    middle: Floats
    height: float


class SteadyCrop:
    """The crop of one camera's driver.

    Args:
        rule: how large it is, and where the face lies in it.
    """

    def __init__(self, rule: Crop) -> None:
        self._rule = rule
        self._square: Floats | None = None
        self._time = 0.0
        self.home = CENTRED
        """Where the face belongs, and what it should have: as `apart`."""
        self.apart = CENTRED
        """The face's way from the crop's middle, x and y in sides of the crop, and the logarithm
        of its size, in that of the rule; float32 [3], of the last picture."""

    def __call__(self, view: View, time: float) -> Picture:
        """The face's surroundings, uint8 [256, 256, 3]; beyond the picture its edge is repeated.

        Args:
            view: where the face is; its picture may be of another size than the last one.
            time: of the picture, seconds, later than the last one's.
        """
        rows, columns = view.picture.shape[:2]
        middle = view.middle * floats([columns / rows, 1])
        x, y, side = self.follow(middle, view.height, time) * rows
        scale = CROP_SIZE / side
        matrix = floats([[scale, 0, -(x - side / 2) * scale], [0, scale, -(y - side / 2) * scale]])
        return cut(view.picture, matrix, (CROP_SIZE, CROP_SIZE))

    def follow(self, middle: Floats, height: float, time: float) -> Floats:
        """The crop's middle x, y and its side, all in heights of the picture, as is `middle`."""
        side = self._rule.side * height
        above = side * (0.5 - self._rule.headroom)
        wanted = floats([middle[0], middle[1] + above, np.log(side)])
        step, self._time = time - self._time, time
        if self._square is None or step > GONE_SECONDS or _common(self._square, wanted) < SAME:
            self._square = _around(wanted, self.home)
        apart = (wanted - self._square) / _unit(self._square) - self.home
        beyond = apart - np.clip(apart, -MIDDLE, MIDDLE)
        going = share_of(step, FOLLOW_SECONDS) * apart + share_of(step, HURRY_SECONDS) * beyond
        square = self._square = floats(self._square + going * _unit(self._square))
        self.apart = (wanted - square) / _unit(square)
        return floats([*square[:2], np.exp(square[2])])


def _around(wanted: Floats, home: Floats) -> Floats:
    """The square in which what wants to be in the middle of another lies at `home`."""
    size = wanted[2] - home[2]
    return floats([*(wanted[:2] - home[:2] * np.exp(size)), size])


def _unit(square: Floats) -> Floats:
    """What counts as one: a square's side for its middle x and y."""
    side = np.exp(square[2])
    return floats([side, side, 1])


def _common(one: Floats, other: Floats) -> float:
    """Intersection over union of two squares: middle x, y, and the logarithm of the side."""
    sides = np.exp([one[2], other[2]])
    apart = np.abs(one[:2] - other[:2])
    shared = np.clip(np.minimum(sides.sum() / 2 - apart, sides.min()), 0, None)
    both = float(shared.prod())
    return both / (float((sides**2).sum()) - both)
