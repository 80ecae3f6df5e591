"""A contact sheet of a bundle's presenters: what each face does with the common motions.

    python -m export.sheet --out docs/presenters.jpg

Look at it whenever a renderer, a mesh or a presenter has changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import typer

from engine.bundle import BUILTIN, Manifest
from engine.resample import resized_picture
from engine.studio import Studio
from engine.types import Component, Motion, Picture, floats
from export.looks import both_sides

POSES: Final[dict[str, dict[str, float]]] = {
    "rest": {},
    "aa": {"jawOpen": 0.5, "mouthLowerDown": 0.25, "mouthUpperUp": 0.1},
    "ee": {"jawOpen": 0.12, "mouthStretch": 0.3, "mouthSmile": 0.35, "mouthLowerDown": 0.4},
    "oo": {"jawOpen": 0.1, "mouthPucker": 0.8, "mouthFunnel": 0.3},
    "f": {"jawOpen": 0.06, "mouthUpperUp": 0.25, "mouthRollLower": 0.55},
    "m": {"mouthPress": 0.5, "mouthRollLower": 0.3, "mouthRollUpper": 0.25},
    "blink": {"eyeBlink": 1.0},
    "smile": {"mouthSmile": 0.7, "cheekSquint": 0.4},
    "yaw +12": {"yaw": 12.0},
    "yaw -12": {"yaw": -12.0},
}
"""Columns of the sheet, by names of coefficients; pairs move on both sides."""


def motion_of(manifest: Manifest, values: dict[str, float]) -> Motion:
    """A motion with coefficients set by name."""
    named = both_sides(values)
    return Motion.of(
        {
            part: floats([named.get(name, 0.0) for name in manifest.components[part].names])
            for part in Component
        }
    )


def sheet(studio: Studio, width: int) -> Picture:
    """One row a presenter, one column a pose, `width` pixels each."""
    rows = []
    for presenter in studio.presenters:
        identity = studio.presenter(presenter.id, max(studio.sizes))
        cells = []
        for name, values in POSES.items():
            picture = identity.draw(motion_of(studio.manifest, values))
            cell = resized_picture(picture, width)
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
