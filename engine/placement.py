"""Where the square around a face lies in its picture: how it is taken out and put back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np

from engine.crop import MESH, Crop
from engine.portrait import levelling, moved, tilt_of, turn_about
from engine.resample import cut, resized_picture
from engine.types import Floats, Picture, floats

LEAST: Final = 256
"""Pixels a side below which a face is drawn finer than it is shown: lids and teeth are thin."""
FINER: Final = 1.25
"""So much finer a levelled square is drawn, which is resampled on both its ways; and so many
times less it has at the most, because that takes time."""
Box: TypeAlias = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A square of a picture.

    `matrix` float32 [2, 3] takes the square's pixels to the picture's (whole numbers are
    the pixels' middles), `size` is the square's side in its own pixels, `room` the height
    and width of the picture.
    """

    matrix: Floats
    size: int
    room: tuple[int, int]

    @classmethod
    def whole(cls, size: int) -> Placement:
        """Of a square that is all of its picture."""
        return cls(floats([[1, 0, 0], [0, 1, 0]]), size, (size, size))

    @classmethod
    def around(
        cls, points: Floats, room: tuple[int, int], most: int, rule: Crop = MESH
    ) -> Placement:
        """Around a face in a picture.

        Pixels of the square are pixels of the picture where that is possible.

        Args:
            points: its landmarks [478, 3] in the picture.
            room: height and width of the picture.
            most: the side that may be drawn.
            rule: how much of the picture is around the face.
        """
        width_height = floats(room[::-1])
        turning = levelling(points)
        upright = points if turning is None else moved(points, turning)
        side, corner = rule.square(upright, width_height)
        if turning is None:
            side, corner = float(round(side)), np.round(corner)
            if side <= width_height.min():
                corner = np.clip(corner, 0.0, width_height - side)
            size = _finer(round(side))
        else:
            size, most = max(LEAST, round(FINER * side)), round(most / FINER)
        size = min(size, most)
        place = cls.level(corner, side, size, room)
        if turning is None:
            return place
        back = floats(cv2.invertAffineTransform(turning))
        return cls(floats(back @ np.vstack([place.matrix, [0, 0, 1]])), size, room)

    @classmethod
    def level(cls, corner: Floats, side: float, size: int, room: tuple[int, int]) -> Placement:
        """A square by its corner (x, y; edges of pixels at whole numbers) and its side there."""
        scale = side / size
        shift = corner + 0.5 * scale - 0.5
        return cls(floats([[scale, 0, shift[0]], [0, scale, shift[1]]]), size, room)

    @classmethod
    def upright(cls, points: Floats, room: tuple[int, int]) -> Placement:
        """Around a face that is left as it is held; its pixels are the picture's own, or finer.

        Args:
            points: its landmarks [478, 3] in the picture.
            room: height and width of the picture.
        """
        width_height = floats(room[::-1])
        side, corner = MESH.square(points, width_height)
        side, corner = float(round(side)), np.round(corner)
        if side <= width_height.min():
            corner = np.clip(corner, 0.0, width_height - np.float32(side))
        return cls.level(corner, side, _finer(round(side)), room)

    @classmethod
    def levelled(cls, points: Floats, room: tuple[int, int], size: int, rule: Crop) -> Placement:
        """Around a face whose eyes are level in it, however little it is tilted; `size` pixels.

        Args:
            points: its landmarks [478, 3] in the picture.
            room: height and width of the picture.
            size: of the square, in its own pixels.
            rule: how much of the picture is around the face.
        """
        tilt = tilt_of(points)
        turning = turn_about(points, tilt)
        side, corner = rule.square(moved(points, turning), floats(room[::-1]))
        back = floats(cv2.invertAffineTransform(turning))
        middle = back[:, :2] @ (corner + side / 2) + back[:, 2]
        return cls.at(middle, side, tilt, size, room)

    @classmethod
    def at(
        cls, middle: Floats, side: float, tilt: float, size: int, room: tuple[int, int]
    ) -> Placement:
        """A square by its middle (x, y), its side in pixels of the picture, and its tilt.

        Args:
            middle: edges of pixels at whole numbers.
            side: in pixels of the picture.
            tilt: degrees by which its upper side falls to the right.
            size: its side in its own pixels.
            room: height and width of the picture.
        """
        scale = side / size
        across, down = scale * np.cos(np.radians(tilt)), scale * np.sin(np.radians(tilt))
        turn = floats([[across, -down], [down, across]])
        shift = middle - 0.5 - turn @ floats([size - 1, size - 1]) / 2
        return cls(floats(np.concatenate([turn, shift[:, None]], axis=1)), size, room)

    @property
    def turned(self) -> bool:
        """Whether its sides are not parallel to the picture's."""
        return bool(self.matrix[0, 1] != 0 or self.matrix[1, 0] != 0)

    @property
    def side(self) -> float:
        """Of the square in the picture, pixels."""
        return self.size * float(np.linalg.norm(self.matrix[:, 0]))

    @property
    def corners(self) -> Floats:
        """Of the square in the picture, [4, 2]: x, y, edges at whole numbers; clockwise."""
        own = floats([[0, 0], [1, 0], [1, 1], [0, 1]]) * self.size - np.float32(0.5)
        return floats(own @ self.matrix[:, :2].T + self.matrix[:, 2] + 0.5)

    def inside(self, points: Floats) -> Floats:
        """Landmarks [n, 3] of the picture where they are in the square, in its pixels."""
        half, scale = np.float32(0.5), np.float32(self.side / self.size)
        inverse = np.linalg.inv(self.matrix[:, :2])
        flat = (points[:, :2] - half - self.matrix[:, 2]) @ inverse.T + half
        return floats(np.concatenate([flat, points[:, 2:] / scale], axis=1))

    def outside(self, points: Floats) -> Floats:
        """Landmarks [n, 3] of the square where they are in the picture, in its pixels."""
        half, scale = np.float32(0.5), np.float32(self.side / self.size)
        flat = (points[:, :2] - half) @ self.matrix[:, :2].T + self.matrix[:, 2] + half
        return floats(np.concatenate([flat, points[:, 2:] * scale], axis=1))

    @property
    def box(self) -> Box:
        """The pixels of the picture that the square reaches."""
        height, width = self.room
        corners = self.corners.round(3)
        low = np.clip(np.floor(corners.min(axis=0)), 0, (width, height)).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)), 0, (width, height)).astype(int)
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))

    def take(self, picture: Picture) -> Picture:
        """The square out of `picture` [h, w] or [h, w, 3]; beyond it the edge is repeated."""
        if self._finer == 1 and not self.turned:
            return self._sliced(picture)
        inverse = floats(cv2.invertAffineTransform(self.matrix))
        return cut(picture, inverse, (self.size, self.size))

    def put(self, pixels: Picture) -> Picture:
        """What the square, [size, size] or [size, size, 3], is in the picture's `box`.

        Beyond the square its edge is repeated.
        """
        rows, columns = self.box
        if self._finer and not self.turned:
            if self._finer > 1:
                pixels = resized_picture(pixels, self.size // self._finer)
            x, y = (round(float(value)) for value in self.corners[0])
            return pixels[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
        matrix = self.matrix - floats([[0, 0, columns.start], [0, 0, rows.start]])
        size = rows.stop - rows.start, columns.stop - columns.start
        return cut(pixels, matrix, size, cv2.INTER_LINEAR)

    def _sliced(self, picture: Picture) -> Picture:
        """The square where its pixels are the picture's own."""
        rows, columns = self.box
        x, y = (round(float(value)) for value in self.corners[0])
        beyond = rows.start - y, y + self.size - rows.stop
        beside = columns.start - x, x + self.size - columns.stop
        inner = picture[rows, columns]
        padded = cv2.copyMakeBorder(inner, *beyond, *beside, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(padded, np.uint8)

    @property
    def _finer(self) -> int:
        """How many of its pixels are one of the picture's; 0 where that is no whole number."""
        finer = 1 / float(np.linalg.norm(self.matrix[:, 0]))
        corner = self.corners[0]
        aligned = float(np.abs(corner - corner.round()).max()) < 1e-3
        return round(finer) if aligned and abs(finer - round(finer)) < 1e-4 else 0


def _finer(side: int) -> int:
    """A side in pixels, or the least multiple of it that is not under `LEAST`."""
    return side * max(1, -(-LEAST // side))
