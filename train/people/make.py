"""Makes takes of invented people out of MakeHuman's CC0 material.

    python -m train.people.make --makehuman PATH --tracker engine/builtin/face_landmarker.task \\
        --out data/people --people 60 --pictures 24 --seed 1

One `.npz` a person (see train.takes); who is there already is skipped. `place.npz` keeps where
the landmarks lie on the mesh, `sheet.png` shows some of the people.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.progress import track

from train.people.booth import Booth
from train.people.contact import sheet
from train.people.crowd import NAME, name_of, random_person
from train.people.figure import Figure
from train.people.head import read_anatomy
from train.people.landmarks import known_place
from train.people.sitting import take_pictures
from train.people.wardrobe import Wardrobe
from train.takes import Take

SEEDS: int = 100_000
"""People of one seed; the next seed's come after."""
SHEET: int = 8
"""People on the contact sheet."""


def main(
    makehuman: Annotated[Path, typer.Option(exists=True, help="Folder of MakeHuman's assets.")],
    tracker: Annotated[Path, typer.Option(exists=True, help="MediaPipe's face_landmarker.task.")],
    out: Annotated[Path, typer.Option(help="Folder for NAME.npz.")] = Path("data/people"),
    people: Annotated[int, typer.Option(min=1, help="People.")] = 60,
    pictures: Annotated[int, typer.Option(min=2, help="Pictures a person.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Which people.")] = 1,
    first: Annotated[int, typer.Option(min=0, help="Number of the first person.")] = 0,
) -> None:
    """Make takes of invented people."""
    out.mkdir(parents=True, exist_ok=True)
    anatomy, wardrobe, booth = read_anatomy(), Wardrobe(makehuman), Booth()
    place = known_place(out / "place.npz", anatomy, makehuman, tracker.read_bytes())
    for number in track(range(first, first + people), description="people"):
        chosen = seed * SEEDS + number
        path = out / f"{name_of(chosen)}.npz"
        if not path.exists():
            figure = Figure(anatomy, wardrobe, place, random_person(chosen))
            take_pictures(figure, booth, path.stem, pictures, chosen).save(path)
    takes = [Take.load(path) for path in sorted(out.glob(f"{NAME}*.npz"))[:SHEET]]
    cv2.imwrite(str(out / "sheet.png"), cv2.cvtColor(sheet(takes), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    typer.run(main)
