"""A contact sheet of takes: are the labels true, and do the pictures look right?

    python -m train.sheets --takes data/people --out out/people.png

One row a person: the plain portrait, then for some pictures the picture, what its regions
are, the portrait moved to it by the flow (tinted where the portrait does not show the
place), and the difference between the two, four times as strong. Where the flow is right,
the difference is left only at mouths, eyes, shadows and edges.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import typer

from engine.resample import lookup, resized_floats, resized_picture
from engine.types import Floats, Picture, floats
from train.takes import Take, flow

COLOURS: Final = (
    (40, 44, 52), (240, 190, 160), (190, 40, 60), (250, 250, 250),
    (130, 85, 40), (60, 110, 190), (60, 200, 120),
)  # fmt: skip
"""Of the regions: background, skin, mouth, eyes, hair, clothes, other."""
HIDDEN: Final = (70, 40, 160)
"""Tint of what the portrait does not show."""
LOUDER: Final = 4.0


def moved(take: Take, target: int, source: int) -> Picture:
    """Picture `source` moved to `target` by the true flow; tinted where it is not valid."""
    displacement, valid = flow(take, target, source)
    width = take.width
    axis = np.arange(width, dtype=np.float32)
    places = np.stack(np.meshgrid(axis, axis), axis=2)
    places += resized_floats(displacement * np.float32(width), width, width)
    picture = floats(lookup(take.pictures[source], places))
    hidden = 1.0 - resized_floats(valid.astype(np.float32), width, width)[..., None]
    return _picture(picture + 0.7 * hidden * (floats(HIDDEN) - picture))


def row(take: Take, targets: list[int], width: int) -> Picture:
    """One person, [width, (1 + 4 * targets) * width, 3]."""
    cells = [take.pictures[0]]
    for target in targets:
        warped = moved(take, target, 0)
        apart = np.abs(floats(warped) - floats(take.pictures[target]))
        regions = np.array(COLOURS, np.uint8)[take.region[target]]
        cells += [take.pictures[target], regions, warped, _picture(LOUDER * apart)]
    strip = np.hstack([resized_picture(cell, width) for cell in cells])
    cv2.putText(strip, take.name, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1)
    return np.asarray(strip, np.uint8)


def sheet(takes: list[Path], pictures: int, width: int, rng: np.random.Generator) -> Picture:
    """Some pictures of each take."""
    rows = []
    for path in takes:
        take = Take.load(path)
        others = np.arange(1, len(take.pictures))
        targets = rng.choice(others, min(pictures, len(others)), replace=False)
        rows.append(row(take, sorted(targets.tolist()), width))
    widest = max(strip.shape[1] for strip in rows)
    padded = [np.pad(strip, ((0, 0), (0, widest - strip.shape[1]), (0, 0))) for strip in rows]
    return np.asarray(np.vstack(padded), np.uint8)


def _picture(values: Floats) -> Picture:
    return np.asarray(np.clip(np.round(values), 0, 255), np.uint8)


def main(
    takes: Annotated[Path, typer.Option(exists=True, help="Folder of takes.")],
    out: Annotated[Path, typer.Option(help="PNG or JPEG file to write.")],
    people: Annotated[int, typer.Option(min=1, help="How many people.")] = 10,
    pictures: Annotated[int, typer.Option(min=1, help="Pictures of each.")] = 3,
    width: Annotated[int, typer.Option(min=32, help="Of one picture, in pixels.")] = 160,
    seed: Annotated[int, typer.Option(help="Which people and pictures.")] = 1,
) -> None:
    """Draw the contact sheet of a folder of takes."""
    files = sorted(takes.glob("*.npz"))
    if not files:
        raise typer.BadParameter(f"there are no takes (.npz) in {takes}")
    rng = np.random.default_rng(seed)
    some = sorted(rng.choice(len(files), min(people, len(files)), replace=False).tolist())
    drawn = sheet([files[place] for place in some], pictures, width, rng)
    out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    typer.run(main)
