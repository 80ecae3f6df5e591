"""A contact sheet of a bundle's presenters: what each face does with the common motions.

    python -m train.gallery --out docs/presenters.jpg

Look at it whenever a renderer, a mesh or a presenter has changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from engine.bundle import BUILTIN
from engine.resample import resized_picture
from engine.studio import Studio
from engine.types import Picture
from train.judges.drives import SHEET, motion


def sheet(studio: Studio, width: int) -> Picture:
    """One row a presenter, one column a pose, `width` pixels each."""
    rows = []
    for presenter in studio.presenters:
        identity = studio.presenter(presenter.id, max(studio.sizes))
        cells = []
        for name, drive in SHEET.items():
            cell = resized_picture(identity.draw(motion(drive)), width)
            cv2.putText(cell, name, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
            cells.append(cell)
        rows.append(np.hstack(cells))
    return np.asarray(np.vstack(rows), np.uint8)


def make(
    out: Annotated[Path, typer.Option(help="JPEG or PNG file to write.")],
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle.")] = BUILTIN,
    width: Annotated[int, typer.Option(help="Of one picture, in pixels.")] = 200,
) -> None:
    """Draw the contact sheet of a bundle."""
    drawn = sheet(Studio.open(bundle), width)
    cv2.imwrite(str(out), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    typer.run(make)
