"""Who is judged: invented and real people that nothing was trained on, and presenters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.bundle import Bundle
from engine.errors import PortraitError
from engine.portrait import Portrait, make_portrait
from engine.renderers import presenter_portrait
from engine.tracker import FaceTracker
from train.photos.sources import read_sources
from train.takes import Take, held_out

SIZE: Final = 256
"""Pixels a side of all pictures that are judged."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a portrait; where everything is known about the person, with a take."""

    name: str
    portrait: Portrait
    take: Take | None = None


def invented(folder: Path, tracker: FaceTracker, most: int) -> Iterator[Person]:
    """Held-out people of a folder of takes; their portraits are read as a user's would be."""
    paths = [path for path in sorted(folder.glob("*.npz")) if held_out(path.stem)]
    for path in paths[:most]:
        take = Take.load(path)
        faces = tracker(take.pictures[0])
        if held_out(take.name) and faces:
            yield Person(take.name, Portrait(take.pictures[0], faces[0]), take)


def real(folder: Path, tracker: FaceTracker, most: int) -> Iterator[Person]:
    """Held-out people of a folder of portraits with its `portraits.csv`, if they can be used.

    Every so many-th is taken, so that both halves of an ordered folder are in.
    """
    sources = [source for source in read_sources(folder) if held_out(source.name)]
    step = max(1, len(sources) // most)
    found = 0
    for source in [*sources[::step], *(it for n, it in enumerate(sources) if n % step)]:
        if found == most:
            return
        person = photographed(source.path, tracker, source.name)
        if person is not None:
            found += 1
            yield person


def photographed(path: Path, tracker: FaceTracker, name: str | None = None) -> Person | None:
    """Somebody from a picture, or nobody if the product refuses it."""
    try:
        return Person(name or path.stem, make_portrait(path.read_bytes(), tracker))
    except PortraitError:
        return None


def presenters(bundle: Bundle) -> Iterator[Person]:
    """The invented people of a bundle."""
    for files in bundle.manifest.presenters:
        yield Person(files.id, presenter_portrait(bundle, files.id))
