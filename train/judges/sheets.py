"""Contact sheets: the portrait, then what the face does with the common motions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from engine.render import Renderer
from engine.resample import resized_picture
from engine.types import Picture
from train.judges.drives import SHEET, motion
from train.judges.people import Person

CELL: Final = 200
DRAWN: Final = 512
"""Pixels a side that faces are drawn with before they are reduced to `CELL`."""


def draw_sheet(path: Path, people: list[Person], renderer: Renderer, cell: int = CELL) -> None:
    """Write a PNG, a row for each person, `cell` pixels a picture."""
    rows = [_heading(cell), *(_row(person, renderer, cell) for person in people)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def _row(person: Person, renderer: Renderer, cell: int) -> Picture:
    identity = renderer.identity(person.portrait, DRAWN)
    pictures = [person.portrait.picture, *(identity.draw(motion(it)) for it in SHEET.values())]
    return np.asarray(np.hstack([resized_picture(it, cell) for it in pictures]), np.uint8)


def _heading(cell: int) -> Picture:
    names = ("portrait", *SHEET)
    line = np.full((24, cell * len(names), 3), 255, np.uint8)
    for number, name in enumerate(names):
        place = (number * cell + 6, 17)
        cv2.putText(line, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return line
