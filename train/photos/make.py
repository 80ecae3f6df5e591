"""Makes takes of real portraits, moved by the product's own mesh.

    python -m train.photos.make --portraits PATH --out data/photos --people 600 \\
        --pictures 12 --seed 1

PATH holds `portraits.csv` (columns file, licence, source) and the files that it names.
Can be broken off and called again: people who are there already are left as they are.
`survey.csv` in the folder says of every portrait why it was refused, if it was.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.progress import track

from engine.bundle import BUILTIN
from engine.portrait import make_portrait
from train.photos.balance import chosen
from train.photos.shoot import Studio, shoot
from train.photos.sources import Source, read_sources
from train.photos.survey import Entry, look_at, write_table
from train.takes import held_out


def seed_of(name: str, seed: int) -> int:
    """A person's own seed: what is drawn does not depend on who comes before."""
    return zlib.crc32(f"{seed} {name}".encode())


def shoot_all(
    sources: Sequence[Source], out: Path, pictures: int, seed: int, studio: Studio
) -> None:
    """Make the takes that are not there yet."""
    todo = [source for source in sources if not (out / f"{source.name}.npz").exists()]
    for source in track(todo, "Taking pictures", disable=not todo):
        portrait = make_portrait(source.path.read_bytes(), studio.tracker)
        take = shoot(source.name, portrait, studio, pictures, seed_of(source.name, seed))
        take.save(out / f"{source.name}.npz")


def tell(entries: Sequence[Entry], names: Sequence[str]) -> None:
    """Say who was refused and who was taken."""
    for reason, count in Counter(entry.refused for entry in entries).most_common():
        typer.echo(f"{count:5d}  {reason or 'fit'}")
    aside = sum(map(held_out, names))
    typer.echo(f"{len(names)} people taken, {aside} of them held out of the training")


def main(
    portraits: Annotated[Path, typer.Option(exists=True, help="Folder with portraits.csv.")],
    out: Annotated[Path, typer.Option(help="Folder for the takes.")],
    people: Annotated[int, typer.Option(min=1, help="How many people at most.")] = 600,
    pictures: Annotated[int, typer.Option(min=3, help="Pictures of each.")] = 12,
    seed: Annotated[int, typer.Option(help="Who is drawn, and what they do.")] = 1,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Name of a person seen to be unfit; repeatable.")
    ] = None,
    bundle: Annotated[Path, typer.Option(exists=True, help="Bundle that draws.")] = BUILTIN,
) -> None:
    """Make takes of real portraits."""
    cv2.setNumThreads(1)
    studio = Studio.open(bundle)
    unwanted = set(leave_out or ())
    sources = [source for source in read_sources(portraits) if source.name not in unwanted]
    out.mkdir(parents=True, exist_ok=True)
    entries = [look_at(source, studio.tracker) for source in track(sources, "Looking at portraits")]
    write_table(out / "survey.csv", entries)
    fit = {
        entry.source.name: entry.traits
        for entry in entries
        if entry.traits is not None and entry.refused is None
    }
    names = chosen(fit, people, seed)
    tell(entries, names)
    shoot_all(
        [source for source in sources if source.name in set(names)], out, pictures, seed, studio
    )


if __name__ == "__main__":
    typer.run(main)
