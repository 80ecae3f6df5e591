"""A portrait that is a film: its pictures go on, and its person gets another mouth in each.

A film that ends is played backwards, then forwards again. Where its person is not seen, the
picture stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from engine.errors import NoFace
from engine.footage import Footage
from engine.lips import Lips
from engine.placement import Placement
from engine.portrait import ReadsFaces, find_faces
from engine.scene import fitted
from engine.tracker import Face
from engine.types import TICKS_PER_SECOND, Component, Floats, Motion, Picture, floats

NEAR: Final = 0.6
"""Heights of a face that it may have moved since the last picture, and be the same."""


class FilmedPortrait:
    """See `engine.render.Identity`, but: every drawing is of the film's next picture.

    Args:
        path: of the film.
        tracker: reads faces; stays the caller's to close.
        lips: of the film's person.

    Raises:
        FilmUnreadable: no film that PyAV can read, or damaged.
        NoFace: nobody is seen in its first second.
    """

    def __init__(self, path: Path, tracker: ReadsFaces, lips: Lips) -> None:
        self.own: Mapping[Component, Floats] = {}
        self._tracker, self._lips = tracker, lips
        self._face: Face | None = None
        self.height, self.width = self._begin(path)
        self._pictures = iter(Footage(path))

    def draw(self, motion: Motion) -> Picture:
        """The next picture with the mouth of `motion`; in the film's order, by one thread."""
        picture = np.ascontiguousarray(fitted(next(self._pictures)))
        self._face = self._followed(picture)
        return picture if self._face is None else self._lips(picture, self._face, motion)

    def _begin(self, path: Path) -> tuple[int, int]:
        """Find somebody in the first second; height and width of the pictures."""
        for tick, shown in enumerate(Footage(path)):
            picture = fitted(shown)
            if find_faces(picture, self._tracker):
                return picture.shape[0], picture.shape[1]
            if tick == TICKS_PER_SECOND:
                break
        raise NoFace("nobody is seen in the film's first second: cut it to where somebody is")

    def _followed(self, picture: Picture) -> Face | None:
        """The face that was followed; or else the largest, which is another's."""
        if self._face is not None and (found := self._near(picture, self._face)) is not None:
            return found
        self._lips.restart()
        return max(find_faces(picture, self._tracker), key=_height, default=None)

    def _near(self, picture: Picture, last: Face) -> Face | None:
        """The face that is nearest to where the last one was."""
        place = Placement.upright(last.points, (picture.shape[0], picture.shape[1]))
        faces = [
            Face(place.outside(face.points), face.coefficients, face.turn)
            for face in self._tracker(place.take(picture))
        ]
        apart = [float(np.linalg.norm(_middle(face) - _middle(last))) for face in faces]
        nearest = int(np.argmin(apart)) if faces else -1
        return faces[nearest] if faces and apart[nearest] <= NEAR * _height(last) else None


def _height(face: Face) -> float:
    return float(np.ptp(face.points[:468, 1]))


def _middle(face: Face) -> Floats:
    return floats(face.points[:468, :2].mean(axis=0))
