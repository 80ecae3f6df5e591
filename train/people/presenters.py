"""Takes the portraits of the presenters that ship: invented people, from CC0 material.

python -m train.people.presenters --makehuman PATH --out DIR
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import cv2
import typer

from engine.errors import UnknownPresenter
from engine.types import Picture
from train.people.cast import PRESENTERS
from train.people.develop import develop
from train.people.head import Anatomy, read_anatomy
from train.people.light import rays
from train.people.model import Model
from train.people.person import Person
from train.people.portrait import Studio

HEIGHT: Final = 3.5
"""What a portrait shows from top to bottom, decimetres: the face takes half of it."""


def take(studio: Studio, anatomy: Anatomy, makehuman: Path, person: Person, passes: int) -> Picture:
    """The portrait of `person`, RGB uint8 [size, size, 3]."""
    model = Model(anatomy, makehuman, person)
    exposure = studio.expose(list(model.pieces()), model.camera(HEIGHT), list(rays(passes)))
    return develop(exposure, HEIGHT, person.backdrop, person.seed)


def main(
    makehuman: Annotated[Path, typer.Option(exists=True, help="Folder of MakeHuman's assets.")],
    out: Annotated[Path, typer.Option(help="Folder for NAME.png.")],
    size: Annotated[int, typer.Option(min=64, help="Pixels of a side.")] = 1024,
    passes: Annotated[int, typer.Option(min=8, help="Rays of light a picture.")] = 96,
    only: Annotated[str, typer.Option(help="Names, separated by commas; all without.")] = "",
) -> None:
    """Take the portraits of the presenters."""
    names = [name for name in only.split(",") if name] or list(PRESENTERS)
    unknown = [name for name in names if name not in PRESENTERS]
    if unknown:
        known = ", ".join(PRESENTERS)
        raise UnknownPresenter(f"No presenter {', '.join(unknown)}; there are {known}.")
    out.mkdir(parents=True, exist_ok=True)
    studio, anatomy = Studio(size), read_anatomy()
    for name in names:
        picture = take(studio, anatomy, makehuman, PRESENTERS[name], passes)
        cv2.imwrite(str(out / f"{name}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    typer.run(main)
